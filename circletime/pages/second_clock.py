"""What a process of the pages does besides: it keeps the clock of meetings as well.

The worker comes first. But it may hang, or its machine may be gone, and a room that is not ended at its
limit, or goes on without a host, is the one thing that may not wait for it (T1, T2, T3; ADR 47).
"""

import itertools
import logging
import threading
import time as clock
from datetime import timedelta

from django.db import connections

from circletime.core import logs, time
from circletime.meetings import tasks

log = logging.getLogger(__name__)

LEFT_FOR = timedelta(seconds=0.3)
"""What the worker has not done for so long is done here. A meeting is over within a second of its limit."""
LOOKS_EVERY = 0.5
ASKS_EVERY = 10
"""In looks: how often the database is asked what time it is."""


class SecondClock(threading.Thread):
    """Does what is due and was left undone, for as long as this process lives."""

    def __init__(self) -> None:
        super().__init__(name="second clock", daemon=True)

    def run(self) -> None:
        """Look twice a second."""
        with logs.about("second clock"):
            for number in itertools.count():
                self.look(asks=number % ASKS_EVERY == 0)
                clock.sleep(LOOKS_EVERY)

    def look(self, *, asks: bool) -> None:
        """Once; what fails is tried again."""
        try:
            if asks:
                time.follow_database()
            tasks.run_clock(time.now(), left_for=LEFT_FOR)
        except Exception:
            log.exception("clock")
            connections.close_all()
