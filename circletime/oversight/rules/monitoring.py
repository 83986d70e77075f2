"""Which meetings are looked at: a draw that anybody can repeat (C5). Plain Python.

Of each meeting of a month a ticket is made: SHA-256 over the last digest that the log had before the next
month began, a colon, and the meeting's public id. The smallest tickets are drawn.
"""

import hashlib
from collections.abc import Iterable, Set
from datetime import date
from enum import StrEnum

from circletime.core.days import months_after
from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import LOG_READERS, UPHOLDERS, Role
from circletime.policy.limits import MONITORED_A_MONTH


class Found(StrEnum):
    """What somebody found who looked at a meeting."""

    GOOD = "good"
    BETTER = "better"
    INCIDENT = "incident"

    @property
    def words(self) -> str:
        return _FOUND[self]


_FOUND = {
    Found.GOOD: "As the policy asks",
    Found.BETTER: "Something to do better",
    Found.INCIDENT: "An incident, which I have reported",
}

LOOKERS = UPHOLDERS
"""Who looks: the safeguarding lead, and the headteacher where that was the host."""

DRAW_READERS = LOG_READERS
"""Who sees what was drawn and whether it was looked at, and may repeat the draw."""


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def month_before(month: date) -> date:
    """The first day of the month before."""
    return months_after(month, -1)


def month_after(month: date) -> date:
    """The first day of the next month."""
    return months_after(month, 1)


def ticket(digest: str, public_id: str) -> str:
    """A meeting's ticket in a draw."""
    return hashlib.sha256(f"{digest}:{public_id}".encode()).hexdigest()


def drawn_of(digest: str, public_ids: Iterable[str]) -> list[str]:
    """The meetings that are drawn: those with the smallest tickets, the smallest first."""
    return sorted(public_ids, key=lambda each: ticket(digest, each))[:MONITORED_A_MONTH]


def is_late(month: date, looked_on: date | None, today: date) -> bool:
    """Whether a meeting drawn for `month` was not looked at by its end."""
    return (looked_on or today) >= month_after(month)


def can_look(roles: Set[Role], *, hosted: bool) -> bool:
    """Whether somebody may look at a drawn meeting and say what they found: nobody at their own."""
    return bool(roles & LOOKERS) and not hosted


def check_look(roles: Set[Role], *, hosted: bool, looked: bool) -> None:
    """Raise `Refused` unless somebody may say now what they found."""
    if not roles & LOOKERS:
        raise NotAllowed("Only the safeguarding lead and the headteacher look at drawn meetings.")
    if hosted:
        raise NotAllowed("Nobody looks at a meeting they hosted themselves.")
    if looked:
        raise Refused("looked", "Somebody has looked at this meeting already.")


def check_found(text: str) -> Found:
    """What was found; raises `Refused` where nothing was chosen."""
    if text not in set(Found):
        raise Refused("found", "Choose what you found.", field="found", status=400)
    return Found(text)
