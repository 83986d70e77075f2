"""Incidents (C6): what may be reported, where one stands, who answers it, and a breach's 72 hours.

The lifecycle is data (`TRANSITIONS`), so that the diagram in docs/states.md is drawn from it.
"""

from collections.abc import Set
from datetime import datetime, timedelta
from enum import StrEnum

from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import INCIDENT_REPORTERS, UPHOLDERS, WATCHERS, Role
from circletime.policy.limits import BREACH_TOLD_WITHIN


class Kind(StrEnum):
    """What sort of thing happened."""

    BEHAVIOUR = "behaviour"
    PLACE = "place"
    LEAK = "leak"
    PICTURE = "picture"
    TALKED = "talked"
    TECHNICAL = "technical"
    CONCERN = "concern"
    BREACH = "breach"

    @property
    def words(self) -> str:
        return _KINDS[self]


_KINDS = {
    Kind.BEHAVIOUR: "Behaviour",
    Kind.PLACE: "Dress or place",
    Kind.LEAK: "A link or a password got out",
    Kind.PICTURE: "A picture of a meeting got out",
    Kind.TALKED: "An adult talked in the meeting",
    Kind.TECHNICAL: "Technical trouble",
    Kind.CONCERN: "Safeguarding concern",
    Kind.BREACH: "Data breach",
}

ABOUT_SOMEBODY = frozenset({Kind.BEHAVIOUR, Kind.PLACE, Kind.TALKED, Kind.CONCERN})
"""These say whom they are about."""


class State(StrEnum):
    """Where an incident stands."""

    REPORTED = "reported"
    TAKEN = "taken"
    CLOSED = "closed"

    @property
    def words(self) -> str:
        return _STATES[self]


_STATES = {State.REPORTED: "Nobody has it yet", State.TAKEN: "In hand", State.CLOSED: "Closed"}


class Event(StrEnum):
    """What moves an incident on."""

    TAKE = "take"
    CLOSE = "close"
    REOPEN = "reopen"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.REPORTED, Event.TAKE): State.TAKEN,
    (State.TAKEN, Event.TAKE): State.TAKEN,
    (State.TAKEN, Event.CLOSE): State.CLOSED,
    (State.CLOSED, Event.REOPEN): State.TAKEN,
}
"""What leads where. Only what somebody has in hand can be closed, so each one is answered by name."""


class Entry(StrEnum):
    """What stands in an incident's history."""

    REPORTED = "reported"
    TAKEN = "taken"
    NOTE = "note"
    KEPT = "kept"
    NOT_KEPT = "not kept"
    COMMISSIONER = "commissioner"
    CLOSED = "closed"
    REOPENED = "reopened"

    @property
    def words(self) -> str:
        return _ENTRIES[self]


_ENTRIES = {
    Entry.REPORTED: "Reported",
    Entry.TAKEN: "Given to",
    Entry.NOTE: "Step",
    Entry.KEPT: "The recording is kept",
    Entry.NOT_KEPT: "The recording could not be kept",
    Entry.COMMISSIONER: "Information Commissioner",
    Entry.CLOSED: "Closed",
    Entry.REOPENED: "Opened again",
}


class Commissioner(StrEnum):
    """What was decided about telling the Information Commissioner of a data breach."""

    TOLD = "told"
    NEED_NOT = "need not"

    @property
    def words(self) -> str:
        return _COMMISSIONER[self]


_COMMISSIONER = {
    Commissioner.TOLD: "The Information Commissioner was told",
    Commissioner.NEED_NOT: "The Information Commissioner need not be told: nobody is put at risk",
}

OWNERS = WATCHERS
"""To whom an incident may be given. They may read registers and watch recordings already."""

HOLD_REVIEWED_AFTER = timedelta(days=60)
"""What is kept for an incident is looked at again so long after somebody last had to do with it."""

NOBODY_HAS_IT_AFTER = timedelta(days=1)
"""An incident that nobody has in hand by then is told of in the report."""

LONGEST_SOMEBODY = 120
"""In characters."""


def check_report(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may report an incident."""
    if not roles & INCIDENT_REPORTERS:
        raise NotAllowed("Only staff of the school report an incident here.")


def check_kind(text: str) -> Kind:
    """The kind that was chosen; raises `Refused` where none was."""
    if text not in set(Kind):
        raise Refused("kind", "Choose what sort of thing it was.", field="kind", status=400)
    return Kind(text)


def check_whom(kind: Kind, *, somebody: str, anybody: bool) -> str:
    """Who else it is about, tidied. Raises `Refused` where the kind asks for somebody and there is nobody."""
    tidy = " ".join(somebody.split())
    if len(tidy) > LONGEST_SOMEBODY:
        said = f"Say it in at most {LONGEST_SOMEBODY} characters."
        raise Refused("somebody", said, field="somebody", status=400)
    if kind in ABOUT_SOMEBODY and not anybody and not tidy:
        said = "Say whom it is about. Somebody who is on no list is described here in words."
        raise Refused("somebody", said, field="somebody", status=400)
    return tidy


def check_moment(moment: datetime | None, now: datetime, *, field: str) -> datetime:
    """A moment of the past; raises `Refused` beside `field` for anything else."""
    if moment is None:
        raise Refused(field, "Give a day and a time.", field=field, status=400)
    if moment > now:
        raise Refused(field, "Choose a time that is not still to come.", field=field, status=400)
    if moment.year < 2000:
        raise Refused(field, "Choose a time of this school's meetings.", field=field, status=400)
    return moment


def can_answer(roles: Set[Role], *, concerned: bool) -> bool:
    """Whether somebody answers for an incident: headteacher or safeguarding lead, not about themselves."""
    return bool(roles & UPHOLDERS) and not concerned


def can_work(roles: Set[Role], *, owns: bool, concerned: bool) -> bool:
    """Whether somebody writes down steps and keeps the recording."""
    return can_answer(roles, concerned=concerned) or (owns and bool(roles & OWNERS) and not concerned)


def check_answer(roles: Set[Role], *, concerned: bool) -> None:
    """Raise `NotAllowed` unless somebody answers for the incident."""
    if not can_answer(roles, concerned=concerned):
        raise NotAllowed(
            "Only the headteacher and the safeguarding lead do this, and nobody about themselves."
        )


def check_owner(roles: Set[Role], *, concerned: bool) -> None:
    """Raise `Refused` unless the incident may be given to somebody with these roles."""
    if not roles & OWNERS or concerned:
        said = "Choose a senior leader whom it is not about."
        raise Refused("owner", said, field="owner", status=400)


def next_state(state: State, event: Event) -> State:
    """Where `event` leads. Raises `Refused` when it is not the turn of that."""
    if (state, event) not in TRANSITIONS:
        if event == Event.CLOSE and state == State.REPORTED:
            raise Refused("nobody", "Say first who has it in hand.")
        raise Refused(
            "out_of_order", f"This cannot be done now: it stands at “{state.words}”. Somebody was quicker."
        )
    return TRANSITIONS[state, event]


def check_open(state: State) -> None:
    """Raise `Refused` when the incident is closed."""
    if state == State.CLOSED:
        raise Refused("closed", "This incident is closed. Open it again first.")


def breach_due(known_at: datetime) -> datetime:
    """Until when the Information Commissioner has to be told of a breach that became known then."""
    return known_at + BREACH_TOLD_WITHIN


def breach_clock(known_at: datetime, decided_at: datetime | None, now: datetime) -> tuple[str, bool]:
    """The 72 hours in words, and whether they are over without, or were over before, a decision."""
    due = breach_due(known_at)
    if decided_at is not None:
        late = decided_at > due
        if late:
            return f"Decided {_hours(decided_at - due)} after the 72 hours were over", True
        return f"Decided with {_hours(due - decided_at)} of the 72 hours left", False
    if now > due:
        return f"Overdue by {_hours(now - due)}", True
    return f"{_hours(due - now).capitalize()} of the 72 hours left", False


def _hours(span: timedelta) -> str:
    """Whole hours, and minutes below one, in words: never more than there are."""
    minutes = int(span.total_seconds()) // 60
    number, unit = (minutes // 60, "hour") if minutes >= 60 else (minutes, "minute")
    return f"{number} {unit}{'' if number == 1 else 's'}" if minutes else "less than a minute"


def check_commissioner(kind: Kind, decided: str, answer: str) -> Commissioner:
    """What was decided of a breach; raises `Refused` where there is nothing to decide."""
    if kind != Kind.BREACH:
        raise Refused("no_breach", "Only a data breach is told to the Information Commissioner.")
    if decided:
        raise Refused("decided", "This was decided already.")
    if answer not in set(Commissioner):
        raise Refused("answer", "Choose one of the two.", field="answer", status=400)
    return Commissioner(answer)


def check_close(kind: Kind, decided: str) -> None:
    """Raise `Refused` while something has to be done before it is closed."""
    if kind == Kind.BREACH and not decided:
        raise Refused(
            "undecided", "Write down first whether the Information Commissioner was told of this breach."
        )
