"""A small world whose documents are written and published through the real actions.

Each test is one transaction that is rolled back: what follows a commit (orders to the media server, pushes
to pages) is no part of these tests, and other folders test it.
"""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from circletime.core import time
from tests.documents.papers import Papers
from tests.fake_media import FakeMedia
from tests.web.visits import Visits
from tests.world import World, make_world


@pytest.fixture
def world(db: None, media: FakeMedia, monkeypatch: pytest.MonkeyPatch) -> World:
    """The clock is the world's."""
    made = make_world(media, pupils=4)
    monkeypatch.setattr(time, "now", lambda: made.now)
    return made


@pytest.fixture
def papers(world: World) -> Papers:
    """Nothing is published yet."""
    return Papers(world)


@pytest.fixture
def visits(world: World) -> Iterator[Visits]:
    """Browsers at the school's pages. The sign-in's counts begin at nothing."""
    cache.clear()
    yield Visits(world)


@pytest.fixture
def browser(visits: Visits) -> Client:
    """A browser that nobody has signed in with."""
    return visits.browser()
