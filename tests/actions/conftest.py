"""A world for each test of actions, on a real database."""

import pytest

from tests.fake_media import FakeMedia
from tests.world import World, make_world


@pytest.fixture
def world(transactional_db: None, media: FakeMedia) -> World:
    """Commits are real, so that what follows a commit is real as well."""
    return make_world(media)
