"""A world for each test of actions, on a real database."""

import pytest

from circletime.core import time
from tests.fake_media import FakeMedia
from tests.world import World, make_world


@pytest.fixture
def world(transactional_db: None, media: FakeMedia, monkeypatch: pytest.MonkeyPatch) -> World:
    """Commits are real, so that what follows a commit is real as well. The clock is the world's."""
    made = make_world(media)
    monkeypatch.setattr(time, "now", lambda: made.now)
    return made
