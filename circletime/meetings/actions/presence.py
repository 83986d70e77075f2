"""Who is really in the room: sockets that open and close, and what time makes of it."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.media.rules import Rights
from circletime.meetings import queries
from circletime.meetings.actions.common import lock, note, order, save
from circletime.meetings.actions.door import give_up, stop_sharing_of
from circletime.meetings.actions.floor import take_floor
from circletime.meetings.actions.lifecycle import settle
from circletime.meetings.models import Meeting, Seat, Stay
from circletime.meetings.rules import RUNNING, SeatRole, SeatState
from circletime.policy import limits


@transaction.atomic
def connected(*, seat: Seat, connection: str, given: Rights, now: datetime) -> bool:
    """A seat's media connection opened; False when it must be closed again.

    No token ever carries a pupil's microphone. Where the seat may do something else now than what its
    token has `given` it, that is ordered after it is in, in line with everybody else's orders.
    """
    meeting = lock(seat.meeting_id)
    fresh = Seat.objects.get(pk=seat.pk)
    if fresh.state != SeatState.ADMITTED or meeting.state_at(now) not in RUNNING:
        order(meeting, "remove", fresh, now)
        save(meeting)
        return False
    if not Stay.objects.filter(seat=fresh, out_at=None).exists():
        Stay.objects.create(seat=fresh, in_at=now)
        record("meetings.guest.in", by=fresh.actor, subject=meeting.subject, now=now)
    fresh.connection, fresh.rival, fresh.dropped_at = connection, "", None
    fresh.save(update_fields=["connection", "rival", "dropped_at"])
    settle(meeting, now)
    if given != queries.seat_rights(meeting, fresh):
        order(meeting, "rights", fresh, now)
    save(meeting)
    return True


@transaction.atomic
def disconnected(*, seat: Seat, connection: str, now: datetime) -> None:
    """A seat's media connection closed. One that a newer connection replaced changes nothing."""
    meeting = lock(seat.meeting_id)
    fresh = Seat.objects.get(pk=seat.pk)
    if fresh.connection != connection:
        return
    _drop(meeting, fresh, now)
    save(meeting, "floor", "sharing_on", "sharing_seat")
    settle(meeting, now)


@transaction.atomic
def asked_for_place(*, seat: Seat, rival: str) -> bool:
    """A browser of this seat is at the gate of another process than the connection that it has.

    That process is asked whether its connection stands (`kept_place`). False when the seat has none.
    """
    meeting = lock(seat.meeting_id)
    if not Seat.objects.filter(pk=seat.pk).exclude(connection="").update(rival=rival):
        return False
    save(meeting)
    return True


@transaction.atomic
def kept_place(*, seat: Seat, connection: str, what: str, now: datetime) -> None:
    """The connection stands, and keeps its place; that another was tried is a lie like any other."""
    meeting = lock(seat.meeting_id)
    asked = Seat.objects.filter(pk=seat.pk, connection=connection).exclude(rival="")
    if asked.update(rival=""):
        _lied(meeting, seat, "lie", what, now)
        save(meeting)


def found_absent(*, meeting: Meeting, here: list[str], checked_at: datetime, now: datetime) -> None:
    """The media server was asked and these identities are in; who else seemed to be in, is not.

    `checked_at` is when it was asked: who connected since is left alone. Nobody is made to wait in the
    database's line of writers where nobody is gone, as nearly always.
    """
    if not _gone(meeting, here, checked_at):
        return
    with transaction.atomic():
        locked = lock(meeting.pk)
        gone = _gone(locked, here, checked_at)
        for seat in gone:
            _drop(locked, seat, now)
        if gone:
            save(locked, "floor", "sharing_on", "sharing_seat")
            settle(locked, now)


def _gone(meeting: Meeting, here: list[str], checked_at: datetime) -> list[Seat]:
    seem_in = Seat.objects.filter(meeting=meeting, state=SeatState.ADMITTED).exclude(connection="")
    return [seat for seat in seem_in.exclude(public_id__in=here) if _in_since(seat) < checked_at]


@transaction.atomic
def give_up_dropped(*, meeting: Meeting, now: datetime) -> None:
    """Close the seats whose grace is over: they knock again when they come back."""
    locked = lock(meeting.pk)
    dropped = Seat.objects.filter(
        meeting=locked,
        state=SeatState.ADMITTED,
        connection="",
        dropped_at__lte=now - limits.SEAT_KEPT,
    ).exclude(role=SeatRole.HOST)
    for seat in list(dropped):
        give_up(locked, seat, now)


@transaction.atomic
def page_closed(*, seat_id: str) -> None:
    """A waiting page closed: it is not shown to the host any more. Nothing is decided by this."""
    seat = Seat.objects.get(public_id=seat_id)
    meeting = lock(seat.meeting_id)
    Seat.objects.filter(pk=seat.pk).update(seen_at=None)
    save(meeting)


@transaction.atomic
def lied(*, seat: Seat, kind: str, what: str, now: datetime) -> None:
    """A browser tried what it may not, or shows what a camera does not. Kept, and shown to hosts."""
    meeting = lock(seat.meeting_id)
    _lied(meeting, seat, kind, what, now)
    save(meeting)


def _lied(meeting: Meeting, seat: Seat, kind: str, what: str, now: datetime) -> None:
    note(meeting, seat, kind, what, now)
    record(f"meetings.guest.{kind}", by=seat.actor, subject=meeting.subject, now=now)


def _in_since(seat: Seat) -> datetime:
    stay = Stay.objects.filter(seat=seat, out_at=None).first()
    return stay.in_at if stay else seat.knocked_at


def _drop(meeting: Meeting, seat: Seat, now: datetime) -> None:
    if meeting.floor_id == seat.pk:
        take_floor(meeting, by=seat.actor, now=now)
    stop_sharing_of(meeting, seat)
    Stay.objects.filter(seat=seat, out_at=None).update(out_at=now)
    seat.connection, seat.dropped_at, seat.hand_at = "", now, None
    seat.save(update_fields=["connection", "dropped_at", "hand_at"])
    record("meetings.guest.out", by=seat.actor, subject=meeting.subject, now=now)
