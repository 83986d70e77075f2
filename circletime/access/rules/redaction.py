"""What is left out of a film for one child's family, who decides that, and who agrees to it (T10)."""

import hashlib
import re
from collections.abc import Collection, Set
from enum import StrEnum
from typing import Any

from circletime.audit.rules import canonical
from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import WATCHERS, Role

LONGEST_NOTE = 200
MOST_MARKS = 200
"""Of one film. Whoever needs more leaves out longer stretches."""

OTHERS = "Another child"
"""What stands under the plain tile of everybody who is not shown."""


class Why(StrEnum):
    """Why a stretch is left out."""

    SIBLING = "sibling"
    NAME = "name"
    VOICE = "voice"
    SCREEN = "screen"
    PLACE = "place"
    OTHER = "other"

    @property
    def words(self) -> str:
        return _WHY[self]


_WHY = {
    Why.SIBLING: "Somebody else is in the picture",
    Why.NAME: "A name is said or shown",
    Why.VOICE: "Somebody else is heard",
    Why.SCREEN: "A shared screen shows something of others",
    Why.PLACE: "Something private is in the room",
    Why.OTHER: "Another reason",
}

_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)", re.ASCII)


def read_clock(text: str, *, field: str) -> int:
    """Seconds from `m:ss` or `h:mm:ss`; raises `Refused` beside `field` for anything else."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise Refused(field, "Write minutes and seconds, as 3:07.", field=field, status=400)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def clock(seconds: float) -> str:
    """A place in the film as a person reads it: 3:07."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def check_mark(begins: int, ends: int, length: float, *, picture: bool, sound: bool) -> None:
    """Raise `Refused` unless this is a stretch of the film in which something is left out."""
    if begins > length:
        said = f"The film is over at {clock(length)}."
        raise Refused("begins", said, field="begins", status=400)
    if ends <= begins:
        raise Refused("ends", "It has to end after it begins.", field="ends", status=400)
    if not picture and not sound:
        raise Refused("what", "Choose the picture, the sound, or both.", field="what", status=400)


def check_why(why: str) -> Why:
    """The reason that was chosen; raises `Refused` when none was."""
    try:
        return Why(why)
    except ValueError:
        raise Refused("why", "Choose why it is left out.", field="why", status=400) from None


def digest(cut: dict[str, Any]) -> str:
    """What an approval is of: the same for the same cut, and for no other."""
    return hashlib.sha256(canonical(cut).encode()).hexdigest()


def can_mark(roles: Set[Role]) -> bool:
    """Whether somebody may say what is left out, and see the film in which it is."""
    return bool(roles & WATCHERS)


def check_mark_allowed(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may say what is left out."""
    if not can_mark(roles):
        raise NotAllowed("Only senior leaders and the safeguarding lead may say what is left out.")


def can_approve(roles: Set[Role], person: int, makers: Collection[int]) -> bool:
    """Whether somebody may agree to a film: a leader who had no part in its making."""
    return can_mark(roles) and person not in makers


def check_approve(roles: Set[Role], person: int, makers: Collection[int]) -> None:
    """Raise `NotAllowed` unless somebody may agree to a film that these people made."""
    check_mark_allowed(roles)
    if person in makers:
        raise NotAllowed(
            "You had a part in making this film. Somebody else has to look at it and approve it."
        )


def can_sign_off(roles: Set[Role], person: int, makers: Collection[int]) -> bool:
    """Whether somebody may let a copy leave the school: the safeguarding lead, not who made the film."""
    return Role.DSL in roles and person not in makers


def check_sign_off(roles: Set[Role], person: int, makers: Collection[int]) -> None:
    """Raise `NotAllowed` unless somebody may let a copy leave the school."""
    if Role.DSL not in roles:
        raise NotAllowed("Only the safeguarding lead may let a copy leave the school.")
    if person in makers:
        raise NotAllowed("You had a part in making this film. Another safeguarding lead has to sign it off.")
