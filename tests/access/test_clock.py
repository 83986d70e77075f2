"""By when a request is answered: calendar months as the regulator counts them (T10)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circletime.access.actions import ending
from circletime.access.models import Letter
from circletime.access.rules.clock import clock_words, due_on, extended_until
from circletime.core.days import months_after
from circletime.core.errors import Refused
from circletime.people.models import User
from tests.access.conftest import ASKED, Asked, recorded


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-25", "2026-12-25"),  # Christmas Day: bank holidays are not known here
        ("2026-09-03", "2026-10-05"),  # the 3rd is a Saturday
        ("2026-10-01", "2026-11-02"),  # the 1st is a Sunday
        ("2026-08-31", "2026-09-30"),  # there is no 31st
        ("2026-01-31", "2026-03-02"),  # 28 February 2026 is a Saturday, the 2nd of March the Monday after
        ("2028-01-31", "2028-02-29"),  # a leap year
        ("2026-12-31", "2027-02-01"),  # over the year's end; 31 January 2027 is a Sunday
    ],
)
def test_a_month_is_the_corresponding_day_or_the_last(asked: str, due: str) -> None:
    assert due_on(date.fromisoformat(asked)) == date.fromisoformat(due)


@given(st.dates(date(2000, 1, 1), date(2200, 1, 1)), st.integers(1, 12))
def test_so_many_months_on_is_that_month_and_never_a_later_day(day: date, months: int) -> None:
    found = months_after(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or ((found + timedelta(days=1)).day == 1 and found.day < day.day)
    assert due_on(day).weekday() < 5 and 28 <= (due_on(day) - day).days <= 33
    assert 87 <= (extended_until(day) - day).days <= 95 and extended_until(day).weekday() < 5


def test_the_time_that_is_left_is_said_as_a_person_says_it() -> None:
    day = date(2026, 12, 25)
    said = [clock_words(day, day + timedelta(days=n)) for n in (-2, -1, 0, 1, 2)]
    assert said == ["2 days left", "1 day left", "Due today", "Overdue by 1 day", "Overdue by 2 days"]


def test_two_more_months_are_taken_once_within_the_first_and_they_are_told_why(
    ask: Asked, staff: dict[str, User]
) -> None:
    case = ask()
    assert case.due_on == date(2026, 12, 25)
    with pytest.raises(Refused, match="Say why"):
        ending.extend(case=case, reason="", by=staff["slt"], now=ASKED)
    longer = ending.extend(
        case=case, reason="Forty recordings", by=staff["slt"], now=ASKED + timedelta(days=30)
    )
    assert longer.due_on == date(2027, 2, 25)
    told = Letter.objects.get()
    assert "“Forty recordings”" in told.text and "25 February 2027" in told.text and "ico.org.uk" in told.text
    with pytest.raises(Refused, match="there are no more"):
        ending.extend(case=case, reason="Once more", by=staff["slt"], now=ASKED)


def test_the_day_after_the_first_month_it_is_too_late_for_more(ask: Asked, staff: dict[str, User]) -> None:
    case = ask()
    with pytest.raises(Refused, match="only within the first month"):
        ending.extend(case=case, reason="Forty recordings", by=staff["slt"], now=ASKED + timedelta(days=31))
    case.refresh_from_db()
    assert case.extended_at is None and not Letter.objects.exists()


def test_the_hold_is_looked_at_again_when_more_time_was_taken(
    ask: Asked, staff: dict[str, User], amara: object
) -> None:
    recorded(staff, amara)  # type: ignore[arg-type]
    case = ending.extend(case=ask(), reason="Forty recordings", by=staff["headteacher"], now=ASKED)
    assert case.hold is not None
    case.hold.refresh_from_db()
    assert case.hold.review_on == case.due_on == date(2027, 2, 25)
