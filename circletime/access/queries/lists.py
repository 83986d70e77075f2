"""The page of what is due, and the register that names nobody (T10, C5)."""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from circletime.access.models import Case
from circletime.access.rules.case import OVER, State
from circletime.access.rules.outcome import Outcome
from circletime.people.models import User
from circletime.people.rules import REQUEST_READERS, WATCHERS


def list_open() -> list[Case]:
    """Every request that is not over, what is due first first."""
    found = Case.objects.exclude(state__in=OVER).select_related("pupil__school_class", "asker")
    return list(found.order_by("due_on", "pk"))


def list_over(most: int = 50) -> list[Case]:
    """The requests that are over, the newest first."""
    found = Case.objects.filter(state__in=OVER).select_related("pupil__school_class", "asker")
    return list(found.order_by("-closed_at", "-pk")[:most])


@dataclass(frozen=True)
class Line:
    """One request as governors see it: numbers and days, and nothing about anybody."""

    number: int
    month: date
    days: int
    state: str
    outcome: str
    extended: bool
    overdue: bool


def register(user: User, today: date) -> list[Line]:
    """Every request there was, the newest first; none for who may not read it."""
    if not user.roles & REQUEST_READERS:
        return []
    return [line_of(case, today) for case in Case.objects.order_by("-asked_on", "-pk")]


def line_of(case: Case, today: date) -> Line:
    """One request as the register has it."""
    ended = timezone.localtime(case.closed_at).date() if case.closed_at is not None else today
    return Line(
        number=case.pk,
        month=case.asked_on.replace(day=1),
        days=(ended - case.asked_on).days,
        state="Over" if case.is_over else State(case.state).words,
        outcome=Outcome(case.outcome).words if case.outcome else "",
        extended=case.extended_at is not None,
        overdue=ended > case.due_on,
    )


def list_leaders() -> list[User]:
    """The senior leaders who may be there when a recording is viewed."""
    found = User.objects.filter(is_active=True, rolegrant__role__in=WATCHERS)
    return list(found.distinct().order_by("name", "pk"))
