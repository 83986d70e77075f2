"""When the redacted films of a request are approved, and when one is not any more (T10)."""

from datetime import datetime

from django.db import transaction

from circletime.access.actions.common import begin, move
from circletime.access.models import Case
from circletime.access.queries.redaction import all_approved
from circletime.access.rules.case import Event, State
from circletime.core.errors import Refused
from circletime.people.models import User


@transaction.atomic
def mark_ready(*, case: Case, by: User, now: datetime) -> Case:
    """Every film of the request is approved: whoever asked can be invited. Raises `Refused` when not."""
    fresh = begin(case, Event.READY, by=by, now=now)
    if fresh.state != State.STOPPED:
        if not all_approved(fresh, now):
            raise Refused("not_approved", "Not every film of this request is approved yet.")
        move(fresh, Event.READY, by=by, now=now, text="The films are ready")
    return fresh


@transaction.atomic
def mark_unready(*, case: Case, by: User, now: datetime) -> Case:
    """A film has to be made or approved once more."""
    fresh = begin(case, Event.UNREADY, by=by, now=now)
    if fresh.state != State.STOPPED:
        move(fresh, Event.UNREADY, by=by, now=now, text="A film has to be made once more")
    return fresh
