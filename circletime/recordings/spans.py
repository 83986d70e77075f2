"""Which seconds of a film: spans that are joined, cut to others, and read from bytes. Plain Python."""

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from circletime.recordings.rules import Span

Seconds = tuple[float, float]
"""From when to when, in seconds from the film's start."""

NEAR = 1.0
"""Seconds: spans that are so near one another are one."""
MOST = 200
"""Spans of one viewing; beyond that the smallest gaps are closed, so that it never grows without end."""


def merged(spans: Iterable[Sequence[float]]) -> list[Seconds]:
    """The same spans in order, with none touching another."""
    found: list[Seconds] = []
    for begins, ends in sorted((float(span[0]), float(span[1])) for span in spans):
        if found and begins <= found[-1][1] + NEAR:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    while len(found) > MOST:
        narrow = min(range(1, len(found)), key=lambda at: found[at][0] - found[at - 1][1])
        found[narrow - 1 : narrow + 1] = [(found[narrow - 1][0], found[narrow][1])]
    return found


def within(spans: Iterable[Sequence[float]], allowed: Iterable[Sequence[float]]) -> list[Seconds]:
    """What of `spans` is in `allowed`."""
    bounds = merged(allowed)
    parts = (
        (max(one[0], first), min(one[1], last))
        for one in merged(spans)
        for first, last in bounds
        if one[0] < last and first < one[1]
    )
    return merged(parts)


def length(spans: Iterable[Sequence[float]]) -> float:
    """How many seconds they are together."""
    return sum(ends - begins for begins, ends in merged(spans))


def of_bytes(part: Span, size: int, places: Sequence[int], lasts: float) -> Seconds | None:
    """The seconds of a film whose pictures or sound are in these of its `size` bytes; None for its index.

    `places` are the bytes of its first 1, 2, 3 … seconds; a film of before has none, and is taken to be even.
    """
    if not places:
        return math.floor(part.first / size * lasts), math.ceil((part.last + 1) / size * lasts)
    begins = size - places[-1]  # they are the last bytes of the film
    if part.last < begins:
        return None
    first = bisect_right(places, max(0, part.first - begins))
    last = bisect_left(places, part.last - begins + 1) + 1
    return float(min(first, len(places) - 1)), float(min(last, len(places)))


def read_told(text: str) -> list[Seconds]:
    """The spans that a browser says it played. Raises `ValueError` for what is no list of spans."""
    told = json.loads(text)
    if not isinstance(told, list) or len(told) > MOST:
        raise ValueError("not a list of spans")
    found = []
    for each in told:
        if not isinstance(each, list) or len(each) != 2 or not all(_is_number(one) for one in each):
            raise ValueError("not a span")
        begins, ends = float(each[0]), float(each[1])
        if not (math.isfinite(ends) and 0 <= begins <= ends):
            raise ValueError("not a span")
        found.append((round(begins, 1), round(ends, 1)))
    return merged(found)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
