"""A school, its staff's browsers and the families'. Nothing here needs real commits."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from circletime.core import time
from circletime.people.models import Household, Pupil
from tests.fake_media import FakeMedia
from tests.web.visits import Visits
from tests.world import World, make_world


@pytest.fixture
def world(db: None, media: FakeMedia, monkeypatch: pytest.MonkeyPatch) -> World:
    made = make_world(media, pupils=8)
    monkeypatch.setattr(time, "now", lambda: made.now)
    return made


@pytest.fixture
def visits(world: World) -> Iterator[Visits]:
    cache.clear()
    yield Visits(world)


@pytest.fixture
def office(visits: Visits) -> Any:
    return visits.by_role("office")


@pytest.fixture
def ben(world: World) -> Pupil:
    return world.pupil("Ben")


@pytest.fixture
def family(ben: Pupil) -> Household:
    return ben.households.get()


def page(kind: str, thing: Any) -> str:
    return reverse(f"people-{kind}", args=[thing.pk])
