"""What the worker does: it finds out what networks asked for (T11), and draws meetings to look at (C5)."""

from datetime import datetime

from django.utils import timezone

from circletime.oversight.actions.leaks import take_sighting
from circletime.oversight.actions.monitoring import draw_meetings
from circletime.oversight.models import Draw, Sighting
from circletime.oversight.rules.monitoring import month_of

WORKER = "system:worker"
AT_MOST = 200
"""Sightings in one go, so that what else waits for the worker does not wait for a flood."""


def raise_alarms(now: datetime) -> int:
    """Make alarms of what was seen; answers how many sightings were looked at."""
    waiting = list(Sighting.objects.all()[:AT_MOST])
    for sighting in waiting:
        take_sighting(sighting=sighting, by=WORKER, now=now)
    return len(waiting)


def draw_due(now: datetime) -> None:
    """Once a month: draw which of the last month's meetings are looked at in this one."""
    month = month_of(timezone.localtime(now).date())
    if not Draw.objects.filter(month=month).exists():
        draw_meetings(month=month, by=WORKER, now=now)
