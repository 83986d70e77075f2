"""Who exports and erases a person, on which ground, and when the time of what is kept has come."""

from collections.abc import Set
from datetime import date, datetime, time, tzinfo
from enum import StrEnum

from circletime.core.days import months_after
from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import PROTECTION_READERS, PROTECTORS, Role

RETENTION_RAN, RETENTION_GOES_ON = "protection.retention.ran", "protection.retention.goes_on"
"""In the log: a day's retention was carried out; or a part of it, and there is more."""

AT_MOST = 100
"""Meetings, sheets, incidents and people in one go: recordings do not wait behind years of registers."""


class Ground(StrEnum):
    """Why a person is erased before the school's own time. No free text: the log keeps it for good."""

    ASKED = "asked"
    MISTAKE = "mistake"
    NO_NEED = "no need"

    @property
    def words(self) -> str:
        return _GROUNDS[self]


_GROUNDS = {
    Ground.ASKED: "They, or who cares for the child, asked for it",
    Ground.MISTAKE: "They were entered by mistake",
    Ground.NO_NEED: "The school has no need of it any more",
}


def check_reads(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody reads what is kept of people."""
    if not roles & PROTECTION_READERS:
        raise NotAllowed("Only the office, the headteacher and the safeguarding lead read this.")


def check_protects(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody exports and erases people."""
    if not roles & PROTECTORS:
        raise NotAllowed("Only the headteacher and the safeguarding lead do this.")


CONCERN_KEPT = (
    "A safeguarding concern about them is kept. Only the safeguarding lead can say that it was handed on."
)


def can_hand_on(roles: Set[Role]) -> bool:
    """Whether somebody can say that a safeguarding concern went to the next school."""
    return Role.DSL in roles


def check_handed_on(roles: Set[Role], *, concerns: int, handed_on: bool) -> None:
    """A safeguarding concern goes with the child. Raise unless the safeguarding lead says that it has."""
    if not concerns:
        return
    if not can_hand_on(roles):
        raise NotAllowed(CONCERN_KEPT)
    if not handed_on:
        raise Refused(
            "handed_on",
            "A safeguarding concern about them is kept here. Hand it on first, and say so.",
            field="handed_on",
            status=400,
        )


def check_ground(typed: str) -> Ground:
    """The ground that was chosen. Raises `Refused` beside its field for any other."""
    if typed not in set(Ground):
        raise Refused("ground", "Choose why.", field="ground", status=400)
    return Ground(typed)


def check_confirmed(confirmed: bool) -> None:
    """Raise `Refused` unless somebody said that they know it cannot be undone."""
    if not confirmed:
        raise Refused("sure", "Tick that you know it cannot be undone.", field="sure", status=400)


def check_nothing_against(against: list[str]) -> None:
    """Raise `Refused` with what stands against it, in plain sentences."""
    if against:
        raise Refused("against", " ".join(against))


def ended_before(today: date, months: int, zone: tzinfo) -> datetime:
    """What ended before this moment has been kept for so many months: the first moment of that day."""
    return datetime.combine(months_after(today, -months), time(), zone)
