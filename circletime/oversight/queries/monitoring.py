"""Questions about what is looked at by lot (C5)."""

from datetime import date, datetime

from django.utils import timezone

from circletime.meetings.models import Meeting, Seat
from circletime.meetings.rules import SeatRole
from circletime.oversight.models import Draw, DrawnMeeting
from circletime.oversight.rules.monitoring import month_before
from circletime.people.models import User

MONTHS_SHOWN = 6
_RELATED = (
    "draw",
    "looked_by",
    "meeting__school_class",
    "meeting__group",
    "meeting__household",
    "meeting__host",
)


def beginning(month: date) -> datetime:
    """The moment a month begins at this school."""
    return datetime(month.year, month.month, 1, tzinfo=timezone.get_current_timezone())


def list_candidates(month: date) -> list[Meeting]:
    """The meetings a draw for `month` is made from: all that were held in the month before."""
    since, until = beginning(month_before(month)), beginning(month)
    return list(Meeting.objects.filter(live_at__gte=since, live_at__lt=until).order_by("public_id"))


def list_draws() -> list[Draw]:
    """The last draws, the newest first."""
    return list(Draw.objects.all()[:MONTHS_SHOWN])


def list_drawn_in(draw: Draw) -> list[DrawnMeeting]:
    """What was drawn, in order."""
    return list(draw.meetings.select_related(*_RELATED))


def get_drawn(public_id: str) -> DrawnMeeting | None:
    """The drawn meeting of this name, or None."""
    return DrawnMeeting.objects.select_related(*_RELATED).filter(public_id=public_id).first()


def list_drawn(first: date, last: date) -> list[DrawnMeeting]:
    """What was drawn for the months that begin between two days."""
    return list(DrawnMeeting.objects.filter(draw__month__gte=first, draw__month__lte=last))


def hosted(user: User, meeting: Meeting) -> bool:
    """Whether it is `user`'s own meeting: planned by them, or they were a host in the room."""
    there = Seat.objects.filter(meeting=meeting, user=user, role=SeatRole.HOST)
    return meeting.host_id == user.pk or there.exists()
