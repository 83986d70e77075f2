"""Names and words taken out of incidents and exceptions that are over; that there were some is still counted.

The log has commitments to the words (C6): their salts go with them, and the chain stays whole.
"""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import forget_words, record
from circletime.core.errors import Refused
from circletime.oversight.models import Incident, Leak, RuleException

GONE = "Not kept any more"


@transaction.atomic
def empty_incident(*, incident: Incident, by: str, now: datetime) -> bool:
    """Whom it was about and every word of it are gone; kind, days and who answered it stay.

    Answers whether there were any. Raises `Refused` while it is open.
    """
    fresh = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if fresh.is_open:
        raise Refused("open", "This incident is not closed.")
    if fresh.emptied_at is not None:
        return False
    fresh.pupil = fresh.staff = None
    fresh.somebody, fresh.what, fresh.outcome, fresh.emptied_at = "", GONE, GONE, now
    fresh.save(update_fields=["pupil", "staff", "somebody", "what", "outcome", "emptied_at"])
    fresh.steps.exclude(text="").update(text="")
    record("oversight.incident.emptied", by=by, subject=fresh.subject, now=now)
    forget_words(subject=fresh.subject, by=by, now=now)
    return True


@transaction.atomic
def empty_exception(*, exception: RuleException, by: str, now: datetime) -> bool:
    """The words of an exception that is over are gone. Answers whether there were any."""
    fresh = RuleException.objects.select_for_update(of=("self",)).get(pk=exception.pk)
    if fresh.emptied_at is not None:
        return False
    fresh.reason, fresh.emptied_at = GONE, now
    fresh.decision = GONE if fresh.decision else ""
    fresh.end_reason = GONE if fresh.end_reason else ""
    fresh.save(update_fields=["reason", "decision", "end_reason", "emptied_at"])
    record("oversight.exception.emptied", by=by, subject=fresh.subject, now=now)
    forget_words(subject=fresh.subject, by=by, now=now)
    return True


@transaction.atomic
def empty_alarm(*, leak: Leak, by: str, now: datetime) -> bool:
    """What was written about an alarm that was answered is gone. Answers whether there was anything."""
    if not Leak.objects.filter(pk=leak.pk, answered_at__isnull=False).exclude(note="").update(note=""):
        return False
    record("oversight.leak.emptied", by=by, subject=leak.subject, now=now)
    return True
