"""Making a limit of the policy stricter; or looser, as the board adopted."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from circletime.audit.actions import record
from circletime.documents.limits import holds, last_set
from circletime.documents.models import LimitSet
from circletime.documents.queries import last_adoption
from circletime.documents.rules.kinds import Kind
from circletime.documents.rules.strictness import check_set, check_value
from circletime.people.models import User
from circletime.policy.limits import Limit


@transaction.atomic
def set_limit(*, limit: Limit, value: int | None, by: User, now: datetime) -> LimitSet:
    """Give a limit another value at this school, from now on. What runs or is kept already stays as it was.

    Raises `Refused` for a looser one without the board's recorded adoption.
    """
    list(LimitSet.objects.select_for_update().filter(limit=limit))
    before, last, adopted = holds(limit), last_set(limit), last_adoption(Kind.VIDEO)
    looser = value is not None and value > before
    check_set(
        by.roles,
        limit,
        looser=looser,
        adopted=(adopted.met_on, adopted.noted_at) if adopted is not None else None,
        last_set_at=last.set_at if last is not None else None,
        today=timezone.localtime(now).date(),
    )
    made = LimitSet.objects.create(
        limit=limit,
        value=check_value(limit, value, before),
        adoption=adopted if looser else None,
        set_by=by,
        set_at=now,
    )
    record(
        "documents.limit.set",
        by=by.actor,
        subject=f"limit:{limit.value}",
        now=now,
        before=before,
        value=made.value,
        adoption=adopted.public_id if looser and adopted is not None else None,
    )
    return made
