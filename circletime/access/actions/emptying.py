"""What is forgotten of a request that has been over for years: names and words. Its numbers stay (T10)."""

from datetime import datetime

from django.db import transaction

from circletime.access.models import Case, Mark, ViewingSession
from circletime.access.rules.case import OVER
from circletime.audit.actions import record
from circletime.policy import limits

WORDS = (
    "child_name",
    "asker_name",
    "asker_email",
    "words",
    "identity_how",
    "responsibility_how",
    "stopped_reason",
    "extension_reason",
    "outcome_reason",
)


def empty_old(*, by: str, now: datetime) -> int:
    """Empty every request that ended so long ago; answer how many there were."""
    before = now - limits.REQUEST_DETAILS_KEPT
    old = Case.objects.filter(state__in=OVER, closed_at__lte=before, emptied_at=None)
    return sum(empty(case=case, by=by, now=now) for case in old.order_by("pk"))


@transaction.atomic
def empty(*, case: Case, by: str, now: datetime, erased: bool = False) -> bool:
    """Take the names and the words out of one request. Answers whether there were any.

    Before its time only where somebody it names is `erased`.
    """
    fresh = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if fresh.emptied_at is not None or fresh.closed_at is None:
        return False
    if not erased and fresh.closed_at > now - limits.REQUEST_DETAILS_KEPT:
        return False
    fresh.pupil = fresh.asker = None
    for name in WORDS:
        setattr(fresh, name, "")
    fresh.emptied_at = now
    fresh.save()
    fresh.steps.update(note="")
    fresh.letters.update(text="", to="")
    fresh.recordings.update(seats=[])
    Mark.objects.filter(redaction__case_recording__case=fresh).update(note="")
    ViewingSession.objects.filter(invitation__case=fresh).update(here_name="")
    record("access.case.emptied", by=by, subject=fresh.subject, now=now)
    return True
