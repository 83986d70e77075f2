"""What is told, to whom it is owed, and where each household stands. Plain Python."""

import re
from collections.abc import Iterable, Set
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import LETTER_KEEPERS, OFFICE, Role, folded


class What(StrEnum):
    """What a notice tells."""

    ACCESS = "access"
    TEACHING = "teaching"
    MOVED = "moved"
    CANCELLED = "cancelled"
    ABORTED = "aborted"
    CONDUCT = "conduct"

    @property
    def words(self) -> str:
        return _WHAT[self]


_WHAT = {
    What.ACCESS: "How to join",
    What.TEACHING: "It is for teaching, and how to join",
    What.MOVED: "It has moved",
    What.CANCELLED: "It does not take place",
    What.ABORTED: "It was broken off",
    What.CONDUCT: "Code of conduct to accept",
}

INVITES = frozenset({What.ACCESS, What.TEACHING, What.MOVED})
"""Each says what the meeting is for, when it is and how to join it (R2, R5)."""


class Channel(StrEnum):
    """How a household was told."""

    EMAIL = "email"
    SCHOOLPING = "schoolping"
    PAPER = "paper"
    SPOKEN = "spoken"

    @property
    def words(self) -> str:
        return _CHANNELS[self]


_CHANNELS = {
    Channel.EMAIL: "E-mail",
    Channel.SCHOOLPING: "SchoolPing",
    Channel.PAPER: "Paper",
    Channel.SPOKEN: "Spoken",
}

BY_HAND = (Channel.PAPER, Channel.SCHOOLPING, Channel.SPOKEN)
"""What the office ticks; Circletime sees nothing of it."""


class Standing(StrEnum):
    """Where one household stands with one notice."""

    READY = "ready"
    SENT = "sent"
    SEEN = "seen"
    TOLD = "told"
    FAILED = "failed"
    NO_ADDRESS = "no address"
    STOPPED = "stopped"

    @property
    def words(self) -> str:
        return _STANDINGS[self]


_STANDINGS = {
    Standing.READY: "Ready",
    Standing.SENT: "Sent",
    Standing.SEEN: "Seen",
    Standing.TOLD: "Told",
    Standing.FAILED: "Failed",
    Standing.NO_ADDRESS: "No address",
    Standing.STOPPED: "Not sent",
}

REACHED = frozenset({Standing.SENT, Standing.SEEN, Standing.TOLD})
"""The household has been told, as far as anybody can know."""

NEEDS_HANDS = frozenset({Standing.FAILED, Standing.NO_ADDRESS})
"""Somebody in the office has to do something."""


def standing(*, letter: str | None, told: bool, seen: bool) -> Standing:
    """Where a household stands: `letter` is its e-mail's state in the outbox, or None without one."""
    if letter == "sent":
        return Standing.SEEN if seen else Standing.SENT
    if told:
        return Standing.SEEN if seen else Standing.TOLD
    if letter is None:
        return Standing.NO_ADDRESS
    return {"failed": Standing.FAILED, "stopped": Standing.STOPPED}.get(letter, Standing.READY)


class Reason(StrEnum):
    """Why a meeting was broken off (T12). OTHER is in the host's own words."""

    INTERNET = "internet"
    SAFEGUARDING = "safeguarding"
    ILLNESS = "illness"
    TECHNICAL = "technical"
    OTHER = "other"


_READY = {
    "internet failure": Reason.INTERNET,
    "safeguarding": Reason.SAFEGUARDING,
    "staff illness": Reason.ILLNESS,
}


def read_reason(text: str) -> Reason:
    """The ready reason that `text` is, whatever its case; else the host's own words."""
    return _READY.get(" ".join(text.split()).lower(), Reason.OTHER)


def words_for_families(text: str, names: Iterable[str]) -> str:
    """A host's own words as a whole class may read them: nothing of them where they name one of `names`.

    A meeting is broken off in a hurry, so it is never refused for its words; they stay in the register.
    """
    said = {folded(word) for word in re.findall(r"[\w'’-]+", text)}  # noqa: RUF001  as people type it
    said |= {folded(part) for word in re.findall(r"[\w'’-]+", text) for part in re.split("['’-]", word)}  # noqa: RUF001
    whole = folded(text)
    for name in names:
        plain = folded(name)
        if plain and (plain in said or (" " in name.strip() and plain in whole)):
            return ""
    return " ".join(text.split())


@dataclass(frozen=True)
class Gathering:
    """A meeting with families, as its letters tell of it. `about` is how the audit log names it."""

    about: str
    uid: str
    sequence: int
    kind: str
    purpose: str
    starts_at: datetime
    minutes: int
    class_name: str
    group_name: str
    host_name: str
    host_email: str

    @property
    def ends_at(self) -> datetime:
        """When it ends as planned."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def teaching(self) -> bool:
        """Whether parents have to know beforehand what it is for (R5)."""
        return self.purpose == "teaching"

    @property
    def with_pupils(self) -> bool:
        """Whether children meet in it, and not only adults."""
        return self.kind != "parents"

    def as_json(self) -> dict[str, Any]:
        """As it is kept with a notice."""
        return asdict(self) | {"starts_at": self.starts_at.isoformat()}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """What `as_json` made."""
        return cls(**kept | {"starts_at": datetime.fromisoformat(kept["starts_at"])})


def can_see(roles: Set[Role]) -> bool:
    """Whether somebody sees who was told of which meeting (T4)."""
    return bool(roles & LETTER_KEEPERS)


def can_hand_out(roles: Set[Role]) -> bool:
    """Whether somebody takes families' links out of Circletime, to print or to send otherwise (T4)."""
    return bool(roles & OFFICE)


def check_see(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody looks after what families are told."""
    if not can_see(roles):
        raise NotAllowed("Only the office and senior leaders look after what families are told.")


def check_hand_out(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may take families' links out."""
    if not can_hand_out(roles):
        raise NotAllowed("Only the office takes families' links out of Circletime.")


def check_by_hand(channel: str) -> Channel:
    """The way the office says a household was told. Raises `Refused` for any other."""
    if channel not in BY_HAND:
        raise Refused("how", "Say how they were told.", field="how", status=400)
    return Channel(channel)


LONGEST_ADDRESS = 300


def check_work_address(text: str) -> str:
    """Where a class's work goes on, as J2e (R4), or nothing. Raises `Refused` for what is no address."""
    tidy = text.strip()
    if tidy and (
        len(tidy) > LONGEST_ADDRESS or not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[!-~]*)?", tidy)
    ):
        said = "Give the whole address, beginning with https://, or leave it empty."
        raise Refused("address", said, field="address", status=400)
    return tidy
