"""What one clause comes to in a period: a sentence, exceptions, a trend, the rows beneath. Plain Python."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from circletime.oversight.evidence.period import Period

FEW = 5
"""Below this, a number of people could tell who they are."""


class Verdict(StrEnum):
    """What a governor reads first."""

    KEPT = "kept"
    EXCEPTIONS = "exceptions"
    NOTHING = "nothing"

    @property
    def words(self) -> str:
        return _VERDICTS[self]


_VERDICTS = {
    Verdict.KEPT: "Kept each time",
    Verdict.EXCEPTIONS: "With exceptions",
    Verdict.NOTHING: "Nothing to count",
}


@dataclass(frozen=True)
class Item:
    """One thing that was looked at, or several of one meeting: how many, and how many were not as asked.

    `what` names no child and no family; `meeting` is the public id of the meeting it was in, if any.
    """

    at: datetime
    what: str
    of: int = 1
    bad: int = 0
    note: str = ""
    meeting: str = ""


@dataclass(frozen=True)
class Point:
    """One bar of the trend."""

    label: str
    of: int
    bad: int


@dataclass(frozen=True)
class Figure:
    """What was counted for one clause. `people` numbers are told roughly: see `rough`."""

    sentence: str
    counts: str
    items: tuple[Item, ...] = ()
    people: bool = False
    cannot: str = ""

    @property
    def of(self) -> int:
        return sum(item.of for item in self.items)

    @property
    def bad(self) -> int:
        return sum(item.bad for item in self.items)

    @property
    def verdict(self) -> Verdict:
        if not self.of:
            return Verdict.NOTHING
        return Verdict.EXCEPTIONS if self.bad else Verdict.KEPT

    @property
    def exceptions(self) -> str:
        """How many, in words."""
        if self.verdict == Verdict.NOTHING:
            return ""
        return self.number(self.bad) if self.bad else "none"

    def number(self, count: int) -> str:
        """A number as this figure may tell it."""
        return rough(count) if self.people else f"{count:,}"

    def trend(self, period: Period) -> list[Point]:
        """Its items by the parts of the period."""
        parts = period.parts()
        sums = [[0, 0] for _ in parts]
        place = 0
        for item in sorted(self.items, key=lambda each: each.at):
            while place < len(parts) - 1 and item.at >= parts[place].until:
                place += 1
            sums[place][0] += item.of
            sums[place][1] += item.bad
        return [Point(part.label, of, bad) for part, (of, bad) in zip(parts, sums, strict=True)]


def rough(count: int) -> str:
    """A number of people, so that nobody can be told from it: exact when nobody, fewer than five as that,
    otherwise to the nearest five, so that the difference of two numbers tells no more."""
    if count == 0:
        return "0"
    if count < FEW:
        return f"fewer than {FEW}"
    return f"about {FEW * round(count / FEW):,}"


def of_all(good: int, all_: int, what: str) -> str:
    """As: 212 of 212 meetings."""
    return f"{good:,} of {all_:,} {what}"


def of_people(all_: int, bad: int, what: str) -> str:
    """The same where those that were not are people: exact when there is none."""
    return of_all(all_, all_, what) if not bad else f"All but {rough(bad)} of {all_:,} {what}"


def clock(span: timedelta) -> str:
    """As: 20:00.4; from an hour on 1:20:00.4."""
    tenths = round(span.total_seconds() * 10)
    seconds, tenth = divmod(tenths, 10)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{head}:{seconds:02}.{tenth}"


def longest(spans: Iterable[timedelta]) -> str:
    """The longest of them, in words that follow a semicolon; nothing when there is none."""
    every = list(spans)
    return f"; longest {clock(max(every))}" if every else ""


def span_words(span: timedelta) -> str:
    """As: 40 minutes, 3 hours, 2 days; roughly."""
    minutes = span.total_seconds() / 60
    for size, unit, most in ((1, "minute", 90), (60, "hour", 48 * 60), (24 * 60, "day", float("inf"))):
        if minutes < most:
            count = round(minutes / size)
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    raise ValueError(f"{span} is no span")


def nothing(counts: str, why: str = "", cannot: str = "") -> Figure:
    """There was nothing to count."""
    return Figure(why or "There was none in this period.", counts, cannot=cannot)
