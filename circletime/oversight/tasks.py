"""What the worker does: it finds out what the addresses that networks asked for are (T11)."""

from datetime import datetime

from circletime.oversight.actions.leaks import take_sighting
from circletime.oversight.models import Sighting

WORKER = "system:worker"
AT_MOST = 200
"""Sightings in one go, so that what else waits for the worker does not wait for a flood."""


def raise_alarms(now: datetime) -> int:
    """Make alarms of what was seen; answers how many sightings were looked at."""
    waiting = list(Sighting.objects.all()[:AT_MOST])
    for sighting in waiting:
        take_sighting(sighting=sighting, by=WORKER, now=now)
    return len(waiting)
