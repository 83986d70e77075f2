"""Which recordings a child is in, and for how long: from the register, in four questions (T10)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from circletime.meetings.models import Seat, Stay, Turn
from circletime.meetings.rules import SeatRole
from circletime.people.models import Pupil
from circletime.recordings.models import Recording


@dataclass
class Found:
    """One recording a child is in."""

    recording: Recording
    seats: list[str] = field(default_factory=list)
    minutes: float = 0.0
    seconds: float = 0.0


def find_recordings(pupil: Pupil, until: date) -> list[Found]:
    """The recording of every meeting this child was in, begun on `until` or before; the oldest first.

    A child who only waited was not in the meeting. What was destroyed is among them.
    """
    seats = Seat.objects.filter(pupil=pupil, role=SeatRole.PUPIL)
    been = Stay.objects.filter(seat__in=seats)
    held = Recording.objects.filter(
        meeting__in=been.values("seat__meeting"), meeting__live_at__lt=_end_of(until)
    )
    related = ("meeting__school_class", "meeting__group", "meeting__household", "certificate")
    found = {each.meeting_id: Found(each) for each in held.select_related(*related).order_by("made_at", "pk")}
    for meeting, public_id in seats.values_list("meeting_id", "public_id"):
        if meeting in found:
            found[meeting].seats.append(public_id)
    for meeting, seconds in _lasted(been.values_list("seat__meeting_id", "in_at", "out_at"), found).items():
        found[meeting].minutes = seconds / 60
    turns = Turn.objects.filter(seat__in=seats).values_list("meeting_id", "given_at", "ended_at")
    for meeting, seconds in _lasted(turns, found).items():
        found[meeting].seconds = seconds
    return list(found.values())


def _lasted(spans: Iterable[tuple[Any, ...]], found: dict[int, Found]) -> dict[int, float]:
    """The seconds of each meeting's spans together. One that was never closed ends with the meeting."""
    total: dict[int, float] = defaultdict(float)
    for meeting, begun, ended in spans:
        if meeting in found:
            until = ended or found[meeting].recording.meeting.ended_at or begun
            total[meeting] += max(0.0, (until - begun).total_seconds())
    return total


def _end_of(day: date) -> datetime:
    """The midnight after `day`, at the school."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), datetime.min.time()))
