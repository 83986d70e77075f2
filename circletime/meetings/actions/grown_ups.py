"""Asking during a meeting whether a grown-up is still there, and keeping who answered (R3)."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.meetings.actions.common import lock, lock_for_host, save
from circletime.meetings.models import GrownUpAsk, Meeting, Seat
from circletime.meetings.rules import RUNNING, Kind, SeatRole, SeatState, State, should_ask_grown_ups


@transaction.atomic
def ask_grown_ups(*, by: Seat, now: datetime) -> None:
    """A host asks each household in the room once more."""
    _ask(lock_for_host(by), by=by.actor, now=now)


def ask_in_time(meeting: Meeting, *, by: str, now: datetime) -> None:
    """Ask on the clock's behalf, once in a meeting. The meeting is locked."""
    if is_due(meeting, now):
        _ask(meeting, by=by, now=now)


def is_due(meeting: Meeting, now: datetime) -> bool:
    """Whether the clock has to ask now."""
    return should_ask_grown_ups(
        kind=Kind(meeting.kind),
        state=State(meeting.state),
        live_at=meeting.live_at,
        ends_at=meeting.ends_at,
        asked_at=meeting.grown_ups_asked_at,
        now=now,
    )


@transaction.atomic
def still_here(*, by: Seat, now: datetime) -> None:
    """The grown-up beside a child answers. Pressed twice, it counts once."""
    meeting = lock(by.meeting_id)
    seat = Seat.objects.get(pk=by.pk)
    if seat.role != SeatRole.PUPIL or seat.state != SeatState.ADMITTED:
        raise NotAllowed("Only the family of a child in the room is asked this.")
    if meeting.state_at(now) not in RUNNING:
        raise Refused("not_live", "The meeting is not running any more.")
    asked = meeting.grown_ups_asked_at
    if asked is None or (seat.grown_up_at is not None and seat.grown_up_at >= asked):
        return
    Seat.objects.filter(pk=seat.pk).update(grown_up_at=now)
    GrownUpAsk.objects.filter(seat=seat, answered_at=None).update(answered_at=now)
    record("meetings.grown_ups.answered", by=seat.actor, subject=meeting.subject, now=now)
    save(meeting)


def _ask(meeting: Meeting, *, by: str, now: datetime) -> None:
    meeting.grown_ups_asked_at = now
    inside = Seat.objects.filter(meeting=meeting, role=SeatRole.PUPIL, state=SeatState.ADMITTED)
    asks = GrownUpAsk.objects.bulk_create(GrownUpAsk(seat=seat, asked_at=now) for seat in inside)
    record("meetings.grown_ups.asked", by=by, subject=meeting.subject, now=now, asked=len(asks))
    save(meeting, "grown_ups_asked_at")
