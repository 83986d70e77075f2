"""What stops a request, and the safeguarding lead's word that lets it go on (T10)."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from circletime.access.actions.common import RESTRICTED, begin, move, stop_if_restricted
from circletime.access.models import Case
from circletime.access.queries.case import list_open_of, unsettled
from circletime.access.rules.case import Event
from circletime.dispatch.actions.burning import burn_links
from circletime.people import actions as people
from circletime.people.models import ContactRestriction, Pupil, User
from circletime.people.rules import check_said

__all__ = ["RESTRICTED", "go_on", "note_restriction", "stop"]


@transaction.atomic
def stop(*, case: Case, reason: str, by: User, now: datetime) -> Case:
    """Nothing goes on until the safeguarding lead has decided in writing."""
    fresh = begin(case, Event.STOP, by=by, now=now)
    fresh.stopped_from = fresh.state
    fresh.stopped_reason = check_said(reason, "Say why it has to stop.", field="reason")
    move(fresh, Event.STOP, by=by, now=now, text="Stopped", note=fresh.stopped_reason)
    return fresh


@transaction.atomic
def go_on(*, case: Case, decision: str, by: User, now: datetime) -> Case:
    """The safeguarding lead has decided: it goes on from where it was stopped.

    The restrictions that hold at this moment are decided about; one that is noted later stops it again.
    """
    fresh = begin(case, Event.GO_ON, by=by, now=now)
    note = check_said(decision, "Write down what you decided, and why.", field="decision")
    fresh.settled.add(*unsettled(fresh, timezone.localtime(now).date()))
    fresh.stopped_reason = ""
    move(fresh, Event.GO_ON, by=by, now=now, text="The safeguarding lead let it go on", note=note)
    fresh.stopped_from = ""
    fresh.save(update_fields=["stopped_from"])
    return fresh


@transaction.atomic
def note_restriction(
    *, pupil: Pupil, what: str, since: date | None, by: User, now: datetime, **whom: Any
) -> ContactRestriction:
    """Note a contact restriction, burn links it is about, and stop requests about this child."""
    made = people.note_restriction(pupil=pupil, what=what, since=since, by=by, now=now, **whom)
    burn_links(restriction=made, by=by, now=now)
    for case in list_open_of(pupil):
        stop_if_restricted(case, by=by, now=now)
    return made
