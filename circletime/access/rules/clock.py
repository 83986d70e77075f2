"""By when a request has to be answered. Calendar months, as the regulator counts them.

Counted is from the day of asking, also where the identity was shown later: that is the stricter way. A day
that is not there in a shorter month is its last; one on a weekend is the Monday after. Bank holidays are
not known here, so a day never comes out later than the law has it.
"""

from datetime import date, timedelta

from circletime.core.days import months_after
from circletime.core.errors import Refused
from circletime.policy import limits

SATURDAY = 5


def working_day(day: date) -> date:
    """`day`, or the Monday after when it is on a weekend."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= SATURDAY else day


def due_on(asked_on: date) -> date:
    """The last day to answer a request made on `asked_on` (T10)."""
    return working_day(months_after(asked_on, limits.REQUEST_MONTHS))


def extended_until(asked_on: date) -> date:
    """The last day to answer when the request is complex and the asker was told so in time."""
    return working_day(months_after(asked_on, limits.REQUEST_MONTHS + limits.REQUEST_MORE_MONTHS))


def can_extend(asked_on: date, today: date, *, extended: bool) -> bool:
    """Whether two more months may still be taken: once, and only within the first month."""
    return not extended and today <= due_on(asked_on)


def check_extend(asked_on: date, today: date, *, extended: bool) -> None:
    """Raise `Refused` unless two more months may still be taken."""
    if extended:
        raise Refused("extended", "Two more months were taken already; there are no more.")
    if not can_extend(asked_on, today, extended=extended):
        raise Refused("too_late", "Two more months can be taken only within the first month. It is over.")


def clock_words(due: date, today: date) -> str:
    """How much time is left, as a person says it."""
    left = (due - today).days
    if left < 0:
        return f"Overdue by {-left} day{'' if left == -1 else 's'}"
    if left == 0:
        return "Due today"
    return f"{left} day{'' if left == 1 else 's'} left"
