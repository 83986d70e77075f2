"""Figures for whoever watches from outside, in Prometheus' form, read when they are asked for.

Whichever process is asked answers the same: what stands in the database is counted there. What is counted up
(turns, gaps) is read from the log's new rows, whichever process wrote them, from the first question on.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from datetime import time as time_of_day

from django.db import DatabaseError
from django.db.models import Count, Q
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from circletime.audit.queries import count_kinds, head, last_done
from circletime.core import time
from circletime.health.beat import read_beat
from circletime.health.queries import list_standings
from circletime.health.rules.finding import Subject
from circletime.meetings.models import Meeting, Seat
from circletime.meetings.queries import ONLINE_WITHIN
from circletime.meetings.rules import JOINABLE, RUNNING, Recording, SeatRole, SeatState
from circletime.notices.models import Letter
from circletime.notices.rules import State as LetterState
from circletime.recordings import queries

COUNTED = {
    "circletime_floor_changes": (
        "Turns that were given or ended.",
        ("meetings.turn.given", "meetings.turn.ended"),
    ),
    "circletime_recording_gaps": ("Times a running meeting was not recorded.", ("meetings.recording.lost",)),
    "circletime_lies": ("Times a browser tried what it may not.", ("meetings.guest.lie",)),
    "circletime_letters_sent": ("Letters that a mail server took.", ("notices.letter.sent",)),
    "circletime_letters_failed": ("Letters that were given up.", ("notices.letter.failed",)),
}
"""What is counted up: its name, its meaning, and the kinds of the log's rows that count."""


class Done:
    """How often each of COUNTED was done since the first question, by whichever process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_to: int | None = None
        self._counts: Counter[str] = Counter()

    def read(self) -> dict[str, int]:
        """The counts as they are now. Each row of the log is read once."""
        with self._lock:
            newest, _ = head()
            if self._read_to is None or newest < self._read_to:  # another database was put in its place
                self._read_to, self._counts = newest, Counter()
            kinds = [kind for _, counted in COUNTED.values() for kind in counted]
            self._counts.update(count_kinds(kinds, after=self._read_to, until=newest))
            self._read_to = newest
            return {name: sum(self._counts[kind] for kind in kinds) for name, (_, kinds) in COUNTED.items()}


class Figures(Collector):
    """Everything that is read from the database at each question."""

    def __init__(self) -> None:
        self._done = Done()

    def describe(self) -> Iterable[Metric]:
        """Nothing is read before somebody asks."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment; the first says whether the database could be read at all."""
        up = GaugeMetricFamily("circletime_database_up", "Whether the database could be read.", value=0)
        found: list[Metric] = []
        try:
            for part in (_meetings, _people, _letters, _standings, _ages):
                found += part(time.now())
            found += _counters(self._done.read())
        except DatabaseError:
            yield up
            return
        up.samples.clear()
        up.add_metric([], 1)
        yield up
        yield from found


def _gauge(name: str, meaning: str, values: dict[str, float], label: str) -> GaugeMetricFamily:
    made = GaugeMetricFamily(name, meaning, labels=[label])
    for which, value in values.items():
        made.add_metric([which], value)
    return made


def _meetings(now: datetime) -> list[Metric]:
    states = dict.fromkeys(map(str, JOINABLE), 0.0)
    rows = Meeting.objects.filter(state__in=JOINABLE).order_by().values_list("state").annotate(n=Count("pk"))
    states |= {str(state): float(count) for state, count in rows}
    lost = Meeting.objects.filter(state__in=RUNNING, recording=Recording.LOST).count()
    return [
        _gauge("circletime_meetings", "Meetings whose waiting room or room is open.", states, "state"),
        GaugeMetricFamily(
            "circletime_meetings_unrecorded", "Running meetings that are not being recorded.", value=lost
        ),
    ]


def _people(now: datetime) -> list[Metric]:
    kinds = dict.fromkeys(map(str, SeatRole), 0.0)
    inside = Q(state=SeatState.ADMITTED, meeting__state__in=RUNNING) & ~Q(connection="")
    rows = Seat.objects.filter(inside).order_by().values_list("role").annotate(n=Count("pk"))
    kinds |= {str(role): float(count) for role, count in rows}
    waiting = Seat.objects.filter(
        state=SeatState.WAITING, meeting__state__in=JOINABLE, seen_at__gt=now - ONLINE_WITHIN
    )
    return [
        _gauge("circletime_people", "People who are in a room, by what they are there.", kinds, "kind"),
        GaugeMetricFamily(
            "circletime_gate_relays",
            "Browsers that are connected to the media server through the gate.",
            value=Seat.objects.exclude(connection="").count(),
        ),
        GaugeMetricFamily("circletime_waiting", "People in a waiting room.", value=waiting.count()),
    ]


def _letters(now: datetime) -> list[Metric]:
    due = Q(state=LetterState.WAITING, due_at__lte=now) | Q(state=LetterState.SENDING)
    states: dict[str, float] = {
        "due": Letter.objects.filter(due).count(),
        "later": Letter.objects.filter(state=LetterState.WAITING, due_at__gt=now).count(),
        "failed": Letter.objects.filter(state=LetterState.FAILED).count(),
    }
    return [_gauge("circletime_letters", "Letters that were not sent, by where they stand.", states, "state")]


def _standings(now: datetime) -> list[Metric]:
    standings = list_standings()
    fine = {subject.value: float(one.fine) for subject, one in standings.items()}
    found: list[Metric] = [
        _gauge("circletime_check_ok", "Whether the worker's last look found it well.", fine, "check")
    ]
    days = {
        subject.value: (one.number - now.timestamp()) / 86_400
        for subject, one in standings.items()
        if subject in (Subject.CERTIFICATE, Subject.RELAY) and one.number is not None
    }
    if days:
        found.append(_gauge("circletime_certificate_days", "Days until a certificate ends.", days, "check"))
    return found


def _ages(now: datetime) -> list[Metric]:
    overdue = _oldest_due(now)
    found: list[Metric] = [
        GaugeMetricFamily(
            "circletime_destruction_oldest_due_seconds",
            "How long the oldest recording is past its day that is still there; 0 when none is.",
            value=max(0.0, (now - _begin(overdue)).total_seconds()) if overdue else 0,
        )
    ]
    beat = read_beat().at
    if beat is not None:
        age = (now - beat).total_seconds()
        meaning = "Seconds since the worker's last sign of life."
        found.append(GaugeMetricFamily("circletime_worker_heartbeat_age_seconds", meaning, value=age))
    taken = last_done("backup.data.taken")
    if taken is not None:
        age = (now - taken).total_seconds()
        meaning = "Seconds since the last backup by Circletime itself."
        found.append(GaugeMetricFamily("circletime_backup_age_seconds", meaning, value=age))
    try:
        meaning = "Free bytes of the disk that recordings are written to."
        found.append(GaugeMetricFamily("circletime_disk_free_bytes", meaning, value=queries.free_bytes()))
    except OSError:
        pass  # the disk is away; circletime_check_ok says so
    return found


def _oldest_due(now: datetime) -> date | None:
    today = timezone.localtime(now).date()
    day: date | None = queries.due(today).values_list("destroy_on", flat=True).first()
    return day


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time_of_day()))


def _counters(counts: dict[str, int]) -> list[Metric]:
    return [CounterMetricFamily(name, COUNTED[name][0], value=count) for name, count in counts.items()]
