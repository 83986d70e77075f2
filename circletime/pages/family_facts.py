"""What a household's page tells: its children's meetings, whom to ask, what is kept for how long (R4, R8)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from circletime.access.models import Case
from circletime.access.rules.case import OVER as CASE_OVER
from circletime.meetings.families import keeping_shut
from circletime.meetings.models import Expected, Meeting, Stay
from circletime.meetings.rules import JOINABLE, RUNNING, Kind, State
from circletime.people.families import Family
from circletime.people.models import Pupil, SchoolClass, User
from circletime.people.rules import Role
from circletime.recordings.models import Recording
from circletime.recordings.queries import may_be_seen

AHEAD = timedelta(days=35)
MOST_MEETINGS = 4
"""Of each child, so many are shown."""


@dataclass
class Child:
    """One child, as its household's page shows them."""

    pupil: Pupil
    coming: list[Meeting] = field(default_factory=list)
    teachers: list[User] = field(default_factory=list)


@dataclass(frozen=True)
class Kept:
    """A recording that a child of the family is in, and the day it goes."""

    labels: str
    meeting: Meeting
    until: date


def children_of(family: Family, now: datetime) -> list[Child]:
    """Each child with what comes next, in a handful of questions however many there are."""
    rows = {pupil.pk: Child(pupil) for pupil in family.children}
    in_groups = _groups_of(family)
    for meeting in meetings_of(family, now):
        for pupil in family.children:
            row = rows[pupil.pk]
            if _is_for(meeting, pupil, in_groups) and len(row.coming) < MOST_MEETINGS:
                row.coming.append(meeting)
    classes = {pupil.school_class_id for pupil in family.children}
    teachers = _teachers(classes)
    for row in rows.values():
        row.teachers = teachers.get(row.pupil.school_class_id, [])
    return list(rows.values())


def meetings_of(family: Family, now: datetime) -> QuerySet[Meeting]:
    """The meetings to come, or open now, of this family's children; no other household's."""
    classes = {pupil.school_class_id for pupil in family.children}
    own = (
        Q(kind=Kind.CLASS)
        | Q(kind=Kind.GROUP, group__in=list(_groups_of(family)))
        | Q(kind=Kind.PARENTS, household__in=family.households)
    )
    soon = Q(state=State.SCHEDULED, starts_at__gte=now, starts_at__lt=now + AHEAD) | Q(state__in=JOINABLE)
    return (
        Meeting.objects.filter(own, soon, school_class__in=classes)
        .select_related("school_class")
        .order_by("starts_at", "pk")
    )


def open_meetings(family: Family, now: datetime) -> list[Meeting]:
    """Those whose waiting room is open to this family now, running ones first; none that R5 keeps shut."""
    found = [
        meeting
        for meeting in meetings_of(family, now).filter(state__in=JOINABLE)
        if meeting.state_at(now) in JOINABLE and not keeping_shut(meeting, now)
    ]
    mine = Q(pupil__in=family.children) | Q(adult__in=family.adults)
    asked = set(Expected.objects.filter(mine, meeting__in=found).values_list("meeting", flat=True))
    return sorted(
        (meeting for meeting in found if meeting.pk in asked),
        key=lambda meeting: (meeting.state not in RUNNING, meeting.starts_at),
    )


def find_meeting(family: Family, public_id: str, now: datetime) -> Meeting | None:
    """One of this family's own meetings, or None."""
    return meetings_of(family, now).filter(public_id=public_id).first()


def kept_of(family: Family, now: datetime) -> list[Kept]:
    """The recordings with a child of the family in the room, the newest first, and the day each one goes.

    One that is held longer is not named: why it is held may be somebody else's business.
    """
    today = timezone.localtime(now).date()
    been = Stay.objects.filter(seat__meeting=OuterRef("meeting"), seat__pupil__in=family.children)
    found = Recording.objects.filter(Exists(been), destroy_on__gt=today)
    rows = list(found.select_related("meeting__school_class").order_by("-made_at", "-pk")[:20])
    labels = _labels(family, [row.meeting_id for row in rows])
    return [
        Kept(labels.get(row.meeting_id, ""), row.meeting, row.destroy_on)
        for row in rows
        if row.destroy_on is not None and may_be_seen(row, now)
    ]


def asked_for(family: Family) -> list[Case]:
    """What adults of this family asked to see and are waiting for."""
    found = Case.objects.filter(asker__in=family.adults, pupil__in=family.children)
    return list(found.exclude(state__in=CASE_OVER).select_related("pupil").order_by("asked_on", "pk"))


def office() -> list[User]:
    """Whom to write to about everything else."""
    found = User.objects.filter(is_active=True, rolegrant__role=Role.OFFICE).exclude(email="")
    return list(found.distinct().order_by("name", "pk"))


def _labels(family: Family, meetings: list[int]) -> dict[int, str]:
    there: dict[int, list[str]] = {}
    stays = Stay.objects.filter(seat__meeting__in=meetings, seat__pupil__in=family.children)
    for meeting, pk in stays.values_list("seat__meeting", "seat__pupil").distinct():
        there.setdefault(meeting, []).extend(p.first_name for p in family.children if p.pk == pk)
    return {meeting: ", ".join(sorted(names)) for meeting, names in there.items()}


def _groups_of(family: Family) -> dict[int, set[int]]:
    """The groups these children are in, each with those of them who are."""
    found: dict[int, set[int]] = {}
    through = Pupil.group_set.through.objects.filter(pupil__in=family.children)
    for group, pupil in through.values_list("group_id", "pupil_id"):
        found.setdefault(group, set()).add(pupil)
    return found


def _is_for(meeting: Meeting, pupil: Pupil, in_groups: dict[int, set[int]]) -> bool:
    if meeting.school_class_id != pupil.school_class_id:
        return False
    return meeting.kind != Kind.GROUP or pupil.pk in in_groups.get(meeting.group_id or 0, set())


def _teachers(classes: Iterable[int]) -> dict[int, list[User]]:
    found: dict[int, list[User]] = {}
    through = SchoolClass.staff.through.objects.filter(
        schoolclass__in=classes, user__is_active=True, user__rolegrant__role=Role.TEACHER
    )
    for row in through.select_related("user").order_by("user__name", "user_id").distinct():
        found.setdefault(row.schoolclass_id, []).append(row.user)
    return found
