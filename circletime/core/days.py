"""Reckoning with days of the calendar."""

import calendar
from datetime import date


def months_after(day: date, months: int) -> date:
    """The same day `months` later (earlier, where negative), or the last of a month too short for it."""
    number = day.month - 1 + months
    year, month = day.year + number // 12, number % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
