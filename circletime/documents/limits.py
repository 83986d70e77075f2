"""The limits as they hold at this school: its own values, or the policy's."""

from datetime import timedelta

from circletime.documents.models import LimitSet
from circletime.policy.limits import Limit


def last_set(limit: Limit) -> LimitSet | None:
    """When this school last gave a limit a value of its own, or None."""
    return LimitSet.objects.filter(limit=limit).select_related("set_by", "adoption").first()


def holds(limit: Limit) -> int:
    """What holds at this school now, in the limit's own unit."""
    value = LimitSet.objects.filter(limit=limit).values_list("value", flat=True).first()
    return limit.facts.value if value is None else value


def longest(limit: Limit) -> timedelta:
    """The same for a limit in minutes or days."""
    value = holds(limit)
    return timedelta(minutes=value) if limit.facts.unit == "minutes" else timedelta(days=value)
