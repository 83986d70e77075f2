"""The worker's signs of life.

A file that its loop touches many times a second is for the supervisor of the same machine; a row is for every
page, on whichever machine it is served.
"""

from datetime import datetime, timedelta

from circletime.health.models import Beat

LOOP_STANDS_AFTER = timedelta(seconds=3)
"""A loop that did not come round for so long is not said to be alive."""

FRESH = timedelta(seconds=15)
"""A sign of life that is older shows that the worker is late. There is one every five seconds."""

LATE = timedelta(minutes=1)
"""A worker that was away for longer, without being told to, is written about. A new one starts in seconds."""


def read_beat() -> Beat:
    """The row as it is; an empty one where no worker ever ran."""
    return Beat.objects.filter(pk=1).first() or Beat(pk=1)


def is_fresh(beat: Beat, now: datetime) -> bool:
    """Whether the worker lives."""
    return beat.at is not None and not beat.stopped and now - beat.at <= FRESH
