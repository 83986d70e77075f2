"""What the worker does for meetings: the clock, and keeping the media server true."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from circletime.core import time
from circletime.media import livekit
from circletime.meetings import families, orders
from circletime.meetings.actions import door, grown_ups, lifecycle, presence
from circletime.meetings.models import DoorTry, Meeting, Seat
from circletime.meetings.rules import HELD, JOINABLE, RUNNING, SeatRole, SeatState, State
from circletime.policy import limits


def run_clock(now: datetime, *, left_for: timedelta = timedelta(0)) -> datetime | None:
    """Do everything that is due by `now`: openings, freezes and ends, and asking for grown-ups. Answers when
    the next running meeting has to end.

    With `left_for` only what has been due for so long: another clock is there, and comes first. Whether a
    room has to stand still is looked at in any case.
    """
    by = now - left_for
    hosts = Seat.objects.filter(meeting=OuterRef("pk"), role=SeatRole.HOST, state=SeatState.ADMITTED)
    # One question for all: it is asked several times a second, by every process that keeps the clock.
    found = Meeting.objects.filter(
        Q(state=State.SCHEDULED, starts_at__lte=by + limits.WAITING_ROOM_OPENS)
        | Q(state=State.OPEN, starts_at__lte=by - limits.NOT_STARTED_CLOSES)
        | Q(state__in=RUNNING)
    ).annotate(hosted=Exists(hosts.exclude(connection="")))
    ends = []
    for meeting in found:
        if meeting.state not in RUNNING or _is_worth_a_lock(meeting, hosted=meeting.hosted, by=by):
            lifecycle.tick(meeting=meeting, now=now)
        if meeting.state in RUNNING and meeting.ends_at is not None and meeting.ends_at > now:
            ends.append(meeting.ends_at)
    return min(ends, default=None)


def _is_worth_a_lock(meeting: Meeting, *, hosted: bool, by: datetime) -> bool:
    """Whether something is due in a running meeting, or hosts may have been gone for too long or be back."""
    if meeting.ends_at is not None and meeting.ends_at <= by:
        return True
    if not hosted or meeting.state == State.FROZEN or meeting.recording != "on":
        return True
    return grown_ups.is_due(meeting, by)


def reconcile_rooms() -> None:
    """Running rooms exist, hold only who belongs there with their exact rights; all others are gone.

    One whose time is up is gone as well, where its end cannot be written (a full disk). Raises `MediaError`
    when the media server does not answer.
    """
    now = time.now()
    running = {m.room: m for m in Meeting.objects.filter(state__in=RUNNING) if m.state_at(now) in RUNNING}
    rooms = set(livekit.list_rooms())
    for room in rooms - set(running):
        known = Meeting.objects.filter(room=room).first()
        # A room made a moment ago for a meeting that is just starting is left alone.
        if known is None or known.state != State.OPEN:
            livekit.delete_room(room)
    for room, meeting in running.items():
        if room not in rooms:
            orders.restore_room(meeting)
        checked_at = time.now()
        here = orders.reconcile(meeting)
        presence.found_absent(meeting=meeting, here=here, checked_at=checked_at, now=time.now())
        orders.carry_out(meeting.pk)


def give_up_dropped(now: datetime) -> None:
    """Close the seats of those who did not come back within their grace."""
    late = Seat.objects.filter(
        meeting__state__in=RUNNING,
        state=SeatState.ADMITTED,
        connection="",
        dropped_at__lte=now - limits.SEAT_KEPT,
    ).exclude(role=SeatRole.HOST)
    for meeting in Meeting.objects.filter(seat__in=late).distinct():
        presence.give_up_dropped(meeting=meeting, now=now)


def put_out_leavers(now: datetime) -> None:
    """Nobody whose account was switched off, on a page or by an import, stays in a meeting."""
    here = Seat.objects.filter(user__is_active=False, state__in=HELD, meeting__state__in=JOINABLE)
    for user in {seat.user for seat in here.select_related("user") if seat.user is not None}:
        door.put_out(user=user, by=lifecycle.WORKER, now=now)


def tell_newcomers(now: datetime) -> None:
    """Families that came to a class since its next meetings were told of are written to as well (R2, R5)."""
    coming = Meeting.objects.filter(
        Q(state=State.SCHEDULED) | Q(state=State.OPEN), school_class__isnull=False, starts_at__gt=now
    )
    for meeting in coming.select_related("school_class", "group", "household", "host"):
        families.tell_newcomers(meeting, by=lifecycle.WORKER, now=now)


def forget_door_tries(now: datetime) -> None:
    """The throttle remembers wrong tries for an hour and no longer."""
    DoorTry.objects.filter(at__lt=now - timedelta(hours=1)).delete()
