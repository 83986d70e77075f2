"""What may happen to a recording, when, and who may watch it. Plain Python; the time is an argument."""

import re
from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import EARLY_DELETERS, HOLDERS, HOSTS, WATCHERS, Role
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


class FilmKind(StrEnum):
    """What a film shows of a recording."""

    WHOLE = "whole"
    PERSON = "person"
    REDACTED = "redacted"

    @property
    def words(self) -> str:
        return _FILM_KINDS[self]


_FILM_KINDS = {
    FilmKind.WHOLE: "Everybody",
    FilmKind.PERSON: "One person, with everybody's sound",
    FilmKind.REDACTED: "Only those it is meant to show",
}


class FilmState(StrEnum):
    """Where a film stands: one picture and one sound, made from a recording's tracks."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"

    @property
    def words(self) -> str:
        return _FILMS[self]


_FILMS = {
    FilmState.WAITING: "The film waits to be made",
    FilmState.MAKING: "The film is being made",
    FilmState.READY: "Ready to watch",
    FilmState.FAILED: "The film could not be made",
}

NO_FILM = "No film yet"

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


def destroy_on(made_on: date, kept: timedelta = limits.RECORDING_KEPT) -> date:
    """The day a recording made on `made_on` is destroyed (T9), `kept` as long as the school keeps them."""
    return made_on + kept


class Rule(StrEnum):
    """Why a recording was destroyed, as its certificate says."""

    DAY = "T9"
    EARLY = "early"
    NEVER_BEGAN = "never began"

    @property
    def words(self) -> str:
        return _RULES[self]


_RULES = {
    Rule.DAY: "Its 30 days were over (clause T9).",
    Rule.EARLY: "It was deleted early, by the headteacher and the safeguarding lead together.",
    Rule.NEVER_BEGAN: "The meeting never began, so there was nothing to keep.",
}


class Ground(StrEnum):
    """Why a recording may be deleted before its day. A certificate says this and no free text."""

    MISTAKE = "mistake"
    NOT_MEANT = "not meant"
    HARM = "harm"
    ORDER = "order"
    OTHER = "other"

    @property
    def words(self) -> str:
        return _GROUNDS[self]


_GROUNDS = {
    Ground.MISTAKE: "The meeting was recorded by mistake",
    Ground.NOT_MEANT: "Somebody is in it who should not have been recorded",
    Ground.HARM: "Something harmful or private is in it",
    Ground.ORDER: "A court or the regulator asked for it",
    Ground.OTHER: "Another reason",
}

SHORTEST_REASON, LONGEST_REASON = 3, 500
"""In characters."""


def is_past(destroy_on: date, today: date, *, held: bool) -> bool:
    """Whether its day has come and nothing keeps it: it is due, and nobody watches it any more (T9)."""
    return destroy_on <= today and not held


def check_reason(reason: str, ask: str, *, field: str = "reason", most: int = LONGEST_REASON) -> str:
    """A reason, tidied; raises `Refused` beside `field`, with the sentence `ask` when it says nothing."""
    tidy = " ".join(reason.split())
    if len(tidy) < SHORTEST_REASON:
        raise Refused(field, ask, field=field, status=400)
    if len(tidy) > most:
        raise Refused(field, f"Say it in at most {most} characters.", field=field, status=400)
    return tidy


def check_review(review_on: date | None, today: date) -> date:
    """The day a hold is looked at again; raises `Refused` unless it is to come, within a year."""
    latest = today + limits.HOLD_REVIEWED_WITHIN
    if review_on is None:
        raise Refused("review_on", "Say on which day this is looked at again.", field="review_on", status=400)
    if review_on <= today:
        raise Refused("review_on", "Choose a day that is to come.", field="review_on", status=400)
    if review_on > latest:
        raise Refused("review_on", "Choose a day within a year.", field="review_on", status=400)
    return review_on


def check_hold(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody with these roles may keep a recording longer."""
    if not roles & HOLDERS:
        raise NotAllowed("Only senior leaders and the safeguarding lead may keep a recording longer.")


def check_early(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody is one of the two who may delete a recording early."""
    if not roles & EARLY_DELETERS:
        raise NotAllowed("Only the headteacher and the safeguarding lead may delete a recording early.")


def two_together(first: Set[Role], second: Set[Role]) -> bool:
    """Whether two people are headteacher and safeguarding lead between them, each as one of the two."""
    ones, others = first & EARLY_DELETERS, second & EARLY_DELETERS
    return any(one != other for one in ones for other in others)


def early_expires(asked_at: datetime) -> datetime:
    """When a wish to delete early that nobody confirmed is over."""
    return asked_at + limits.EARLY_DELETION_WAITS


CLOCK_MAY_LEAP = timedelta(days=7)
"""A worker that was away longer, or whose clock says so, destroys nothing until a person has looked."""

CLOCK_MAY_LAG = timedelta(minutes=5)
"""So far the clock may be behind what was written already."""


def clock_trouble(now: datetime, last_run: datetime | None, newest: datetime | None) -> str:
    """Why `now` cannot be trusted with destroying anything; empty when it can.

    `last_run` is when it was last trusted, `newest` the latest moment that was written down since.
    """
    if newest is not None and newest > now + CLOCK_MAY_LAG:
        return "behind"
    if last_run is not None and last_run > now + CLOCK_MAY_LAG:
        return "behind"
    before = last_run or newest
    if before is not None and now > before + CLOCK_MAY_LEAP:
        return "ahead"
    return ""


CLOCK_WORDS = {
    "behind": "the clock is behind what was written already",
    "ahead": f"the clock is more than {CLOCK_MAY_LEAP.days} days after the last time this was looked at",
}


def can_watch(roles: Set[Role]) -> bool:
    """Whether somebody with these roles may watch recordings (T8, T10)."""
    return bool(roles & WATCHERS)


def check_watch(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody with these roles may watch recordings."""
    if not can_watch(roles):
        raise NotAllowed("Only senior leaders and the safeguarding lead may watch recordings.")


def can_watch_when_opened(roles: Set[Role], *, until: datetime | None, now: datetime) -> bool:
    """Whether somebody who may host watches what is open to them until then; time alone ends it."""
    return until is not None and now < until and bool(roles & HOSTS)


def check_open(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody with these roles may open a recording to its teacher."""
    if not can_watch(roles):
        raise NotAllowed("Only senior leaders and the safeguarding lead may open a recording to its teacher.")


def check_days(days: int | None) -> timedelta:
    """For how long a recording is opened; raises `Refused` beside the field."""
    most = limits.OPENING_LASTS.days
    if days is None or not 1 <= days <= most:
        raise Refused("days", f"Choose from 1 to {most} days.", field="days", status=400)
    return timedelta(days=days)


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
