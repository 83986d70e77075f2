"""Putting meetings in the calendar and taking them out (C1, C2, C3)."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.meetings import families, queries
from circletime.meetings.actions.common import lock, order, save
from circletime.meetings.models import Meeting, Seat
from circletime.meetings.rules import (
    HELD,
    Kind,
    SeatState,
    State,
    check_move,
    check_plan_next,
    check_schedule,
    next_state,
)
from circletime.people.models import Group, Household, SchoolClass, User
from circletime.people.queries import get_school, list_classes_for
from circletime.people.rules import HOSTS


@transaction.atomic
def schedule(
    *,
    kind: Kind,
    purpose: str,
    starts_at: datetime,
    minutes: int,
    by: User,
    now: datetime,
    school_class: SchoolClass | None = None,
    group: Group | None = None,
    household: Household | None = None,
    instead: bool = False,
) -> Meeting:
    """Put a meeting in the calendar, hosted by `by`, and write to its families (R2, R5).

    `instead` says that it takes the place of one that was broken off. Raises `Refused` naming the field to
    mend.
    """
    if not by.roles & HOSTS:
        raise NotAllowed("Only teachers and support staff hold meetings.")
    if kind == Kind.STAFF:
        school_class = group = household = None
        staff = User.objects.filter(is_active=True, rolegrant__isnull=False).exclude(pk=by.pk)
        invited = staff.distinct().count()
    else:
        _check_class(by, school_class, group)
        invited = 1
    meeting = Meeting(
        kind=kind,
        purpose=purpose,
        school_class=school_class,
        group=group if kind == Kind.GROUP else None,
        household=household if kind == Kind.PARENTS else None,
        host=by,
        starts_at=starts_at,
        minutes=minutes,
        hosts_needed=1 if kind in (Kind.STAFF, Kind.PARENTS) else get_school().hosts_needed,
    )
    if kind == Kind.GROUP and group is None:
        raise Refused("group", "Choose the group this meeting is for.", field="group", status=400)
    if kind == Kind.PARENTS:
        _check_household(school_class, household)
        invited = len(queries.expected_adults(meeting))
    elif kind != Kind.STAFF:
        invited = len(queries.expected_pupils(meeting))
    others = _others(meeting, starts_at)
    check_schedule(
        kind=kind,
        purpose=purpose,
        starts_at=starts_at,
        minutes=minutes,
        invited=invited,
        others=others,
        now=now,
        most=queries.most_minutes(kind),
    )
    meeting.full_clean(exclude=["host"])
    meeting.save()
    record(
        "meetings.meeting.scheduled",
        by=by.actor,
        subject=meeting.subject,
        now=now,
        meant_for=kind.value,
        purpose=purpose,
        minutes=minutes,
    )
    families.tell_scheduled(meeting, by=by, now=now, instead=instead)
    return meeting


@transaction.atomic
def move(*, meeting: Meeting, starts_at: datetime, minutes: int, by: User, now: datetime) -> Meeting:
    """Give a meeting that has not opened another time or length; families and their calendars are told.

    Raises `Refused` naming the field to mend.
    """
    locked = lock(meeting.pk)
    if not queries.can_host(by, locked):
        raise NotAllowed("Only this meeting's host may move it.")
    check_move(
        state=State(locked.state),
        kind=Kind(locked.kind),
        starts_at=starts_at,
        minutes=minutes,
        was=(locked.starts_at, locked.minutes),
        others=_others(locked, starts_at),
        now=now,
    )
    locked.starts_at, locked.minutes = starts_at, minutes
    locked.sequence += 1
    record("meetings.meeting.moved", by=by.actor, subject=locked.subject, now=now, minutes=minutes)
    save(locked, "starts_at", "minutes", "sequence")
    families.tell_moved(locked, by=by, now=now)
    return locked


@transaction.atomic
def plan_next(*, meeting: Meeting, by: User, now: datetime) -> Meeting:
    """After one that was broken off: the same again at the same time on the next school day (T12)."""
    locked = lock(meeting.pk)
    if not queries.can_host(by, locked):
        raise NotAllowed("Only this meeting's host may plan the next one.")
    check_plan_next(State(locked.state), has_following=queries.following(locked, now) is not None)
    return schedule(
        kind=Kind(locked.kind),
        purpose=locked.purpose,
        starts_at=queries.proposed_next(locked, now),
        minutes=locked.minutes,
        by=by,
        now=now,
        school_class=locked.school_class,
        group=locked.group,
        household=locked.household,
        instead=True,
    )


@transaction.atomic
def cancel(*, meeting: Meeting, by: User, now: datetime) -> None:
    """Take a meeting that has not started out of the calendar."""
    locked = lock(meeting.pk)
    if not queries.can_host(by, locked):
        raise NotAllowed("Only this meeting's host may cancel it.")
    locked.state = next_state(State(locked.state), "cancel")
    locked.ended_at, locked.end_reason = now, "Cancelled"
    Seat.objects.filter(meeting=locked, state__in=HELD).update(
        state=SeatState.LEFT, gone_at=now, gone_reason="cancelled"
    )
    order(locked, "close", None, now)
    record("meetings.meeting.cancelled", by=by.actor, subject=locked.subject, now=now)
    locked.sequence += 1
    save(locked, "state", "ended_at", "end_reason", "sequence")
    families.tell_cancelled(locked, by=by, now=now)


def _others(meeting: Meeting, starts_at: datetime) -> list[tuple[datetime, int]]:
    """Start and minutes of the class's other meetings near this time. The class is locked meanwhile."""
    if meeting.school_class_id is None:
        return []
    SchoolClass.objects.select_for_update().get(pk=meeting.school_class_id)
    return queries.near(meeting, starts_at)


def _check_class(by: User, school_class: SchoolClass | None, group: Group | None) -> None:
    if school_class is None:
        raise Refused("class", "Choose the class.", field="school_class", status=400)
    if school_class not in list_classes_for(by):
        raise NotAllowed("You are not on the staff of this class.")
    if group is not None and group.school_class_id != school_class.pk:
        raise Refused("group", "This group belongs to another class.", field="group", status=400)


def _check_household(school_class: SchoolClass | None, household: Household | None) -> None:
    if household is None:
        raise Refused("household", "Choose the family.", field="household", status=400)
    if not household.pupils.filter(school_class=school_class, left_at=None).exists():
        raise Refused("household", "This family has no child in the class.", field="household", status=400)
