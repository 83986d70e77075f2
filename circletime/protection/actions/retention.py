"""What the school's own times ask for, one meeting, sheet or person at a time, each in its transaction."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction

from circletime.audit.actions import record
from circletime.dispatch.actions.emptying import count_before, empty_sheet
from circletime.dispatch.models import Notice
from circletime.documents.models import Acceptance
from circletime.meetings.actions.emptying import empty_register
from circletime.meetings.models import Meeting
from circletime.oversight.actions.monitoring import forget_note
from circletime.protection.queries import due
from circletime.protection.queries.telling import of_meetings
from circletime.protection.rules import RETENTION_GOES_ON, RETENTION_RAN
from circletime.recordings.actions.emptying import empty_words


@transaction.atomic
def empty_meeting(*, meeting: Meeting, by: str, now: datetime) -> bool:
    """Everything about a meeting that names somebody: its register, and why its recording was looked at."""
    if not due.registers(due.day_of(now)).filter(pk=meeting.pk).exists():
        return False
    joined, off = of_meetings([meeting])
    count_before(joined=joined, off=off, now=now)
    empty_register(meeting=meeting, by=by, now=now)
    empty_words(meeting=meeting, by=by, now=now)
    forget_note(meeting=meeting, by=by, now=now)
    return True


@transaction.atomic
def empty_notice(*, notice: Notice, by: str, now: datetime) -> bool:
    """One sheet of who was told; how many families were, and when, is counted before."""
    found = Meeting.objects.filter(public_id=notice.about.removeprefix("meeting:"))
    joined, off = of_meetings(found if notice.about.startswith("meeting:") else [])
    count_before(joined=joined, off=off, now=now)
    empty_sheet(notice=notice, by=by, now=now)
    return True


@transaction.atomic
def forget_acceptances(*, by: str, now: datetime) -> int:
    """What people accepted who left long ago. Answers how many rows there were."""
    found = list(due.acceptances(due.day_of(now)).values_list("pk", flat=True))
    if not found:
        return 0
    gone, _ = Acceptance.objects.filter(pk__in=found).delete()
    record("protection.acceptances.forgotten", by=by, subject="acceptances", now=now, number=gone)
    return gone


@transaction.atomic
def forget_sessions(*, by: str, now: datetime) -> int:
    """Browsers' sessions that have run out, which let nobody in. Answers how many there were."""
    gone, _ = Session.objects.filter(expire_date__lt=now).delete()
    if gone:
        record("protection.sessions.forgotten", by=by, subject="sessions", now=now, number=gone)
    return gone


@transaction.atomic
def note_run(*, counts: dict[str, int], done: bool, by: str, now: datetime) -> None:
    """A day's retention was carried out, or a part of it: numbers only."""
    kind, data = RETENTION_RAN if done else RETENTION_GOES_ON, dict[str, Any](counts)
    record(kind, by=by, subject="retention", now=now, **data)
