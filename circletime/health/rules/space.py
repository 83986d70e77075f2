"""How long the disk lasts, from what was recorded lately and from what goes on which day. Plain Python."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from math import inf
from typing import NamedTuple

LOOKS_BACK = 14
"""Days whose recordings say how much comes in a day. Two weeks, so that weekends count as they come."""


class Kept(NamedTuple):
    """One recording: when it was made, when it goes (None while somebody keeps it), and its bytes."""

    made_on: date
    goes_on: date | None
    size: int


def daily_bytes(kept: Iterable[Kept], today: date) -> float:
    """Bytes that came in a day of the last two weeks, or of as many days as there were recordings."""
    lately = [one for one in kept if one.made_on > today - timedelta(days=LOOKS_BACK)]
    if not lately:
        return 0.0
    span = (today - min(one.made_on for one in lately)).days + 1
    return sum(one.size for one in lately) / span


def days_left(free: int, kept: Iterable[Kept], *, kept_for: int, today: date) -> float | None:
    """For how many days `free` bytes are enough; infinite when what goes makes room for what comes.

    Each recording is gone after `kept_for` days, so from then on as much goes as comes. None while nothing
    was recorded lately that it could be told from.
    """
    every = list(kept)
    daily = daily_bytes(every, today)
    if not daily:
        return None
    goes: dict[date, int] = defaultdict(int)
    for one in every:
        if one.goes_on is not None:
            goes[max(one.goes_on, today)] += one.size
    left = float(free) + goes[today]
    for day in range(1, kept_for + 1):
        left += goes[today + timedelta(days=day)] - daily
        if left < 0:
            return day - 1
    return inf
