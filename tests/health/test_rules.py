"""When somebody is written to, and for how long the disk lasts."""

from datetime import date, datetime, timedelta
from math import inf

import pytest

from circletime.health.rules.alarms import CALM, Alarm, News, Told, letter, step, subject_line
from circletime.health.rules.finding import AT_ONCE, Subject, well, wrong
from circletime.health.rules.space import Kept, daily_bytes, days_left

NOON = datetime.fromisoformat("2026-11-24T12:00:00+00:00")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TODAY = date(2026, 11, 24)


def looks(
    *seen: tuple[timedelta, bool], patience: timedelta | None = AT_ONCE
) -> list[tuple[timedelta, News]]:
    """What is told, and when, of looks that found it fine or not."""
    alarm, told = Alarm(), []
    for after, fine in seen:
        alarm, news = step(alarm, fine=fine, patience=patience, now=NOON + after)
        if news is not None:
            told.append((after, news))
    return told


def every(step_: timedelta, until: timedelta, fine: bool, since: timedelta = AT_ONCE):
    return [(since + step_ * n, fine) for n in range(int((until - since) / step_))]


def test_what_is_well_is_told_to_nobody() -> None:
    assert looks(*every(MINUTE, DAY, True)) == []


def test_once_when_it_begins_once_a_day_and_once_when_it_is_over() -> None:
    bad = every(MINUTE, 2 * DAY + timedelta(hours=3), False)
    good = every(MINUTE, 3 * DAY, True, since=2 * DAY + timedelta(hours=3))
    assert looks(*bad, *good) == [
        (AT_ONCE, News.BEGUN),
        (DAY, News.GOES_ON),
        (2 * DAY, News.GOES_ON),
        (2 * DAY + timedelta(hours=3) + CALM, News.OVER),
    ]


def test_what_is_short_is_told_to_nobody() -> None:
    blink = [(AT_ONCE, False), (MINUTE, False), (2 * MINUTE, True), (3 * MINUTE, False)]
    assert looks(*blink, patience=3 * MINUTE) == []
    assert looks(*every(MINUTE, 5 * MINUTE, False), patience=3 * MINUTE) == [(3 * MINUTE, News.BEGUN)]


def test_what_comes_and_goes_is_one_alarm() -> None:
    """Bad every other minute, for an hour: one letter, and one when it stayed well."""
    flaps = [(MINUTE * n, bool(n % 2)) for n in range(60)]
    assert looks(*flaps, *every(MINUTE, 2 * timedelta(hours=1), True, since=60 * MINUTE)) == [
        (AT_ONCE, News.BEGUN),
        (59 * MINUTE + CALM, News.OVER),
    ]


def test_it_may_begin_again_after_it_was_over() -> None:
    told = looks((AT_ONCE, False), (MINUTE, True), (MINUTE + CALM, True), (2 * CALM, False))
    assert [news for _, news in told] == [News.BEGUN, News.OVER, News.BEGUN]


def test_a_subject_that_nobody_is_told_of_is_only_noted() -> None:
    assert looks(*every(MINUTE, 2 * DAY, False), patience=None) == []
    assert step(Alarm(), fine=False, patience=None, now=NOON) == (Alarm(NOON), None)


DISK = Told(News.BEGUN, wrong(Subject.DISK, "Only 3 GB are free.", "Make room."), NOON)
MAIL = Told(News.OVER, well(Subject.MAIL, "It answers."), NOON)


@pytest.mark.parametrize(
    "told, line",
    [
        ([DISK], "Circletime: Disk, to see to"),
        ([Told(News.GOES_ON, DISK.finding, NOON)], "Circletime: Disk, still to see to"),
        ([MAIL], "Circletime: Mail server, well again"),
        ([DISK, MAIL], "Circletime: 1 thing to see to"),
        ([DISK, DISK, MAIL], "Circletime: 2 things to see to"),
        ([MAIL, MAIL], "Circletime: 2 things are well again"),
    ],
)
def test_a_letter_says_in_its_subject_what_it_is(told: list[Told], line: str) -> None:
    assert subject_line(told) == line


def test_a_letter_says_what_since_when_and_what_to_do() -> None:
    text = letter([DISK, MAIL], school="Larkfield", page="https://meet.example/well/")
    for words in (
        "Circletime at Larkfield",
        "Disk, since 24 November 2026 at 12:00:\nOnly 3 GB are free.\nTo do: Make room.",
        "- Mail server",
        "once a day until it is well again",
        "https://meet.example/well/",
    ):
        assert words in text
    over = letter([MAIL], school="Larkfield", page="https://meet.example/well/")
    assert "Well again:\n- Mail server" in over and "once a day" not in over and "To do" not in over


GB = 1024**3


def kept(days_ago: int, size: int = GB, stays: int = 30) -> Kept:
    made = TODAY - timedelta(days=days_ago)
    return Kept(made, made + timedelta(days=stays), size)


def test_how_much_comes_in_a_day_is_told_from_two_weeks() -> None:
    assert daily_bytes([], TODAY) == 0
    assert daily_bytes([kept(20), kept(15)], TODAY) == 0
    assert daily_bytes([kept(0), kept(0)], TODAY) == 2 * GB
    assert daily_bytes([kept(3), kept(0)], TODAY) == GB / 2
    assert daily_bytes([kept(n) for n in range(30)], TODAY) == GB


def test_nobody_knows_before_anything_was_recorded() -> None:
    assert days_left(GB, [], kept_for=30, today=TODAY) is None
    assert days_left(GB, [kept(20)], kept_for=30, today=TODAY) is None


def test_a_disk_lasts_as_long_as_what_comes_fits() -> None:
    week = [kept(n) for n in range(7)]  # a gigabyte a day; the first goes in 24 days
    assert days_left(0, week, kept_for=30, today=TODAY) == 0
    assert days_left(10 * GB, week, kept_for=30, today=TODAY) == 10
    assert days_left(22 * GB, week, kept_for=30, today=TODAY) == 22
    assert days_left(23 * GB, week, kept_for=30, today=TODAY) == inf


def test_a_school_that_has_been_here_for_a_month_needs_no_more() -> None:
    month = [kept(n) for n in range(30)]
    assert days_left(0, month, kept_for=30, today=TODAY) == inf
    assert days_left(-GB, month, kept_for=30, today=TODAY) == 0


def test_what_somebody_keeps_makes_no_room() -> None:
    month = [kept(n)._replace(goes_on=None) for n in range(30)]
    assert days_left(3 * GB, month, kept_for=30, today=TODAY) == 3


def test_what_is_late_is_still_counted_as_going() -> None:
    late = Kept(TODAY - timedelta(days=40), TODAY - timedelta(days=10), 5 * GB)
    assert days_left(0, [late, kept(0)], kept_for=30, today=TODAY) == 5
