"""Meetings that were held, as rows: what a page has to read through after a year, without playing each."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any


def hold(school_class: Any, pupils: Sequence[Any], *, host: int, at: datetime, pick: random.Random) -> None:
    """One meeting that was held and recorded: each of these has two stays and three turns."""
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
        Recording.objects.create(meeting=meeting, state="stopped", made_at=at, destroy_on=at.date())
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
