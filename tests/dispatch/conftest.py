"""A world, a real mail server, and what families are told in it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from circletime.core import time
from circletime.dispatch.models import Delivery, Notice
from circletime.meetings.actions.schedule import schedule
from circletime.meetings.models import Meeting
from circletime.meetings.rules import Kind, Purpose
from circletime.notices.models import Letter
from circletime.people.models import Adult, Household, Pupil
from tests.fake_media import FakeMedia
from tests.web.post_office import PostOffice, lead_to, open_office
from tests.world import World, make_world


@pytest.fixture
def world(db: None, media: FakeMedia, monkeypatch: pytest.MonkeyPatch) -> World:
    """A school of two classes with three children each. Nothing here has to happen after a commit."""
    made = make_world(media, pupils=3)
    monkeypatch.setattr(time, "now", lambda: made.now)
    return made


@pytest.fixture
def office(settings: Any) -> Iterator[PostOffice]:
    """A mail server, and our settings that lead to it."""
    with open_office() as opened:
        lead_to(settings, opened.port)
        yield opened


def plan(world: World, *, purpose: Purpose = Purpose.CIRCLE, hours: float = 24, **more: Any) -> Meeting:
    """A meeting of Oak, put in the calendar by its teacher."""
    told: dict[str, Any] = {"kind": Kind.CLASS, "minutes": 20, "by": world.teacher}
    return schedule(
        purpose=purpose,
        starts_at=world.now + timedelta(hours=hours),
        now=world.now,
        school_class=world.oak,
        **told | more,
    )


def only(world: World, *names: str) -> list[Pupil]:
    """Oak with these children alone."""
    Pupil.objects.filter(school_class=world.oak).exclude(first_name__in=names).delete()
    return [world.pupil(name) for name in names]


def family(*children: Pupil, name: str = "Farrow", **adults: str) -> Household:
    """A new household of these children, who leave the one they had; adults by name, with their address."""
    made = Household.objects.create(name=name)
    for child in children:
        child.households.set([made])
    for who, address in adults.items():
        adult = Adult.objects.create(name=f"{who} {name}", email=address)
        adult.households.add(made)
    return made


def notice() -> Notice:
    """What was told last."""
    return Notice.objects.order_by("pk").last()  # type: ignore[return-value]


def letters() -> list[Letter]:
    """Every letter, the oldest first."""
    return list(Letter.objects.order_by("pk"))


def rows() -> list[Delivery]:
    """How the last notice reaches each household."""
    return list(Delivery.objects.filter(notice=notice()).select_related("letter", "household", "adult"))
