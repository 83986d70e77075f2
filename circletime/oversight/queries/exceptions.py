"""Questions about exceptions: whose, and which hold today (C6)."""

from datetime import date, datetime

from django.db.models import QuerySet

from circletime.oversight.models import RuleException
from circletime.oversight.rules.exceptions import ASKERS, GRANTERS, Rule
from circletime.people.models import User

MOST_SHOWN = 100


def list_exceptions(user: User) -> QuerySet[RuleException]:
    """The exceptions that `user` may see, the newest first: all, or those they asked for."""
    every = RuleException.objects.select_related("asked_by", "decided_by", "ended_by")
    if user.roles & GRANTERS:
        return every
    return every.filter(asked_by=user) if user.roles & ASKERS else every.none()


def list_shown(user: User) -> list[RuleException]:
    """Those a page shows: what nobody decided first."""
    found = list(list_exceptions(user)[:MOST_SHOWN])
    return sorted(found, key=lambda each: each.granted is not None)


def get_exception(user: User, public_id: str) -> RuleException | None:
    """The exception of this name, where `user` may see it."""
    return list_exceptions(user).filter(public_id=public_id).first()


def in_force(user: User, rule: Rule, today: date) -> RuleException | None:
    """The exception from `rule` that `user` has today, or None."""
    found = RuleException.objects.filter(asked_by=user, rule=rule, granted=True, ended_at=None)
    return found.filter(until__gte=today).order_by("-until").first()


def list_asked(since: datetime, until: datetime) -> list[RuleException]:
    """Those that were asked for from one moment and before another, in order."""
    found = RuleException.objects.filter(asked_at__gte=since, asked_at__lt=until)
    return list(found.order_by("asked_at", "pk"))
