"""A world, a real mail server, and letters."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from circletime.notices.actions import enqueue
from circletime.notices.models import Letter
from circletime.notices.rules import Calendar, Kind
from tests.actions.conftest import world
from tests.web.post_office import PostOffice, lead_to, open_office
from tests.world import NOON, World

__all__ = ["world"]

Write = Callable[..., Letter]


@pytest.fixture
def office(settings: Any) -> Iterator[PostOffice]:
    """A mail server, and our settings that lead to it."""
    with open_office() as opened:
        lead_to(settings, opened.port)
        yield opened


@pytest.fixture
def write(world: World) -> Write:
    """Puts a letter into the outbox; all but what is given is invented."""

    def made(to: str = "amina@home.example", **given: Any) -> Letter:
        told = {
            "subject": "Come and see the recording",
            "text": "Dear parent,\n\nplease come.\n",
            "kind": Kind.CASE,
            "about": "case:abc",
            "by": world.staff["slt"],
            "now": world.now,
        }
        with transaction.atomic():
            return enqueue(to=to, **told | given)

    return made


def entry(**given: Any) -> Calendar:
    """An appointment on the day after."""
    told: dict[str, Any] = {
        "uid": "case-abc@meet.larkfield.example",
        "starts_at": NOON + timedelta(days=1),
        "ends_at": NOON + timedelta(days=1, minutes=45),
        "summary": "See the recording",
        "organizer_name": "Mr Lindqvist",
        "organizer_email": "lindqvist@larkfield.example",
    }
    return Calendar(**told | given)
