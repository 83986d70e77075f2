"""Questions about who may watch a recording, and who watched what of it."""

from dataclasses import dataclass
from datetime import datetime

from circletime.meetings.models import Meeting, Seat
from circletime.meetings.rules import SeatRole
from circletime.people.models import User
from circletime.people.rules import HOSTS
from circletime.recordings import spans
from circletime.recordings.models import Opening, Recording, Viewing
from circletime.recordings.rules import can_watch, can_watch_when_opened
from circletime.recordings.spans import Seconds


def open_to(recording: Recording, user: User, now: datetime) -> Opening | None:
    """What opens this recording to somebody at this moment, or None."""
    mine = recording.openings.filter(user=user, closed_at=None, until__gt=now).select_related("opened_by")
    found = mine.order_by("-until").first()
    until = found.until if found is not None else None
    return found if can_watch_when_opened(user.roles, until=until, now=now) else None


def may_watch(recording: Recording, user: User, now: datetime) -> bool:
    """Whether somebody may watch this now: by their roles, or because it is open to them."""
    return can_watch(user.roles) or open_to(recording, user, now) is not None


def list_open(recording: Recording, now: datetime) -> list[Opening]:
    """To whom this recording is open at this moment."""
    standing = recording.openings.filter(closed_at=None, until__gt=now)
    return list(standing.select_related("user", "opened_by"))


def opened_of(meeting: Meeting, user: User, now: datetime) -> Opening | None:
    """What opens a meeting's recording to somebody at this moment, or None."""
    recording = Recording.objects.filter(meeting=meeting).first()
    return open_to(recording, user, now) if recording is not None else None


def list_hosts(recording: Recording) -> list[User]:
    """Whose meeting it was: those who hosted it, and may still host. Who may watch anyway is left out."""
    seats = Seat.objects.filter(meeting=recording.meeting, role=SeatRole.HOST, stay__isnull=False)
    pks = {recording.meeting.host_id, *seats.exclude(user=None).values_list("user_id", flat=True)}
    users = User.objects.filter(pk__in=pks, is_active=True).order_by("name", "pk")
    return [user for user in users if user.roles & HOSTS and not can_watch(user.roles)]


def list_people(recording: Recording) -> list[Seat]:
    """Everybody who was in the meeting, the hosts first."""
    came = Seat.objects.filter(meeting=recording.meeting, stay__isnull=False).distinct()
    return sorted(came, key=lambda seat: (seat.role != SeatRole.HOST, seat.label.casefold(), seat.pk))


@dataclass(frozen=True)
class Watched:
    """One viewing, and the film's seconds it was about."""

    viewing: Viewing
    sent: list[Seconds]
    """Handed out by the server: nothing else can have been seen."""
    played: list[Seconds]
    """Of these, what the browser says it played."""

    @property
    def minutes(self) -> float:
        return spans.length(self.sent) / 60


def list_watched(recording: Recording) -> list[Watched]:
    """Who watched a recording, when, why, and which seconds of it; the newest first."""
    found = Viewing.objects.filter(recording=recording).select_related("user")
    return [Watched(each, spans.merged(each.sent), spans.merged(each.played)) for each in found]
