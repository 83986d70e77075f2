"""When somebody is written to about what is wrong: once when it begins, once a day, once when it is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from circletime.health.rules.finding import Finding

AGAIN_AFTER = timedelta(days=1)
CALM = timedelta(minutes=10)
"""It has been well for so long before it counts as over: what comes and goes is one alarm, not ten."""


class News(StrEnum):
    """What there is to tell."""

    BEGUN = "begun"
    GOES_ON = "goes on"
    OVER = "over"


@dataclass(frozen=True)
class Alarm:
    """Where one subject stands. Nothing is set while all is well."""

    wrong_since: datetime | None = None
    told_at: datetime | None = None
    fine_since: datetime | None = None


def step(alarm: Alarm, *, fine: bool, patience: timedelta | None, now: datetime) -> tuple[Alarm, News | None]:
    """Where it stands after one more look, and what is to be told. Nothing is where `patience` is None."""
    if fine:
        return _after_a_good_look(alarm, now)
    since = alarm.wrong_since or now
    if patience is None or (alarm.told_at is None and now - since < patience):
        return Alarm(since), None
    if alarm.told_at is None:
        return Alarm(since, now), News.BEGUN
    if now - alarm.told_at >= AGAIN_AFTER:
        return Alarm(since, now), News.GOES_ON
    return Alarm(since, alarm.told_at), None


def _after_a_good_look(alarm: Alarm, now: datetime) -> tuple[Alarm, News | None]:
    if alarm.told_at is None:
        return Alarm(), None  # nobody heard of it
    since = alarm.fine_since or now
    if now - since < CALM:
        return Alarm(alarm.wrong_since, alarm.told_at, since), None
    return Alarm(), News.OVER


@dataclass(frozen=True)
class Told:
    """One thing in a letter. `since` is when it began, in the school's own time."""

    news: News
    finding: Finding
    since: datetime


def subject_line(told: Sequence[Told]) -> str:
    """As a mail program lists it."""
    if len(told) == 1:
        return f"Circletime: {told[0].finding.subject.words}, {_STATES[told[0].news]}"
    bad = sum(one.news != News.OVER for one in told)
    if not bad:
        return f"Circletime: {len(told)} things are well again"
    return f"Circletime: {bad} thing{'' if bad == 1 else 's'} to see to"


_STATES = {News.BEGUN: "to see to", News.GOES_ON: "still to see to", News.OVER: "well again"}


def letter(told: Sequence[Told], *, school: str, page: str) -> str:
    """What was found, what to do, and where it stands. Names nobody."""
    bad = [one for one in told if one.news != News.OVER]
    good = [one for one in told if one.news == News.OVER]
    parts = [f"this is about Circletime at {school}, the program that meetings are held with."]
    parts += [_paragraph(one) for one in bad]
    if good:
        heading = "Well again" if not bad else "Well again, and nothing to do any more"
        parts.append("\n".join([f"{heading}:", *(f"- {one.finding.subject.words}" for one in good)]))
    if bad:
        parts.append(
            "Give this letter to whoever looks after the machine, unless it is you. A letter like this comes "
            "once a day until it is well again, and then once more."
        )
    parts.append(f"How everything stands: {page}")
    return "\n\n".join(parts) + "\n"


def _paragraph(one: Told) -> str:
    lines = [f"{one.finding.subject.words}, since {one.since:%-d %B %Y at %H:%M}:", one.finding.says]
    return "\n".join([*lines, *([f"To do: {one.finding.do}"] if one.finding.do else [])])
