"""What has been kept for as long as the school keeps it, the oldest first. Days are the school's."""

from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from circletime.access.models import Case
from circletime.access.rules.case import OVER as CASE_OVER
from circletime.audit import queries as audit
from circletime.dispatch.models import Notice
from circletime.documents.limits import holds
from circletime.documents.models import Acceptance
from circletime.meetings.models import Meeting
from circletime.meetings.rules import OVER
from circletime.oversight.models import Incident, Leak, RuleException
from circletime.oversight.rules.incidents import Kind, State
from circletime.people.models import Household, Pupil
from circletime.policy.limits import Limit
from circletime.protection.rules import RETENTION_RAN, ended_before
from circletime.recordings.models import Recording
from circletime.recordings.rules import GONE


def cutoff(limit: Limit, today: date) -> datetime:
    """What ended before this moment has been kept for as long as this school keeps it."""
    return ended_before(today, holds(limit), timezone.get_current_timezone())


def day_of(now: datetime) -> date:
    """The school's day."""
    return timezone.localtime(now).date()


def ran_on(now: datetime) -> bool:
    """Whether this day's retention was carried out."""
    last = audit.last_done(RETENTION_RAN)
    return last is not None and day_of(last) == day_of(now)


def registers(today: date) -> QuerySet[Meeting]:
    """Meetings that are over, whose register still has names.

    Not while their recording is there, whoever keeps it, nor while an incident of theirs is open.
    """
    before = cutoff(Limit.REGISTERS, today)
    old = Meeting.objects.filter(_ended(before), state__in=OVER, emptied_at=None)
    there = Recording.objects.filter(meeting=OuterRef("pk")).exclude(state__in=GONE)
    return old.exclude(Exists(there)).exclude(Exists(_open_incident("pk"))).order_by("starts_at", "pk")


def _ended(before: datetime) -> Q:
    return Q(ended_at__lt=before) | Q(ended_at=None, starts_at__lt=before)


def _open_incident(meeting: str) -> QuerySet[Incident]:
    return Incident.objects.filter(meeting=OuterRef(meeting)).exclude(state=State.CLOSED)


def sheets(today: date) -> QuerySet[Notice]:
    """Sheets that still name families. Not while an incident of their meeting is open."""
    before = timezone.localtime(cutoff(Limit.NOTICES, today)).date()
    going_on = Incident.objects.exclude(state=State.CLOSED).exclude(meeting=None)
    names = [f"meeting:{name}" for name in going_on.values_list("meeting__public_id", flat=True)]
    return (
        Notice.objects.filter(day__lt=before, emptied_at=None).exclude(about__in=names).order_by("day", "pk")
    )


def acceptances(today: date) -> QuerySet[Acceptance]:
    """What people accepted who left long enough ago. Not while a request about the child is open."""
    before = cutoff(Limit.ACCEPTED, today)
    asked = Case.objects.exclude(state__in=CASE_OVER).exclude(pupil=None).values("pupil")
    gone = Pupil.objects.filter(left_at__lt=before).exclude(pk__in=asked)
    had = Pupil.objects.filter(households=OuterRef("pk"))
    homes = Household.objects.filter(Exists(had)).exclude(Exists(had.exclude(pk__in=gone.values("pk"))))
    return Acceptance.objects.filter(
        Q(pupil__in=gone.values("pk"))
        | Q(household__in=homes.values("pk"))
        | Q(user__is_active=False, user__off_at__lt=before)
    ).order_by("pk")


def incidents(today: date) -> QuerySet[Incident]:
    """Closed incidents that still have words. A safeguarding concern is a person's to hand on."""
    closed = Incident.objects.filter(state=State.CLOSED, closed_at__lt=cutoff(Limit.INCIDENTS, today))
    return closed.filter(emptied_at=None).exclude(kind=Kind.CONCERN).order_by("closed_at", "pk")


def exceptions(today: date) -> QuerySet[RuleException]:
    """Exceptions that are over, or were refused, and still have words."""
    before = cutoff(Limit.INCIDENTS, today)
    day = timezone.localtime(before).date()
    over = Q(granted=False, decided_at__lt=before) | Q(granted=True, until__lt=day)
    ended = Q(granted=True, ended_at__lt=before)
    return RuleException.objects.filter(over | ended, emptied_at=None).order_by("asked_at", "pk")


def alarms(today: date) -> QuerySet[Leak]:
    """Answered alarms that still have words."""
    old = Leak.objects.filter(answered_at__lt=cutoff(Limit.INCIDENTS, today))
    return old.exclude(note="").order_by("answered_at", "pk")
