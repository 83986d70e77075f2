"""Whether what a meeting needs is there at this moment: database, worker, media server, recorder."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from circletime.health.beat import is_fresh, read_beat
from circletime.health.checks import server
from circletime.health.models import Beat
from circletime.health.rules.alarms import CALM
from circletime.health.rules.finding import Finding, Subject, well, wrong
from circletime.media import livekit
from circletime.media.livekit import MediaError
from circletime.media.processes import answers_http
from circletime.meetings.models import Meeting
from circletime.meetings.rules import RUNNING, Recording
from circletime.recordings.actions import capture
from circletime.recordings.recorder import RecorderUnavailable

GAP = timedelta(seconds=30)
"""A running meeting that is not recorded for so long is more than a blink."""

_BY_ITSELF = "Circletime starts it again by itself. If it stays so for five minutes, restart Circletime"


def database(now: datetime) -> Finding:
    """Tried by writing, since a disk that is full or read-only is read from without complaint."""
    try:
        if not connection.introspection.table_names():
            return well(Subject.DATABASE, "There is no database yet; it is made at the first start.")
        found = server.troubles() + server.worries()
        if found:
            return wrong(Subject.DATABASE, " ".join(found), "Each is put right at the database's server.")
        with transaction.atomic():
            Beat.objects.update_or_create(pk=1, defaults={"tried_at": now})
    except DatabaseError:
        says = "The database does not answer, or cannot be written."
        return wrong(Subject.DATABASE, says, "Look whether its disk is full, and whether its server runs.")
    return well(Subject.DATABASE, "The database can be read and written.")


def worker(now: datetime) -> Finding:
    """Late, too, for a while after it stood still: whoever looks after it should hear of it."""
    try:
        beat = read_beat()
    except DatabaseError:
        return wrong(Subject.WORKER, "Nobody can tell whether the school's clock runs: the database is away.")
    if not is_fresh(beat, now):
        since = f" since {_at(beat.at)}" if beat.at is not None else ""
        stood = "was stopped" if beat.stopped else "stands still"
        return wrong(
            Subject.WORKER,
            f"The school's clock {stood}{since}: no letter goes out, and nothing is put right by itself. "
            "Meetings still open and end.",
            f"{_BY_ITSELF} and look into the file worker.log.",
        )
    if beat.late_from and beat.late_until and now - beat.late_until < CALM:
        return wrong(
            Subject.WORKER,
            f"The school's clock stood still from {_at(beat.late_from)} to {_at(beat.late_until)}.",
            "It runs again. If the machine was not switched off then, look into the file worker.log.",
        )
    return well(Subject.WORKER, "The school's clock runs: meetings open and end on time.")


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %B, %H:%M}"


def media(now: datetime) -> Finding:
    """Each media server, where there are several; a meeting goes on as long as one of them answers."""
    elsewhere = settings.LIVEKIT_ELSEWHERE
    if not elsewhere:
        return media_answers(now)
    away = [url for url in elsewhere if not answers_http(url)()]
    if away:
        says = f"The media server {' and '.join(away)} does not answer."
        return wrong(Subject.MEDIA, says, "Look at it, and at CIRCLETIME_LIVEKIT_URL.")
    return well(Subject.MEDIA, f"Media servers that answer: {len(elsewhere)}.")


def media_answers(now: datetime) -> Finding:
    """Asked what rooms there are, so that a wrong key shows as well."""
    try:
        livekit.list_rooms()
    except MediaError:
        return wrong(
            Subject.MEDIA,
            "The media server does not answer: nobody in a meeting is seen or heard.",
            f"{_BY_ITSELF} and look into the file media.log.",
        )
    return well(Subject.MEDIA, "The media server answers.")


def recorder(now: datetime) -> Finding:
    """Whether it answers; `recording` looks at the meetings as well."""
    try:
        capture.recorder().list()
    except RecorderUnavailable:
        return wrong(
            Subject.RECORDING,
            "The recorder does not answer, so no meeting can start.",
            f"{_BY_ITSELF} and look into the file recorder.log.",
        )
    return well(Subject.RECORDING, "The recorder is ready.")


def recording(now: datetime) -> Finding:
    """A recorder that answers, and every meeting that runs being recorded (T8)."""
    found = recorder(now)
    if not found.fine:
        return found
    try:
        running = Meeting.objects.filter(state__in=RUNNING)
        lost = running.filter(recording=Recording.LOST, recording_lost_at__lte=now - GAP).count()
        count = running.count()
    except DatabaseError:
        return found
    if lost:
        says = f"Running meetings that are not being recorded: {lost} of {count}."
        do = "Their rooms stand still until they are recorded again. Look into the file recorder.log."
        return wrong(Subject.RECORDING, says, do)
    if not count:
        return well(Subject.RECORDING, "The recorder is ready, and no meeting runs.")
    runs = "the one meeting that runs is" if count == 1 else f"all {count} meetings that run are"
    return well(Subject.RECORDING, f"The recorder works, and {runs} being recorded.")
