"""When and where a viewing may be, and who is there (T10)."""

from collections.abc import Set
from datetime import datetime, timedelta
from enum import StrEnum

from circletime.core.errors import Refused
from circletime.people.rules import WATCHERS, Role
from circletime.policy import limits


class Where(StrEnum):
    """Where a viewing takes place."""

    SCHOOL = "school"
    ONLINE = "online"

    @property
    def words(self) -> str:
        return {"school": "At school", "online": "Online, with the senior leader there"}[self.value]


SHORTEST_VIEWING, LONGEST_VIEWING = 15, 180
"""In minutes."""

SATURDAY = 5


def check_time(starts_at: datetime | None, minutes: int, now: datetime) -> datetime:
    """The moment of a viewing, in the school's own time; raises `Refused` unless it can be then.

    `starts_at` and `now` are in the school's time zone. Holidays are not known here.
    """
    field = "starts_at"
    if starts_at is None:
        raise Refused(field, "Say when the viewing is.", field=field, status=400)
    if starts_at < now + limits.VIEWING_TOLD_BEFORE:
        raise Refused(field, "Choose a time at least a day ahead.", field=field, status=400)
    if not SHORTEST_VIEWING <= minutes <= LONGEST_VIEWING:
        said = f"Between {SHORTEST_VIEWING} and {LONGEST_VIEWING} minutes."
        raise Refused("minutes", said, field="minutes", status=400)
    first, last = limits.VIEWING_HOURS
    ends_at = starts_at + timedelta(minutes=minutes)
    within = first <= starts_at.time() and ends_at.time() <= last and ends_at.date() == starts_at.date()
    if starts_at.weekday() >= SATURDAY or not within:
        said = f"Choose a time in school hours: Monday to Friday, {first:%H:%M} to {last:%H:%M}."
        raise Refused(field, said, field=field, status=400)
    return starts_at


def can_lead(roles: Set[Role]) -> bool:
    """Whether somebody with these roles may be the one who is there."""
    return bool(roles & WATCHERS)


def check_where(where: str) -> Where:
    """Where it is to be; raises `Refused` when it is neither."""
    try:
        return Where(where)
    except ValueError:
        said = "Choose whether it is at school or online."
        raise Refused("where", said, field="where", status=400) from None


def check_place(where: Where, place: str) -> str:
    """The room at school, tidied; none online. Raises `Refused` where a room is missing or too long."""
    tidy = " ".join(place.split())
    if where == Where.ONLINE:
        return ""
    if not tidy or len(tidy) > LONGEST_PLACE:
        said = f"Say which room, in at most {LONGEST_PLACE} characters." if tidy else "Say which room."
        raise Refused("place", said, field="place", status=400)
    return tidy


LONGEST_PLACE = 120
"""In characters."""
