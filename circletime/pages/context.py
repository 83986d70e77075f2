"""What every page of the staff's shows beside its own: what waits for an answer."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from circletime.health.queries import count_wrong
from circletime.oversight.queries.incidents import count_waiting
from circletime.oversight.queries.leaks import list_open_alarms
from circletime.oversight.rules.leaks import LEAK_READERS
from circletime.pages import second_step
from circletime.people.models import User


@dataclass(frozen=True)
class Alarms:
    """How many alarms somebody has to answer, and whether the page about them is linked."""

    count: int
    shown: bool


def waiting(request: HttpRequest) -> dict[str, Any]:
    """Looked up only by pages that show it."""
    return {
        "alarms": SimpleLazyObject(lambda: _alarms(request)),
        "second_step_waits": SimpleLazyObject(lambda: second_step.waits(request)),
        "school_sign_ins": settings.SCHOOL_SIGN_INS,
        "incidents_waiting": SimpleLazyObject(lambda: _incidents(request)),
        "wrong_here": SimpleLazyObject(lambda: _wrong(request)),
    }


def _wrong(request: HttpRequest) -> int:
    user = getattr(request, "user", None)
    return count_wrong() if isinstance(user, User) and user.sees_health else 0


def _incidents(request: HttpRequest) -> int:
    user = getattr(request, "user", None)
    return count_waiting(user) if isinstance(user, User) else 0


def _alarms(request: HttpRequest) -> Alarms:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return Alarms(0, False)
    count = list_open_alarms(user).count()
    return Alarms(count, bool(count or user.roles & LEAK_READERS))
