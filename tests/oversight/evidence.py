"""A clause of the report as it stands now, and meetings for it to count."""

from datetime import timedelta

from django.utils import timezone

from circletime.meetings.actions import lifecycle
from circletime.meetings.models import Meeting
from circletime.oversight.evidence.figure import Figure
from circletime.oversight.evidence.period import between
from circletime.oversight.evidence.report import make_report
from circletime.oversight.rehearsal.meeting import post
from tests.dispatch.conftest import plan
from tests.world import World


def figure(world: World, number: str) -> Figure:
    """What one clause comes to today."""
    day = timezone.localtime(world.now).date()
    period = between(day - timedelta(days=2), day, timezone.get_current_timezone())
    (finding,) = make_report(period, world.now, only=number).findings
    return finding.figure


def came_to(found: Figure) -> tuple[int, int]:
    return found.of, found.bad


def held(world: World, meeting: Meeting) -> Meeting:
    """The meeting was held from its time on; who hosted it is no matter here."""
    ended = meeting.starts_at + timedelta(minutes=20)
    Meeting.objects.filter(pk=meeting.pk).update(state="ended", live_at=meeting.starts_at, ended_at=ended)
    return world.fresh(meeting)


def opened(world: World, **told: object) -> Meeting:
    """A meeting a day from now, whose letters went out and whose waiting room is open."""
    meeting = plan(world, **told)  # type: ignore[arg-type]
    post(meeting, world.later(hours=1))
    world.now = meeting.starts_at - timedelta(minutes=10)
    lifecycle.open_waiting_room(meeting=meeting, by="test", now=world.now)
    world.later(minutes=10)
    return meeting
