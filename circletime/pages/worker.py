"""The worker: what acts on time.

It reads what is due from the database, so a restart loses nothing. The clock of running meetings
is looked at to the very moment the next one is due (T2, T3); slower chores run in a thread beside it,
so that a media server that does not answer can never make a meeting late. Should it hang, the pages keep
that one clock (ADR 47).

There may be several, on PostgreSQL. What is claimed row by row (meetings, orders, letters, films) they share;
what compares one thing with another as a whole is done by one of them at a time, whichever comes first.
"""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from types import FrameType

from django.db import connections

from circletime.access import tasks as access_tasks
from circletime.access.actions.emptying import empty_old
from circletime.core import logs, time
from circletime.core.alone import alone
from circletime.dispatch.queries.reach import may_go
from circletime.documents import tasks as document_tasks
from circletime.health import tasks as health_tasks
from circletime.health.beat import LOOP_STANDS_AFTER
from circletime.media.livekit import MediaError
from circletime.meetings import orders, tasks
from circletime.meetings.models import Meeting
from circletime.notices import tasks as notice_tasks
from circletime.oversight import tasks as oversight_tasks
from circletime.oversight.actions.checkpoints import watch_log
from circletime.pages.family_codes import answer_code_asks
from circletime.pages.forgotten import answer_asks
from circletime.pages.parts import alive
from circletime.pages.told import say_ready
from circletime.people.roster import tasks as roster_tasks
from circletime.protection.tasks import keep_no_longer
from circletime.recordings import tasks as recording_tasks
from circletime.recordings.store import StoreTrouble

log = logging.getLogger(__name__)

TICK = 0.2


class Worker:
    """Runs until told to stop. `number` tells those of one machine apart."""

    def __init__(self, number: int = 1) -> None:
        self.stopping = threading.Event()
        self.came_round = time.now()
        self.alive = alive("worker", number)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._once(_ask_the_time)
        chores = [
            threading.Thread(target=self._every, args=(seconds, chore), name=chore.__name__, daemon=True)
            for seconds, chore in (
                (0.25, _carry_out_orders),
                (2.0, _by_one(_reconcile)),
                (0.4, _by_one(_watch_recorder)),
                (2.0, _render_films),
                (0.5, _send_mail),
                (2.0, _by_one(_raise_alarms)),
                (60.0, _by_one(_tell_newcomers)),
                (60.0, _by_one(_destroy_due)),
                (10.0, _by_one(_move_recordings)),
                (60.0, _by_one(_watch_log)),
                (0.5, _by_one(_work_on_rosters)),
                (5.0, self._beat),
                (5.0, _ask_the_time),
                (20.0, _by_one(_look_around)),
            )
        ]
        for thread in chores:
            thread.start()
        self.came_round = time.now()
        self._once(self._beat)  # the one before may have said that it stops
        say_ready()
        while not self.stopping.is_set():
            wait = self._clock()
            self.alive.touch()
            self.came_round = time.now()
            self.stopping.wait(wait)
        health_tasks.stopped(time.now())

    def _beat(self, now: datetime) -> None:
        """A loop that stands still is not said to be alive, though this thread is."""
        if now - self.came_round < LOOP_STANDS_AFTER:
            health_tasks.beat(now)

    def _clock(self) -> float:
        """Do what is due; answer how many seconds to sleep, at most a tick."""
        try:
            following = tasks.run_clock(time.now())
        except Exception:
            log.exception("clock")
            connections.close_all()
            return TICK
        if following is None:
            return TICK
        return min(TICK, max(0.0, (following - time.now()).total_seconds()))

    def _every(self, seconds: float, chore: Callable[[datetime], None]) -> None:
        while not self.stopping.wait(seconds):
            with logs.about(chore.__name__):
                self._once(chore)

    def _once(self, chore: Callable[[datetime], None]) -> None:
        try:
            chore(time.now())
        except MediaError:
            log.warning("%s: the media server is not answering", chore.__name__)
        except StoreTrouble as trouble:
            log.warning("%s: %s", chore.__name__, trouble)
        except Exception:
            log.exception(chore.__name__)
            connections.close_all()  # whatever is wrong with one, the next try has a new one

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()


def _ask_the_time(now: datetime) -> None:
    time.follow_database()


def _by_one(chore: Callable[[datetime], None]) -> Callable[[datetime], None]:
    """The chore, left to another worker while that one is at it."""

    @wraps(chore)
    def done(now: datetime) -> None:
        with alone(chore.__name__) as mine:
            if mine:
                chore(now)

    return done


def _carry_out_orders(now: datetime) -> None:
    late = now - timedelta(milliseconds=500)
    waiting = Meeting.objects.filter(mediaorder__made_at__lt=late).distinct()
    for pk in waiting.values_list("pk", flat=True):
        orders.carry_out(pk)


def _look_around(now: datetime) -> None:
    health_tasks.look_around(now)


def _raise_alarms(now: datetime) -> None:
    oversight_tasks.raise_alarms(now)


def _reconcile(now: datetime) -> None:
    tasks.reconcile_rooms()
    tasks.give_up_dropped(now)
    tasks.put_out_leavers(now)


def _watch_recorder(now: datetime) -> None:
    recording_tasks.watch_recorder(now)


def _render_films(now: datetime) -> None:
    recording_tasks.render_waiting(now)


def _move_recordings(now: datetime) -> None:
    recording_tasks.move_stopped(now)


def _work_on_rosters(now: datetime) -> None:
    roster_tasks.work(now)


def _send_mail(now: datetime) -> None:
    answer_asks()
    answer_code_asks()
    document_tasks.remind_readers(now)
    notice_tasks.send_due(now, may_go)


def _tell_newcomers(now: datetime) -> None:
    tasks.tell_newcomers(now)


def _watch_log(now: datetime) -> None:
    watch_log(now=now)
    oversight_tasks.draw_due(now)


def _destroy_due(now: datetime) -> None:
    recording_tasks.destroy_due(now)
    access_tasks.close_viewings(now)
    tasks.forget_door_tries(now)
    document_tasks.remind_reviews(now)
    notice_tasks.empty_old(now)
    empty_old(by="worker", now=now)
    keep_no_longer(now)
