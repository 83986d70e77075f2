"""When a policy is looked at again, and what its adoption needs (C7)."""

from datetime import date, timedelta

from circletime.core.days import months_after
from circletime.core.errors import Refused
from circletime.policy import limits

LONGEST_NAME, LONGEST_MINUTE, MOST_SIGNATORIES = 120, 120, 12
"""Characters of a signatory's name and of a reference to the minutes; and how many may sign."""


def next_review(last: date, months: int = limits.REVIEW_MONTHS) -> date:
    """The day by which a policy that was adopted (or first published) on `last` is reviewed again."""
    return months_after(last, months)


def step_due(due_on: date, today: date) -> timedelta | None:
    """The reminder whose day has come: the latest of a month, a week and a day before. None before all."""
    passed = [step for step in limits.REVIEW_REMINDERS if today >= due_on - step]
    return min(passed, default=None)


def is_overdue(due_on: date, today: date) -> bool:
    """Whether the day has passed."""
    return today > due_on


def check_met_on(met_on: date | None, published_on: date, today: date) -> date:
    """The day of the board's meeting; raises `Refused` for one that is to come, or none."""
    if met_on is None:
        raise Refused("met_on", "Give the day of the board's meeting.", field="met_on", status=400)
    if met_on > today:
        raise Refused("met_on", "This day is still to come.", field="met_on", status=400)
    if met_on < published_on - BEFORE_PUBLISHING:
        raise Refused(
            "met_on",
            "The board met long before this version was published, so it cannot have adopted it.",
            field="met_on",
            status=400,
        )
    return met_on


BEFORE_PUBLISHING = timedelta(days=100)
"""A board may adopt a wording that is published later; a quarter later it would be a new review."""


def check_minute(text: str) -> str:
    """The reference to the minutes, tidied; raises `Refused` when there is none."""
    found = " ".join(text.split())
    if not found or len(found) > LONGEST_MINUTE:
        raise Refused(
            "minute",
            f"Give the reference to the minutes, in at most {LONGEST_MINUTE} characters.",
            field="minute",
            status=400,
        )
    return found


def check_signatories(text: str) -> list[str]:
    """Who signed, one name a line; raises `Refused` when nobody did."""
    names = [" ".join(line.split()) for line in text.splitlines()]
    names = list(dict.fromkeys(name for name in names if name))
    if not names:
        raise Refused(
            "signatories", "Type who signed, one name on each line.", field="signatories", status=400
        )
    if len(names) > MOST_SIGNATORIES or any(len(name) > LONGEST_NAME for name in names):
        raise Refused(
            "signatories",
            f"At most {MOST_SIGNATORIES} names, each of at most {LONGEST_NAME} characters.",
            field="signatories",
            status=400,
        )
    return names
