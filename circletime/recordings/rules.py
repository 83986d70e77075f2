"""What may happen to a recording, when, and who may watch it. Plain Python; the time is an argument."""

import re
from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import WATCHERS, Role
from circletime.policy import limits


class State(StrEnum):
    """Where a recording stands."""

    PREPARING = "preparing"
    RECORDING = "recording"
    LOST = "lost"
    STOPPED = "stopped"
    DESTROYING = "destroying"
    DESTROYED = "destroyed"

    @property
    def words(self) -> str:
        return _STATES[self]


_STATES = {
    State.PREPARING: "Starting",
    State.RECORDING: "Recording",
    State.LOST: "Interrupted",
    State.STOPPED: "Kept",
    State.DESTROYING: "Destroyed",
    State.DESTROYED: "Destroyed",
}

CAPTURING = (State.PREPARING, State.RECORDING, State.LOST)
"""The recorder has, or should have, hold of it."""

GONE = (State.DESTROYING, State.DESTROYED)
"""The key is destroyed. Nothing leads back from here (T9)."""


class Film(StrEnum):
    """Where the film of a recording stands: one picture and one sound, made from all its tracks."""

    NONE = "none"
    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"

    @property
    def words(self) -> str:
        return _FILMS[self]


_FILMS = {
    Film.NONE: "No film yet",
    Film.WAITING: "The film waits to be made",
    Film.MAKING: "The film is being made",
    Film.READY: "Ready to watch",
    Film.FAILED: "The film could not be made",
}

FILM_LEASE = timedelta(seconds=30)
"""A film whose maker was not heard of for so long is made again from the start."""

FILM_TRIES = 3
"""A film that was begun so often and never ended is not begun again by itself."""

RECORDER_LEASE = timedelta(seconds=20)
"""One process at a time speaks to the recorder about one recording, for so long at most."""

GIVEN_UP_AFTER = timedelta(seconds=60)
"""A recorder that does not answer so long after the end of a meeting has nothing more to close."""


VIEWING_LASTS = timedelta(hours=4)
"""The reason somebody gave for watching holds for so long; then they are asked again."""


def destroy_on(made_on: date) -> date:
    """The day a recording made on `made_on` is destroyed (T9)."""
    return made_on + limits.RECORDING_KEPT


def can_watch(roles: Set[Role]) -> bool:
    """Whether somebody with these roles may watch recordings (T8, T10)."""
    return bool(roles & WATCHERS)


def check_watch(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody with these roles may watch recordings."""
    if not can_watch(roles):
        raise NotAllowed("Only senior leaders and the safeguarding lead may watch recordings.")


def check_why(why: str) -> str:
    """The reason for watching, tidied; raises `Refused` when it says nothing."""
    tidy = " ".join(why.split())
    if len(tidy) < 3:
        raise Refused("why", "Say why you are watching.", field="why", status=400)
    if len(tidy) > 300:
        raise Refused("why", "Say it in at most 300 characters.", field="why", status=400)
    return tidy


@dataclass(frozen=True)
class Span:
    """Bytes `first` to `last`, both counted in."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class BadRange(Exception):
    """No byte of what was asked for exists: HTTP 416."""


_RANGE = re.compile(r"bytes=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*", re.ASCII)


def read_range(header: str, size: int) -> Span | None:
    """The part of `size` bytes that a Range header asks for, or None for all of it.

    As RFC 9110 has it: what is not understood, and more than one part at a time, is answered with
    everything; a part that begins behind the end raises `BadRange`.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        if not last:
            return None
        if int(last) == 0 or size == 0:
            raise BadRange
        return Span(max(0, size - int(last)), size - 1)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise BadRange
    return Span(int(first), min(int(last), size - 1) if last else size - 1)
