"""Who may bring a roster in, and the states of an import."""

from collections.abc import Set
from datetime import timedelta
from enum import StrEnum

from circletime.core.errors import NotAllowed
from circletime.people.rules import OFFICE, Role

FORGOTTEN_AFTER = timedelta(days=1)
"""A file that was not brought in by then is thrown away, with everything that was read of it."""


class State(StrEnum):
    """Where an import stands."""

    READING = "reading"
    COMMAND = "command"
    MAPPING = "mapping"
    READY = "ready"
    REFUSED = "refused"
    APPLYING = "applying"
    APPLIED = "applied"
    EARLIER = "earlier"
    UNDONE = "undone"
    DROPPED = "dropped"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    State.READING: "Being read",
    State.COMMAND: "Being read by the command",
    State.MAPPING: "Columns to be named",
    State.READY: "Read, not brought in yet",
    State.REFUSED: "Could not be used",
    State.APPLYING: "Being brought in",
    State.APPLIED: "Brought in",
    State.EARLIER: "Brought in",
    State.UNDONE: "Taken back",
    State.DROPPED: "Not brought in",
}

WORKING = frozenset({State.READING, State.APPLYING})
"""The worker is at it."""
OPEN = frozenset({State.MAPPING, State.READY})
"""A person is asked."""
UNSETTLED = WORKING | OPEN | {State.COMMAND}
"""There may be rows of it, which say of people what is not on the roster yet."""


class Kind(StrEnum):
    """What a row of a file is of."""

    CLASS = "class"
    STAFF = "staff"
    ADULT = "adult"
    PUPIL = "pupil"
    MARK = "mark"
    """A child whom the file says nothing of, and who gets a mark for a newcomer's sake."""
    LISTED = "listed"
    """Somebody who gets no account by an import."""
    UNKNOWN = "unknown"
    """Somebody whose row could not be used."""
    GONE = "gone"
    """Somebody of whom the export says that they are not there any more."""
    CLOSED = "closed"
    """A class of which it says so."""


PLANNED = (Kind.CLASS, Kind.STAFF, Kind.ADULT, Kind.PUPIL, Kind.MARK)
"""Whatever an import may write."""
PEOPLE = frozenset(Kind) - {Kind.CLASS, Kind.CLOSED, Kind.MARK}


class Verb(StrEnum):
    """What becomes of a row."""

    UNCHANGED = "unchanged"
    ADDED = "added"
    CHANGED = "changed"
    LEAVING = "leaving"
    LEFT_OUT = "left out"


class Tie(StrEnum):
    """What one row of a file has to do with another."""

    ENROLLED = "enrolled"
    ROLE = "role"
    AGENT = "agent"
    """By an ID in the row of either of them."""
    RELATION = "relation"
    """By a file of their own."""


FAMILY = frozenset({Tie.AGENT, Tie.RELATION})


MANY_LEAVE = 0.25
"""Of the school's children; more than that asks once more."""
FEW = 5
"""Leavers who never do."""


def asks_again(leaving: int, here: int) -> bool:
    """Whether so many of the children who are here leave that it may be the wrong file."""
    return leaving > max(FEW, MANY_LEAVE * here)


def can_import(roles: Set[Role]) -> bool:
    """Whether somebody may bring a roster in: the office and the headteacher."""
    return bool(roles & OFFICE)


def check_import(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may bring a roster in."""
    if not can_import(roles):
        raise NotAllowed("Only the office and the headteacher may bring a roster in.")
