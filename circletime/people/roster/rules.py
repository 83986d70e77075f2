"""Who may bring a roster in, and the states of an import."""

from collections.abc import Set
from datetime import timedelta
from enum import StrEnum

from circletime.core.errors import NotAllowed
from circletime.people.rules import OFFICE, Role

FORGOTTEN_AFTER = timedelta(days=1)
"""A file that nobody brought in by then is thrown away."""


class State(StrEnum):
    """Where an import stands."""

    READING = "reading"
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


def can_import(roles: Set[Role]) -> bool:
    """Whether somebody may bring a roster in: the office and the headteacher."""
    return bool(roles & OFFICE)


def check_import(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may bring a roster in."""
    if not can_import(roles):
        raise NotAllowed("Only the office and the headteacher may bring a roster in.")
