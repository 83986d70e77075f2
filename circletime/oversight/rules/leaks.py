"""A link that was made public: what is an alarm, who hears of it, and who answers it (T11)."""

from collections.abc import Set
from datetime import datetime, timedelta
from enum import StrEnum

from circletime.core.errors import NotAllowed, Refused
from circletime.oversight.rules.networks import Sort
from circletime.people.rules import HOSTS, WATCHERS, Role


class Place(StrEnum):
    """Which address it was."""

    JOIN = "join"
    CLASS = "class"
    LINK = "link"

    @property
    def words(self) -> str:
        return _PLACES[self]


_PLACES = {
    Place.JOIN: "The join page",
    Place.CLASS: "A class's address",
    Place.LINK: "A family's own link",
}


class Answer(StrEnum):
    """What somebody did about it."""

    BURNED = "burned"
    LEFT = "left"

    @property
    def words(self) -> str:
        return _ANSWERS[self]


_ANSWERS = {Answer.BURNED: "Burned and made anew", Answer.LEFT: "Left as it is"}

LEAK_READERS = WATCHERS
"""Who sees every alarm. The hosts of a class see those about their own class."""

TOLD = frozenset({Role.DSL})
"""Who is mailed about every alarm, besides the hosts of the class."""

LEFT_FOR = timedelta(days=7)
"""Who looked at an alarm and left the link as it is, is not told of it again for so long."""

NOTICE_SHOWN = timedelta(days=30)
"""A softer notice goes from the page so long after it was last added to, when nobody answered it."""


def is_noted(place: Place, sort: Sort) -> bool:
    """Whether it is written down at all.

    The join page's own address opens nothing, and a chat program or a search engine may well come by it.
    """
    return place != Place.JOIN or sort == Sort.SOCIAL


def is_alarm(place: Place, sort: Sort) -> bool:
    """Whether it is an alarm; else it is a softer notice, which mails nobody.

    Families share links with each other in chat programs, and the join page's address opens nothing.
    """
    return place != Place.JOIN and sort != Sort.CHAT


def goes_into(answer: str, answered_at: datetime | None, now: datetime) -> bool:
    """Whether what is seen at `now` only adds to an earlier alarm of the same class or link and network.

    After a class's words were burned, what is seen are its new ones: that is another alarm.
    """
    return answered_at is None or (answer == Answer.LEFT and now - answered_at < LEFT_FOR)


def can_see_leak(roles: Set[Role], *, on_its_staff: bool) -> bool:
    """Whether somebody sees an alarm, and may answer it."""
    return bool(roles & LEAK_READERS) or (on_its_staff and bool(roles & HOSTS))


def check_answer_leak(roles: Set[Role], *, on_its_staff: bool, answered: bool) -> None:
    """Raise `Refused` unless somebody may answer the alarm now."""
    if not can_see_leak(roles, on_its_staff=on_its_staff):
        raise NotAllowed("Only the hosts of that class and senior leaders answer this alarm.")
    if answered:
        raise Refused("answered", "Somebody has answered this alarm already.")


def can_burn(place: str) -> bool:
    """Whether there is anything to burn."""
    return place != Place.JOIN


def check_burn(place: str) -> None:
    """Raise `Refused` when there is nothing to burn."""
    if not can_burn(place):
        raise Refused("nothing", "The join page's address opens nothing by itself, so there is none to burn.")
