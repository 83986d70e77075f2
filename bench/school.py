"""An installation of a bench's own, and meetings that were held, as rows: what a page has to read through
after a year, without playing each."""

import os
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any


@contextmanager
def installed() -> Iterator[Path]:
    """This process works in a folder with a database file of its own, its tables made, until the end."""
    with tempfile.TemporaryDirectory() as var:
        os.environ |= {
            "CIRCLETIME_VAR": var,
            "CIRCLETIME_KEYS": f"{var}/keys",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        if "django" in sys.modules and "config.settings" in sys.modules:
            raise RuntimeError("the settings were read before this bench chose its folder")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        yield Path(var)


def hold(
    school_class: Any,
    pupils: Sequence[Any],
    *,
    host: int,
    at: datetime,
    pick: random.Random,
    gone: bool = False,
) -> None:
    """One meeting that was held and recorded: each of these has two stays and three turns.

    `gone`: its recording was destroyed on its day.
    """
    from django.db import transaction

    from circletime.meetings.models import Meeting, Seat, Stay, Turn
    from circletime.recordings.models import Recording

    end = at + timedelta(minutes=20)
    with transaction.atomic():
        meeting = Meeting.objects.create(
            kind="class",
            purpose="circle",
            school_class=school_class,
            host_id=host,
            starts_at=at,
            minutes=20,
            state="ended",
            live_at=at,
            ends_at=end,
            ended_at=end,
        )
        state = "destroyed" if gone else "stopped"
        until = (at + timedelta(days=30)).date()
        Recording.objects.create(meeting=meeting, state=state, made_at=at, destroy_on=until)
        seats = Seat.objects.bulk_create(
            Seat(
                meeting=meeting,
                role="pupil",
                pupil=one,
                label=one.label,
                key="k",
                state="left",
                knocked_at=at,
            )
            for one in pupils
        )
        Stay.objects.bulk_create(
            Stay(seat=seat, in_at=at + timedelta(minutes=part), out_at=at + timedelta(minutes=part + 9))
            for seat in seats
            for part in (0, 10)
        )
        Turn.objects.bulk_create(
            Turn(
                meeting=meeting,
                seat=seat,
                given_at=at + timedelta(seconds=pick.randrange(600)),
                ended_at=at + timedelta(minutes=11),
            )
            for seat in seats
            for _ in range(3)
        )
