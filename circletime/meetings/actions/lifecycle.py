"""A meeting's way from the waiting room to its end (T1, T2, T3, T8)."""

from datetime import datetime, timedelta

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.documents.queries import check_pass
from circletime.documents.rules.kinds import Gate
from circletime.meetings import families, queries
from circletime.meetings.actions.common import lock, lock_for_host, note, order, order_everyone, save
from circletime.meetings.actions.floor import take_floor
from circletime.meetings.actions.grown_ups import ask_in_time
from circletime.meetings.models import Expected, Meeting, Seat, Stay
from circletime.meetings.rules import (
    HELD,
    HOST_ARRIVES_WITHIN,
    RUNNING,
    Kind,
    Recording,
    SeatState,
    State,
    check_start,
    next_state,
    should_run,
)
from circletime.people.models import User
from circletime.policy import limits

WORKER = "system:worker"


@transaction.atomic
def open_waiting_room(*, meeting: Meeting, by: str, now: datetime) -> None:
    """Open the waiting room, and keep who is expected as it stands now (C2, T7)."""
    locked = lock(meeting.pk)
    locked.state = next_state(State(locked.state), "open")
    rows = [Expected(meeting=locked, pupil=p, label=p.label) for p in queries.expected_pupils(locked)]
    rows += [Expected(meeting=locked, adult=a, label=a.name) for a in queries.expected_adults(locked)]
    if locked.kind == Kind.STAFF:
        staff = User.objects.filter(is_active=True, rolegrant__isnull=False).exclude(pk=locked.host_id)
        rows += [Expected(meeting=locked, user=u, label=u.name) for u in staff.distinct()]
    Expected.objects.bulk_create(rows)
    record("meetings.meeting.opened", by=by, subject=locked.subject, now=now, expected=len(rows))
    save(locked, "state")


@transaction.atomic
def start(*, meeting: Meeting, by: Seat, now: datetime) -> Meeting:
    """Take the meeting live. The limit starts to run at this moment (T2, T3)."""
    locked = lock_for_host(by)
    if locked.pk != meeting.pk:
        raise Refused("other_meeting", "You are the host of another meeting.", status=403)
    if by.user is not None:
        check_pass(by.user, Gate.HOSTING)
    check_start(
        state=State(locked.state), recording=Recording(locked.recording), starts_at=locked.starts_at, now=now
    )
    from_now = min(queries.longest(Kind(locked.kind)), timedelta(minutes=locked.minutes))
    locked.state, locked.live_at, locked.ends_at = State.LIVE, now, now + from_now
    record("meetings.meeting.started", by=by.actor, subject=locked.subject, now=now, minutes=locked.minutes)
    save(locked, "state", "live_at", "ends_at")
    return locked


def settle(meeting: Meeting, now: datetime) -> None:
    """Freeze or thaw a locked running meeting, as its hosts and its recorder are there or not (T1, T8)."""
    if meeting.state not in RUNNING:
        return
    inside = queries.hosts_in(meeting, now)
    arriving = meeting.live_at is not None and now < meeting.live_at + HOST_ARRIVES_WITHIN
    if meeting.state == State.LIVE and inside < meeting.hosts_needed and arriving and not _host_came(meeting):
        return
    run = should_run(
        hosts_in=inside,
        hosts_needed=meeting.hosts_needed,
        recording=Recording(meeting.recording),
        recording_lost_at=meeting.recording_lost_at,
        now=now,
    )
    if run == (meeting.state == State.LIVE):
        return
    step = "thaw" if run else "freeze"
    meeting.state = next_state(State(meeting.state), step)
    meeting.frozen_at = None if run else now
    if not run:
        take_floor(meeting, by=WORKER, now=now)
    order_everyone(meeting, now)
    why = "hosts" if inside < meeting.hosts_needed else "recorder"
    record(f"meetings.meeting.{step}", by=WORKER, subject=meeting.subject, now=now, why=why)
    note(meeting, None, step, "Going on" if run else f"Paused: waiting for the {why}", now)
    save(meeting, "state", "frozen_at", "floor")


def _host_came(meeting: Meeting) -> bool:
    return Stay.objects.filter(seat__meeting=meeting, seat__role="host").exists()


@transaction.atomic
def recording_changed(*, meeting: Meeting, to: Recording, by: str, now: datetime) -> None:
    """The recorder runs, or was lost: hosts are told at once, and a room it does not come back to freezes."""
    locked = lock(meeting.pk)
    if locked.recording == to:
        return
    locked.recording = to
    locked.recording_lost_at = now if to == Recording.LOST else None
    if to == Recording.LOST:
        note(locked, None, "recording", "The recorder stopped; it is being started again", now)
    elif locked.state in RUNNING:
        note(locked, None, "recording", "Recording", now)
    record(f"meetings.recording.{to.value}", by=by, subject=locked.subject, now=now)
    save(locked, "recording", "recording_lost_at")
    settle(locked, now)


@transaction.atomic
def end(*, by: Seat, now: datetime) -> None:
    """The host ends the meeting for everybody."""
    meeting = lock_for_host(by)
    finish(meeting, State.ENDED, by=by.actor, why="The host ended the meeting", now=now)


@transaction.atomic
def abort(*, by: Seat, reason: str, now: datetime) -> None:
    """The host breaks the meeting off, and says why (T12)."""
    if not reason.strip():
        raise Refused("reason", "Say why the meeting is broken off.", field="reason", status=400)
    meeting = lock_for_host(by)
    finish(meeting, State.ABORTED, by=by.actor, why=reason.strip(), now=now)


def finish(meeting: Meeting, to: State, *, by: str, why: str, now: datetime, technical: bool = False) -> None:
    """Close a locked meeting for good: turns, hands, stays and seats end, and the room is deleted.

    Of one that is broken off families are told why, and of the next one (T12); `technical` is for one that
    no host broke off.
    """
    meeting.state = next_state(State(meeting.state), "end" if to == State.ENDED else "abort")
    take_floor(meeting, by=by, now=now)
    meeting.ended_at, meeting.end_reason = now, why[:300]
    meeting.sharing_on, meeting.sharing_seat = False, None
    Stay.objects.filter(seat__meeting=meeting, out_at=None).update(out_at=now)
    Seat.objects.filter(meeting=meeting, state__in=HELD).update(
        state=SeatState.LEFT, gone_at=now, gone_reason="meeting over", hand_at=None, connection=""
    )
    order(meeting, "close", None, now)
    record(f"meetings.meeting.{to.value}", by=by, subject=meeting.subject, now=now)
    save(meeting, "state", "floor", "ended_at", "end_reason", "sharing_on", "sharing_seat")
    if to == State.ABORTED:
        following = queries.following(meeting, now)
        families.tell_aborted(meeting, following, reason=why, by=by, now=now, technical=technical)
    else:
        families.stop_telling(meeting, by=by, now=now)


@transaction.atomic
def tick(*, meeting: Meeting, now: datetime) -> None:
    """Whatever time alone brings about for one meeting: opening, freezing, its end (T2, T3), and asking once
    whether grown-ups are there (R3)."""
    locked = lock(meeting.pk)
    if locked.state == State.SCHEDULED and now >= locked.starts_at - limits.WAITING_ROOM_OPENS:
        open_waiting_room(meeting=locked, by=WORKER, now=now)
        return
    if locked.state == State.OPEN and now >= locked.starts_at + limits.NOT_STARTED_CLOSES:
        lapse(locked, now)
        return
    if locked.state not in RUNNING or locked.ends_at is None:
        return
    if now >= locked.ends_at:
        finish(locked, State.ENDED, by=WORKER, why="The time was up", now=now)
        return
    if locked.frozen_at is not None and now >= locked.frozen_at + limits.FROZEN_FOR:
        # As when the school's own connection failed: to the families it was broken off.
        finish(locked, State.ABORTED, by=WORKER, why="No host came back", now=now, technical=True)
        return
    settle(locked, now)
    ask_in_time(locked, by=WORKER, now=now)


@transaction.atomic
def time_is_up(*, meeting: Meeting, ends_at: datetime, now: datetime) -> None:
    """Somebody who was let in until `ends_at` has been in for so long: the limit is reached, whatever the
    clock, which may have been set back, says now (T2, T3)."""
    locked = lock(meeting.pk)
    if locked.state in RUNNING and locked.ends_at == ends_at:
        finish(locked, State.ENDED, by=WORKER, why="The time was up", now=now)


def lapse(meeting: Meeting, now: datetime) -> None:
    """Close the waiting room of a locked meeting that nobody started."""
    meeting.state = next_state(State(meeting.state), "cancel")
    meeting.ended_at, meeting.end_reason = now, "Nobody started the meeting"
    Seat.objects.filter(meeting=meeting, state__in=HELD).update(
        state=SeatState.LEFT, gone_at=now, gone_reason="not started"
    )
    order(meeting, "close", None, now)
    record("meetings.meeting.lapsed", by=WORKER, subject=meeting.subject, now=now)
    save(meeting, "state", "ended_at", "end_reason")
    families.tell_cancelled(meeting, by=WORKER, now=now)
