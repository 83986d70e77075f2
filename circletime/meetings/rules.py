"""What may happen in a meeting, when, and by whom. Plain Python; the time is an argument.

The lifecycle is data (`TRANSITIONS`), so that the diagram in docs/states.md is drawn from it.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from circletime.core.errors import Refused
from circletime.core.words import N_, _
from circletime.media.rules import Rights
from circletime.policy import limits


class Kind(StrEnum):
    """Who a meeting is for (C2)."""

    CLASS = "class"
    GROUP = "group"
    PARENTS = "parents"
    STAFF = "staff"

    @property
    def words(self) -> str:
        return {"class": "Class", "group": "Group", "parents": "Parents", "staff": "Staff"}[self.value]


class Purpose(StrEnum):
    """What a meeting is for (C1): education or well-being, and nothing else."""

    CIRCLE = "circle"
    WELLBEING = "wellbeing"
    STORY = "story"
    TEACHING = "teaching"
    FAMILY = "family"
    STAFF = "staff"

    @property
    def words(self) -> str:
        return _PURPOSES[self]

    @property
    def kinds(self) -> str:
        """The kinds of meeting it may be the purpose of, parted by spaces."""
        return " ".join(kind for kind, purposes in PURPOSES_OF.items() if self in purposes)


_PURPOSES = {
    Purpose.CIRCLE: N_("Circle time"),
    Purpose.WELLBEING: N_("Well-being check-in"),
    Purpose.STORY: N_("Story time"),
    Purpose.TEACHING: N_("Teaching"),
    Purpose.FAMILY: N_("Talk with the family"),
    Purpose.STAFF: "Staff meeting",
}

PURPOSES_OF = {
    Kind.CLASS: (Purpose.CIRCLE, Purpose.WELLBEING, Purpose.STORY, Purpose.TEACHING),
    Kind.GROUP: (Purpose.CIRCLE, Purpose.WELLBEING, Purpose.STORY, Purpose.TEACHING),
    Kind.PARENTS: (Purpose.FAMILY, Purpose.WELLBEING),
    Kind.STAFF: (Purpose.STAFF,),
}


class State(StrEnum):
    """Where a meeting stands."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    LIVE = "live"
    FROZEN = "frozen"
    ENDED = "ended"
    ABORTED = "aborted"
    CANCELLED = "cancelled"

    @property
    def words(self) -> str:
        return _STATES[self]


_STATES = {
    State.SCHEDULED: "Planned",
    State.OPEN: "Waiting room open",
    State.LIVE: "Running",
    State.FROZEN: "Paused",
    State.ENDED: "Ended",
    State.ABORTED: "Broken off",
    State.CANCELLED: "Did not take place",
}

JOINABLE = (State.OPEN, State.LIVE, State.FROZEN)
RUNNING = (State.LIVE, State.FROZEN)
OVER = (State.ENDED, State.ABORTED, State.CANCELLED)

TRANSITIONS: dict[tuple[State, str], State] = {
    (State.SCHEDULED, "open"): State.OPEN,
    (State.SCHEDULED, "cancel"): State.CANCELLED,
    (State.OPEN, "cancel"): State.CANCELLED,
    (State.OPEN, "start"): State.LIVE,
    (State.LIVE, "freeze"): State.FROZEN,
    (State.FROZEN, "thaw"): State.LIVE,
    (State.LIVE, "end"): State.ENDED,
    (State.FROZEN, "end"): State.ENDED,
    (State.OPEN, "abort"): State.ABORTED,
    (State.LIVE, "abort"): State.ABORTED,
    (State.FROZEN, "abort"): State.ABORTED,
}


class SeatRole(StrEnum):
    """What a person is in one meeting."""

    HOST = "host"
    STAFF = "staff"
    ADULT = "adult"
    PUPIL = "pupil"


class SeatState(StrEnum):
    """Where a person stands at the door."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    LEFT = "left"
    REMOVED = "removed"


HELD = (SeatState.WAITING, SeatState.ADMITTED)


class Recording(StrEnum):
    """Whether the meeting is being recorded (T8)."""

    OFF = "off"
    ON = "on"
    LOST = "lost"


RECORDING_MAY_BLINK = timedelta(seconds=10)
"""A lost recorder is given so long to come back before the room freezes (T8)."""

HOST_ARRIVES_WITHIN = timedelta(seconds=20)
"""After pressing Start, a host's browser has so long to reach the room before it freezes."""


def next_state(state: State, event: str) -> State:
    """The state after `event`; `Refused` when the lifecycle has no such step."""
    after = TRANSITIONS.get((state, event))
    if after is None:
        raise Refused("wrong_state", f"This meeting is {state.value}; that cannot be done now.")
    return after


def state_at(state: State, ends_at: datetime | None, now: datetime) -> State:
    """The state as time makes it: past its end a running meeting is over, whether or not the worker
    was there to write that down (T2, T3)."""
    if state in RUNNING and ends_at is not None and now >= ends_at:
        return State.ENDED
    return state


def cap(kind: Kind) -> timedelta:
    """The longest a meeting of this kind may be live (T2, T3)."""
    return limits.MEETING_WITH_STAFF if kind == Kind.STAFF else limits.MEETING_WITH_FAMILIES


def limit_of(kind: Kind) -> limits.Limit:
    """Which limit of the policy is about meetings of this kind."""
    return limits.Limit.STAFF if kind == Kind.STAFF else limits.Limit.FAMILIES


def most_minutes(kind: Kind) -> int:
    """The same in whole minutes, as forms and sentences have it."""
    return int(cap(kind).total_seconds() // 60)


def check_schedule(
    *,
    kind: Kind,
    purpose: str,
    starts_at: datetime,
    minutes: int,
    invited: int,
    others: list[tuple[datetime, int]],
    now: datetime,
    most: int | None = None,
) -> None:
    """Raise `Refused` naming the field, unless a meeting like this may be put in the calendar.

    `others` are start and minutes of the same class's meetings; `invited` counts expected people.
    `most` are the most minutes at this school, where it has a limit of its own.
    """
    if purpose not in PURPOSES_OF[kind]:
        raise Refused("purpose", "Choose what the meeting is for.", field="purpose", status=400)
    if invited == 0:
        raise Refused("nobody", "There is nobody in this group yet.", field="who", status=400)
    check_time(kind=kind, starts_at=starts_at, minutes=minutes, others=others, now=now, most=most)


def check_time(
    *,
    kind: Kind,
    starts_at: datetime,
    minutes: int,
    others: list[tuple[datetime, int]],
    now: datetime,
    most: int | None = None,
) -> None:
    """Raise `Refused` naming the field, unless a meeting may be then and last so long (T2, T3, C3)."""
    most = most_minutes(kind) if most is None else most
    if not 1 <= minutes <= most:
        who = "staff" if kind == Kind.STAFF else "pupils or parents"
        raise Refused(
            "too_long",
            f"A meeting with {who} lasts 1 to {most} minutes.",
            field="minutes",
            status=400,
        )
    if starts_at < now - timedelta(minutes=1):
        raise Refused("past", "This time has passed. Choose a later one.", field="starts_at", status=400)
    if starts_at > now + timedelta(days=366):
        raise Refused("far", "Choose a day within the next year.", field="starts_at", status=400)
    if overlaps(starts_at, minutes, others):
        said = "This class already has a meeting then. Choose another time."
        raise Refused("overlap", said, field="starts_at", status=400)


def overlaps(starts_at: datetime, minutes: int, others: list[tuple[datetime, int]]) -> bool:
    """Whether a meeting would be at the same time as one of `others`, each a start and its minutes."""
    ends_at = starts_at + timedelta(minutes=minutes)
    return any(start < ends_at and starts_at < start + timedelta(minutes=length) for start, length in others)


def check_start(*, state: State, recording: Recording, starts_at: datetime, now: datetime) -> None:
    """Raise unless a host may take the meeting live now (T1, T8)."""
    next_state(state, "start")
    if starts_at - limits.WAITING_ROOM_OPENS > now:
        raise Refused("early", "The waiting room opens 10 minutes before the meeting.")
    if recording != Recording.ON:
        raise Refused("not_recording", "The recorder is not ready, so the meeting cannot start yet.")


def check_admit(*, state: State, seat: SeatState, role: SeatRole, hosts_in: int) -> None:
    """Raise unless somebody who waits may be let in now (T1, T7)."""
    if state != State.LIVE:
        raise Refused("not_live", "Start the meeting first.")
    if hosts_in < 1:
        raise Refused("no_host", "A host has to be in the room first.")
    if seat != SeatState.WAITING or role == SeatRole.HOST:
        raise Refused("not_waiting", "This person is not in the waiting room any more.")


def check_told(untold: int) -> None:
    """Raise unless every household was told that the meeting is for teaching (R5)."""
    if untold:
        raise Refused("not_told", _("This meeting is not open yet. Please try again in a few minutes."))


def check_move(
    *,
    state: State,
    kind: Kind,
    starts_at: datetime,
    minutes: int,
    was: tuple[datetime, int],
    others: list[tuple[datetime, int]],
    now: datetime,
) -> None:
    """Raise `Refused` naming the field, unless a meeting may have this other time; `was` is its old one."""
    if state != State.SCHEDULED:
        raise Refused(
            "wrong_state", "The waiting room has opened already. This meeting cannot be moved any more."
        )
    if (starts_at, minutes) == was:
        raise Refused("same", "This is the time it has already.", field="starts_at", status=400)
    check_time(kind=kind, starts_at=starts_at, minutes=minutes, others=others, now=now)


def check_plan_next(state: State, *, has_following: bool) -> None:
    """Raise `Refused` unless a meeting that was broken off still wants a next one (T12)."""
    if state not in (State.ABORTED, State.CANCELLED):
        raise Refused("wrong_state", "This meeting was not broken off.")
    if has_following:
        raise Refused("planned", "The next meeting is in the calendar already.")


def proposed_after(starts_at: datetime, now: datetime) -> list[datetime]:
    """When a meeting that was broken off may be held instead: the same time on the next ten school days.

    Both are in the school's own zone, and so are the answers, Monday to Friday.
    """
    clock = starts_at.timetz()
    days = (now.date() + timedelta(days=number) for number in range(1, 15))
    return [datetime.combine(day, clock) for day in days if day.weekday() < 5]


def check_floor(*, state: State, seat: SeatState, role: SeatRole, connected: bool) -> None:
    """Raise unless this seat may be given the floor now (P1, P2)."""
    if state != State.LIVE:
        raise Refused("not_live", "The meeting is not running just now.")
    if role != SeatRole.PUPIL:
        raise Refused("not_pupil", "Only pupils take turns; adults may speak at any time.")
    if seat != SeatState.ADMITTED or not connected:
        raise Refused("not_here", "This child is not in the room just now.")


def can_speak_freely(role: SeatRole) -> bool:
    """Adults in the room speak without being given a turn; pupils never do (P1)."""
    return role != SeatRole.PUPIL


def rights_for(
    *,
    state: State,
    role: SeatRole,
    seat: SeatState,
    floor: bool,
    camera_allowed: bool,
    may_share: bool,
) -> Rights:
    """What the media server lets this seat send and receive at this moment.

    In a frozen room only hosts keep theirs (T1); a pupil's microphone is the floor and nothing
    else (P2); a screen only where sharing was switched on for this seat (T5).
    """
    if seat != SeatState.ADMITTED or state not in RUNNING:
        return Rights.NONE
    if role == SeatRole.HOST:
        return Rights(camera=True, microphone=True, screen=may_share, subscribe=True)
    if state != State.LIVE:
        return Rights.NONE
    return Rights(
        camera=camera_allowed,
        microphone=can_speak_freely(role) or floor,
        screen=may_share,
        subscribe=True,
    )


def should_run(
    *,
    hosts_in: int,
    hosts_needed: int,
    recording: Recording,
    recording_lost_at: datetime | None,
    now: datetime,
) -> bool:
    """Whether a started meeting may be LIVE rather than FROZEN: hosts are in, and it is recorded."""
    if hosts_in < hosts_needed:
        return False
    if recording == Recording.LOST and recording_lost_at is not None:
        return now < recording_lost_at + RECORDING_MAY_BLINK
    return recording == Recording.ON


def should_ask_grown_ups(
    *,
    kind: Kind,
    state: State,
    live_at: datetime | None,
    ends_at: datetime | None,
    asked_at: datetime | None,
    now: datetime,
) -> bool:
    """Whether it is time to ask each household once more that a grown-up is there (R3).

    Once in a meeting, in its middle third; not where a host has asked already.
    """
    if kind not in (Kind.CLASS, Kind.GROUP) or state != State.LIVE or asked_at is not None:
        return False
    if live_at is None or ends_at is None:
        return False
    part = (ends_at - live_at) * limits.GROWN_UPS_ASKED_AFTER
    return live_at + part <= now < ends_at - part


def week_of(moment: datetime) -> tuple[datetime, datetime]:
    """The Monday 00:00 before `moment` and the one after it, in `moment`'s own zone (C3)."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=7)
