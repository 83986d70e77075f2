"""Hands and turns: one child at a time (P1, P2)."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.core.words import _
from circletime.meetings.actions.common import lock, lock_for_host, order, save, seat_of
from circletime.meetings.models import Meeting, Seat, Turn
from circletime.meetings.rules import SeatRole, SeatState, State, check_floor


@transaction.atomic
def raise_hand(*, by: Seat, up: bool, now: datetime) -> None:
    """Put a pupil's own hand up or down. A hand that is up already keeps its place."""
    meeting = lock(by.meeting_id)
    seat = Seat.objects.get(pk=by.pk)
    if seat.role != SeatRole.PUPIL or seat.state != SeatState.ADMITTED or meeting.state_at(now) != State.LIVE:
        raise Refused("not_here", _("You can put your hand up when the meeting is running."))
    if up == (seat.hand_at is not None):
        return
    seat.hand_at = now if up else None
    seat.save(update_fields=["hand_at"])
    record(
        "meetings.hand.up" if up else "meetings.hand.down", by=seat.actor, subject=meeting.subject, now=now
    )
    save(meeting)


@transaction.atomic
def give_turn(*, by: Seat, seat_id: str, now: datetime) -> None:
    """Give one pupil the floor; whoever held it loses it in the same transaction."""
    meeting = lock_for_host(by)
    _give(meeting, seat_of(meeting, seat_id), by=by.actor, now=now)


@transaction.atomic
def end_turn(*, by: Seat, now: datetime) -> None:
    """Take the floor back. Nothing happens when nobody holds it."""
    meeting = lock_for_host(by)
    if take_floor(meeting, by=by.actor, now=now):
        save(meeting, "floor")


@transaction.atomic
def set_circle(*, by: Seat, on: bool, now: datetime) -> None:
    """Begin or leave going round the circle: everybody gets a turn, in order of their names."""
    meeting = lock_for_host(by)
    meeting.circle_began_at = now if on else None
    record(
        "meetings.circle.on" if on else "meetings.circle.off", by=by.actor, subject=meeting.subject, now=now
    )
    save(meeting, "circle_began_at")


@transaction.atomic
def next_turn(*, by: Seat, now: datetime) -> None:
    """Give the next child of the circle a turn; when all had one, the circle is done."""
    meeting = lock_for_host(by)
    following = next_in_circle(meeting)
    if following is None:
        take_floor(meeting, by=by.actor, now=now)
        meeting.circle_began_at = None
        save(meeting, "floor", "circle_began_at")
        return
    _give(meeting, following, by=by.actor, now=now)


def next_in_circle(meeting: Meeting) -> Seat | None:
    """Who is next while going round: the first by name who is here and had no turn since it began."""
    if meeting.circle_began_at is None:
        return None
    had = Turn.objects.filter(meeting=meeting, given_at__gte=meeting.circle_began_at)
    return (
        Seat.objects.filter(meeting=meeting, role=SeatRole.PUPIL, state=SeatState.ADMITTED)
        .exclude(connection="")
        .exclude(pupil__in=had.values("seat__pupil"))
        .order_by("label", "pk")
        .first()
    )


def take_floor(meeting: Meeting, *, by: str, now: datetime) -> bool:
    """End the open turn of a locked meeting, if there is one. The caller saves `floor`."""
    if meeting.floor_id is None:
        return False
    holder = Seat.objects.get(pk=meeting.floor_id)
    Turn.objects.filter(meeting=meeting, ended_at=None).update(ended_at=now)
    meeting.floor = None
    order(meeting, "rights", holder, now)
    record("meetings.turn.ended", by=by, subject=meeting.subject, now=now, seat=holder.public_id)
    return True


def _give(meeting: Meeting, seat: Seat, *, by: str, now: datetime) -> None:
    check_floor(
        state=meeting.state_at(now),
        role=SeatRole(seat.role),
        seat=SeatState(seat.state),
        connected=bool(seat.connection),
    )
    if meeting.floor_id == seat.pk:
        return
    take_floor(meeting, by=by, now=now)
    Turn.objects.create(meeting=meeting, seat=seat, given_at=now)
    seat.hand_at = None
    seat.save(update_fields=["hand_at"])
    meeting.floor = seat
    order(meeting, "rights", seat, now)
    record("meetings.turn.given", by=by, subject=meeting.subject, now=now, seat=seat.public_id)
    save(meeting, "floor")
