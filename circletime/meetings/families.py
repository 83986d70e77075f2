"""What families are told of a meeting, and whether all have been told who have to be (R2, R5, T12)."""

from collections.abc import Sequence
from datetime import datetime

from circletime.dispatch.actions import telling
from circletime.dispatch.queries.contacts import Audience
from circletime.dispatch.queries.reach import untold
from circletime.dispatch.rules import Gathering
from circletime.meetings.models import Expected, Meeting
from circletime.meetings.queries import expected_pupils
from circletime.meetings.rules import Kind, Purpose
from circletime.people.models import Household, Pupil, User


def gathering_of(meeting: Meeting) -> Gathering:
    """The meeting as its letters tell of it. Only for meetings with families."""
    if meeting.school_class is None:
        raise ValueError("no family is told of a staff meeting")
    return Gathering(
        about=meeting.subject,
        uid=f"{meeting.public_id}@circletime",
        sequence=meeting.sequence,
        kind=meeting.kind,
        purpose=meeting.purpose,
        starts_at=meeting.starts_at,
        minutes=meeting.minutes,
        class_name=meeting.school_class.name,
        group_name=meeting.group.name if meeting.group is not None else "",
        host_name=meeting.host.name,
        host_email=meeting.host.email,
    )


def audience_of(meeting: Meeting) -> Audience:
    """The families it is with: as they stand now, or as they stood when the waiting room opened."""
    if meeting.school_class is None:
        raise ValueError("no family is told of a staff meeting")
    return Audience(_pupils(meeting), meeting.school_class, meeting.household)


def _pupils(meeting: Meeting) -> Sequence[Pupil]:
    if meeting.household is not None:
        return list(meeting.household.pupils.filter(school_class=meeting.school_class))
    rows = Expected.objects.filter(meeting=meeting, pupil__isnull=False).select_related("pupil")
    return [row.pupil for row in rows if row.pupil is not None] or expected_pupils(meeting)


def keeping_shut(meeting: Meeting, now: datetime) -> list[Household]:
    """The households that have to be told that it is for teaching before it opens to any (R5)."""
    if meeting.purpose != Purpose.TEACHING or meeting.kind not in (Kind.CLASS, Kind.GROUP):
        return []
    return untold(meeting.subject, audience_of(meeting).contacts(now))


def tell_scheduled(meeting: Meeting, *, by: User | str, now: datetime, instead: bool = False) -> None:
    """It is in the calendar."""
    if meeting.school_class is not None:
        telling.tell_scheduled(
            meeting=gathering_of(meeting), audience=audience_of(meeting), by=by, now=now, instead=instead
        )


def tell_moved(meeting: Meeting, *, by: User, now: datetime) -> None:
    """It has another time."""
    if meeting.school_class is not None:
        telling.tell_moved(meeting=gathering_of(meeting), audience=audience_of(meeting), by=by, now=now)


def tell_cancelled(meeting: Meeting, *, by: User | str, now: datetime) -> None:
    """It does not take place."""
    if meeting.school_class is not None:
        telling.tell_cancelled(meeting=gathering_of(meeting), audience=audience_of(meeting), by=by, now=now)


def tell_aborted(
    meeting: Meeting, following: Meeting | None, *, reason: str, by: str, now: datetime, technical: bool
) -> None:
    """It was broken off, and this is the next one."""
    if meeting.school_class is None:
        return
    audience = audience_of(meeting)
    names = {name for pupil in audience.pupils for name in (pupil.first_name, pupil.last_name)}
    telling.tell_aborted(
        meeting=gathering_of(meeting),
        audience=audience,
        reason=reason,
        names=sorted(names),
        following=gathering_of(following) if following is not None else None,
        by=by,
        now=now,
        technical=technical,
    )


def stop_telling(meeting: Meeting, *, by: str, now: datetime) -> None:
    """It is over: letters that still wait to invite to it are not sent."""
    if meeting.school_class is not None:
        telling.stop_invitations(meeting.subject, by=by, now=now)


def tell_newcomers(meeting: Meeting, *, by: str, now: datetime) -> int:
    """Who came to the class since is told as well."""
    if meeting.school_class is None:
        return 0
    return telling.tell_newcomers(
        meeting=gathering_of(meeting), audience=audience_of(meeting), by=by, now=now
    )
