"""Opening a recording to watch it: only by who may, only with a reason, always written down (T8)."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import User
from circletime.recordings.models import Recording, Viewing
from circletime.recordings.queries import may_be_seen
from circletime.recordings.rules import check_reason, check_watch


@transaction.atomic
def begin_viewing(*, recording: Recording, why: str, by: User, now: datetime) -> Viewing:
    """Write down that `by` watches, and why. Raises `Refused` without a reason or without the right."""
    check_watch(by.roles)
    reason = check_reason(why, "Say why you are watching.", field="why", most=300)
    fresh = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
    if not may_be_seen(fresh, now):
        raise Refused("destroyed", "This recording was destroyed.", status=410)
    viewing = Viewing.objects.create(recording=fresh, user=by, at=now, why=reason)
    record("recordings.recording.viewed", by=by.actor, subject=fresh.subject, now=now, viewing=viewing.pk)
    return viewing
