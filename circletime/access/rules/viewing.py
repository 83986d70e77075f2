"""Seeing a recording with a senior leader there (T10): when, who, and how far. The time is an argument.

What the other browser is sent is decided here, second by second of the film: the leader has to be there, and
nothing is sent from further on than where they are.
"""

import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from circletime.access.rules.invitation import LONGEST_VIEWING
from circletime.core.errors import Refused
from circletime.policy import limits

CLOCK_MAY_LAG = timedelta(seconds=2)
"""So far the clock may be behind what was written already; further, and nobody counts as there."""

AHEAD, BEHIND = 2.0, 4.0
"""Seconds of film: so far from the leader's place a piece may begin that the other page fetches."""

VIEWER_AWAY_AFTER = timedelta(seconds=5)
"""The other page asks every second; after so long it is taken for closed."""

LONGER_BY = timedelta(minutes=15)
"""What one press adds to a viewing that is not done in its time."""

SECRET_BYTES = 32
"""Of a link to a viewing or to a copy."""

SAME_PLACE = 1.5
"""Seconds of film: what goes on from so near is the same stretch."""


class Light(StrEnum):
    """What the other page shows. It shows the film in one case only."""

    EARLY = "early"
    WAITING = "waiting"
    AWAY = "away"
    ON = "on"
    OVER = "over"


@dataclass(frozen=True)
class Standing:
    """Everything that decides whether the film may be seen, as it is at one moment."""

    starts_at: datetime
    ends_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    seen_at: datetime | None
    going_on: bool
    """The request may go on: nobody stopped it, and the invitation stands."""


def opens_at(starts_at: datetime) -> datetime:
    """From when the link works, and the leader may begin."""
    return starts_at - limits.VIEWING_OPENS_BEFORE


def is_there(seen_at: datetime | None, now: datetime) -> bool:
    """Whether the leader counts as there: their page was heard of within ten seconds."""
    return seen_at is not None and -CLOCK_MAY_LAG <= now - seen_at <= limits.LEADER_MAY_BE_AWAY


def light(standing: Standing, now: datetime) -> Light:
    """Whether the film may be seen at this moment, and if not, why not."""
    if not standing.going_on or standing.closed_at is not None or now >= standing.ends_at:
        return Light.OVER
    if now < opens_at(standing.starts_at):
        return Light.EARLY
    if standing.opened_at is None:
        return Light.WAITING
    return Light.ON if is_there(standing.seen_at, now) else Light.AWAY


def check_open(standing: Standing, now: datetime) -> None:
    """Raise `Refused` unless a viewing may be opened, or gone on with, at this moment."""
    now_is = light(standing, now)
    if now_is == Light.OVER:
        raise Refused("over", "This viewing is over.", status=410)
    if now_is == Light.EARLY:
        minutes = round(limits.VIEWING_OPENS_BEFORE.total_seconds() / 60)
        raise Refused("early", f"It can be opened {minutes} minutes before its time.")


def longer(starts_at: datetime, ends_at: datetime) -> datetime:
    """A later end; raises `Refused` when it would be longer than a viewing may be."""
    later = ends_at + LONGER_BY
    if later - starts_at > timedelta(minutes=LONGEST_VIEWING):
        raise Refused("long", f"A viewing is over after {LONGEST_VIEWING} minutes. Arrange another one.")
    return later


@dataclass(frozen=True)
class Play:
    """What the leader's player said last. `at` is a second of the film, `said_at` the server's time then."""

    at: float
    playing: bool
    said_at: datetime | None


def place(play: Play, now: datetime) -> float:
    """Where in the film the leader is. It goes on by itself only as long as they count as there."""
    if not play.playing or play.said_at is None:
        return play.at
    gone = min(max(now - play.said_at, timedelta(0)), limits.LEADER_MAY_BE_AWAY)
    return play.at + gone.total_seconds()


def may_fetch(number: int, seconds: float, play: Play, now: datetime) -> bool:
    """Whether the piece `number`, of so many seconds, is near enough to where the leader is."""
    at = place(play, now)
    return number * seconds <= at + AHEAD and (number + 1) * seconds >= at - BEHIND


def check_place(at: float, length: float) -> float:
    """A place that a page said the film is at; raises `Refused` for what is none."""
    if not math.isfinite(at) or not 0 <= at <= length + 1:
        raise Refused("at", "That is no place in this film.", status=400)
    return at


def shown(before: Play, at: float, now: datetime) -> tuple[float, float] | None:
    """The stretch that was played since the player's last word, now that it says `at`; None when none was."""
    if not before.playing or before.said_at is None:
        return None
    likely = place(before, now)
    ends = at if before.at <= at <= likely + SAME_PLACE else likely  # or they went somewhere else
    return (before.at, ends) if ends > before.at else None


def new_secret() -> str:
    """What opens a link, or what one browser is known by: 256 bits."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hashed(secret: str) -> str:
    """All that is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def fits(secret: str, kept: str) -> bool:
    """Whether this is the secret whose hash was kept; takes the same time either way."""
    return bool(kept) and secrets.compare_digest(hashed(secret), kept)


def can_begin_again(begun_at: datetime | None, ended_at: datetime | None, now: datetime) -> bool:
    """Whether a copy may be taken now: never before, or begun within the hour and broken off."""
    if ended_at is not None:
        return False
    return begun_at is None or -CLOCK_MAY_LAG <= now - begun_at <= limits.COPY_AGAIN_WITHIN
