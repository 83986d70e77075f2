"""Questions about incidents: who may see which, what stands beside one, whom to tell (C6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from circletime.meetings.models import Meeting, Seat
from circletime.meetings.queries import RegisterRow, can_see, register
from circletime.oversight.models import Incident
from circletime.oversight.rules.incidents import OWNERS, State, can_answer, can_work
from circletime.people.models import User
from circletime.people.queries import list_active_with
from circletime.people.rules import INCIDENT_REPORTERS, UPHOLDERS
from circletime.recordings.models import Recording
from circletime.recordings.queries import is_held, may_be_seen

MOST_SHOWN = 100
_RELATED = ("pupil__school_class", "staff", "reported_by", "owner", "closed_by", "hold")
_MEETING = ("meeting__school_class", "meeting__group", "meeting__household", "meeting__host")


def list_incidents(user: User) -> QuerySet[Incident]:
    """The incidents that `user` may see, the newest first.

    Who answers for them sees each, but none about themselves; others those they have in hand or reported.
    """
    every = Incident.objects.select_related(*_RELATED, *_MEETING)
    others = Q(staff=None) | ~Q(staff=user)
    seen = Q(pk=None)
    if user.roles & UPHOLDERS:
        seen |= others
    if user.roles & OWNERS:
        seen |= Q(owner=user) & others
    if user.roles & INCIDENT_REPORTERS:
        seen |= Q(reported_by=user)
    return every.filter(seen)


def get_incident(user: User, public_id: str) -> Incident | None:
    """The incident of this name, where `user` may see it."""
    return list_incidents(user).filter(public_id=public_id).first()


def list_open(user: User) -> list[Incident]:
    """Those that are not closed, the oldest first."""
    return list(list_incidents(user).exclude(state=State.CLOSED).order_by("reported_at", "pk"))


def list_closed(user: User) -> list[Incident]:
    """Those that were closed, the newest first."""
    return list(list_incidents(user).filter(state=State.CLOSED).order_by("-closed_at", "-pk")[:MOST_SHOWN])


def count_waiting(user: User) -> int:
    """How many incidents wait for something that `user` has to do: nobody has it, or they have."""
    if not user.roles & OWNERS:
        return 0
    mine = Q(owner=user)
    if user.roles & UPHOLDERS:
        mine |= Q(state=State.REPORTED)
    return (
        list_incidents(user).exclude(state=State.CLOSED).filter(mine, Q(staff=None) | ~Q(staff=user)).count()
    )


def is_concerned(user: User, incident: Incident) -> bool:
    """Whether it is about `user`."""
    return incident.staff_id == user.pk


def may_answer(user: User, incident: Incident) -> bool:
    """Whether `user` answers for it."""
    return can_answer(user.roles, concerned=is_concerned(user, incident))


def may_work(user: User, incident: Incident) -> bool:
    """Whether `user` writes down steps."""
    owns = incident.owner_id == user.pk
    return can_work(user.roles, owns=owns, concerned=is_concerned(user, incident))


def whom_to_tell(concerned: User | None) -> list[User]:
    """Headteacher and safeguarding lead, but never about themselves."""
    return [user for user in list_active_with(UPHOLDERS) if concerned is None or user.pk != concerned.pk]


def list_owners(incident: Incident) -> list[User]:
    """To whom it may be given."""
    return [user for user in list_active_with(OWNERS) if not is_concerned(user, incident)]


def recording_of(meeting: Meeting | None) -> Recording | None:
    """The recording of a meeting that was held, or is, if there is one."""
    if meeting is None:
        return None
    return Recording.objects.filter(meeting=meeting, meeting__live_at__isnull=False).first()


@dataclass(frozen=True)
class Attached:
    """What stands beside an incident: the meeting's register, and where in the recording to look."""

    register: list[RegisterRow]
    there: list[str]
    recording: Recording | None
    watchable: bool
    held: bool
    into: timedelta | None

    @property
    def minute(self) -> str:
        """How far into the recording it was, as a player shows it."""
        if self.into is None:
            return ""
        minutes, seconds = divmod(int(self.into.total_seconds()), 60)
        return f"{minutes}:{seconds:02}"


def attached_to(incident: Incident, user: User, now: datetime) -> Attached | None:
    """The register and the recording's minutes, for who may read that meeting's register; else None."""
    meeting = incident.meeting
    if meeting is None or not can_see(user, meeting):
        return None
    recording = recording_of(meeting)
    return Attached(
        register=register(meeting, now),
        there=_there(meeting, incident.happened_at),
        recording=recording,
        watchable=recording is not None and may_be_seen(recording, now),
        held=recording is not None and is_held(recording),
        into=_into(meeting, incident.happened_at),
    )


def _there(meeting: Meeting, at: datetime) -> list[str]:
    """Who was in the room at a moment."""
    stays = Q(stay__in_at__lte=at) & (Q(stay__out_at=None) | Q(stay__out_at__gt=at))
    return list(Seat.objects.filter(stays, meeting=meeting).distinct().values_list("label", flat=True))


def _into(meeting: Meeting, at: datetime) -> timedelta | None:
    if meeting.live_at is None or at < meeting.live_at:
        return None
    return at - meeting.live_at if meeting.ended_at is None or at <= meeting.ended_at else None
