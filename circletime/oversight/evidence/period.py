"""The stretch of time a report is about, and the parts of it that a trend shows. Plain Python."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from circletime.core.errors import Refused


class Span(StrEnum):
    """The stretches a report is usually asked for."""

    WEEK = "week"
    TERM = "term"
    YEAR = "year"


LONGEST = timedelta(days=3 * 366)
TERMS = (("Autumn term", (9, 1)), ("Spring term", (1, 1)), ("Summer term", (4, 16)))
"""When terms begin here: close to every school's, and the same for all who compare reports."""


@dataclass(frozen=True)
class Part:
    """One bar of a trend."""

    label: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Period:
    """From the morning of `first` to the night of `last`, in the school's time."""

    name: str
    first: date
    last: date
    zone: tzinfo

    @property
    def since(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def words(self) -> str:
        """As a heading has it."""
        return f"{self.name}, {day_words(self.first)} to {day_words(self.last)}"

    @property
    def each(self) -> str:
        """What a part of it is called."""
        days = (self.last - self.first).days + 1
        return "day" if days <= 14 else "week" if days <= 140 else "month"

    def parts(self) -> list[Part]:
        """Its days, weeks or months, the first and the last cut to it."""
        found, first = [], self.first
        while first <= self.last:
            following = _following(first, self.each)
            last = min(following - timedelta(days=1), self.last)
            label = f"{first:%b %Y}" if self.each == "month" else f"{first:%-d %b}"
            end = midnight(last + timedelta(days=1), self.zone)
            found.append(Part(label, midnight(first, self.zone), end))
            first = following
        return found


def day_words(day: date) -> str:
    """A day as people write it."""
    return f"{day:%-d %B %Y}"


def span_of(span: Span, today: date, zone: tzinfo, back: int = 0) -> Period:
    """The week, term or school year of `today`, or one so many before it."""
    first, last = _bounds(span, today)
    for _ in range(min(back, 200)):
        first, last = _bounds(span, first - timedelta(days=1))
    name = {Span.WEEK: "Week", Span.YEAR: "School year"}.get(span) or _term_name(first)
    return Period(name, first, last, zone)


def between(first: date | None, last: date | None, zone: tzinfo) -> Period:
    """Any days. Raises `Refused` beside the field to mend."""
    if first is None:
        raise Refused("from", "Say from which day, as 2026-09-01.", field="from", status=400)
    if last is None:
        raise Refused("to", "Say to which day, as 2026-12-18.", field="to", status=400)
    if last < first:
        raise Refused("to", "Choose a last day that is not before the first.", field="to", status=400)
    if last - first > LONGEST or not 2000 <= first.year <= last.year <= 2200:
        raise Refused("to", "Choose days at most three years apart.", field="to", status=400)
    return Period("Chosen days", first, last, zone)


def _bounds(span: Span, day: date) -> tuple[date, date]:
    if span == Span.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if span == Span.YEAR:
        began = date(day.year if day.month >= 9 else day.year - 1, 9, 1)
        return began, date(began.year + 1, 8, 31)
    begins = sorted(date(year, *on) for year in (day.year - 1, day.year, day.year + 1) for _, on in TERMS)
    first = max(each for each in begins if each <= day)
    following = min(each for each in begins if each > day)
    return first, following - timedelta(days=1)


def _term_name(first: date) -> str:
    return next(name for name, on in TERMS if on == (first.month, first.day))


def _following(first: date, each: str) -> date:
    if each == "day":
        return first + timedelta(days=1)
    if each == "week":
        return first + timedelta(days=7 - first.weekday())
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def midnight(day: date, zone: tzinfo) -> datetime:
    """When a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone)
