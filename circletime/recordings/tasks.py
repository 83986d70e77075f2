"""What the worker does for recordings: the recorder is kept true, films are made, days are kept."""

import contextlib
import logging
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from circletime.core import spans, time
from circletime.media.livekit import MediaError
from circletime.media.policing import screen_like
from circletime.meetings.actions import presence
from circletime.meetings.actions.common import lock
from circletime.meetings.models import Meeting, Seat
from circletime.meetings.rules import JOINABLE, OVER, RUNNING
from circletime.recordings import keys, queries, store
from circletime.recordings.actions import capture, film, retention, vigil
from circletime.recordings.actions.capture import WORKER, Attempt
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Film, Recording
from circletime.recordings.recorder import RecorderUnavailable, Status
from circletime.recordings.rules import CAPTURING, GIVEN_UP_AFTER, FilmState, State
from circletime.recordings.store import StoreTrouble

log = logging.getLogger(__name__)

AT_ONCE = 4
"""So many recorders are started side by side: a class does not wait for another's timeout."""


def watch_recorder(now: datetime) -> None:
    """Compare what the recorder does with what it should do, and correct it.

    A running meeting that is not recorded is marked lost at once and started again as the next
    segment; a meeting that is over has its recording closed. What is known is asked of the
    recorder each time, so it does not matter who was killed meanwhile.
    """
    # Asked for first: a meeting that starts after the recorder answered is looked at next time.
    running = list(Meeting.objects.filter(state__in=RUNNING))
    try:
        listed: dict[str, Status] | None = capture.recorder().list()
    except RecorderUnavailable:
        listed = None
    _watch_running(running, listed, now)
    _close_ended(listed, now)
    if listed is not None:
        _stop_strangers(listed)
        _report_shapes(listed, now)


def _watch_running(running: list[Meeting], listed: dict[str, Status] | None, now: datetime) -> None:
    recordings = {r.meeting_id: r for r in Recording.objects.filter(meeting__in=running)}
    lost: list[Recording] = []
    for meeting in running:
        recording = recordings.get(meeting.pk) or _make_missing(meeting, now)
        entry = (listed or {}).get(recording.public_id)
        if entry is not None and entry.state == "recording":
            if not capture.says_so(recording, meeting):
                capture.now_running(recording, by=WORKER, now=now)
            continue
        if listed is None:
            why = "The recorder is not answering"
        else:
            why = (entry.error if entry else None) or "The recorder is not in the room"
        capture.now_lost(meeting, why=why, now=now)
        lost.append(recording)
    if listed is not None:
        _start_again(lost, listed)


def _make_missing(meeting: Meeting, now: datetime) -> Recording:
    with transaction.atomic():
        return capture.ensure_row(lock(meeting.pk), WORKER, now)


def _start_again(lost: list[Recording], listed: dict[str, Status]) -> None:
    mine = [recording for recording in lost if capture.claim(recording)]
    if not mine:
        return
    with ThreadPoolExecutor(min(AT_ONCE, len(mine))) as pool:
        going: list[tuple[Recording, Future[None]]] = []
        for recording in mine:
            try:
                attempt = capture.next_attempt(recording)
            except KeyTrouble as trouble:
                _failed(recording, str(trouble))
                continue
            going.append((recording, pool.submit(_restart, attempt, recording.public_id in listed)))
        for recording, outcome in going:
            try:
                outcome.result()
            except (MediaError, RecorderUnavailable, OSError) as trouble:
                _failed(recording, str(trouble))
            else:
                capture.release(recording)
                capture.now_running(recording, by=WORKER, now=time.now())


def _restart(attempt: Attempt, known: bool) -> None:
    """Runs beside others; touches no database."""
    if known:
        capture.recorder().stop(attempt.public_id)
    capture.start(attempt)


def _failed(recording: Recording, why: str) -> None:
    log.warning("recording %s could not be started again: %s", recording.public_id, why)
    Recording.objects.filter(pk=recording.pk).update(trouble=why[:300], driven_until=None)


def _close_ended(listed: dict[str, Status] | None, now: datetime) -> None:
    ended = Recording.objects.filter(state__in=CAPTURING, meeting__state__in=OVER).select_related("meeting")
    for recording in ended:
        if not capture.claim(recording):
            continue
        try:
            if listed is None:
                # The room is deleted: after a while there is nothing left that could be written.
                if (recording.meeting.ended_at or now) + GIVEN_UP_AFTER > now:
                    continue
            else:
                capture.recorder().stop(recording.public_id)
        except RecorderUnavailable:
            continue
        finally:
            capture.release(recording)
        capture.now_stopped(recording, now=now)


def _stop_strangers(listed: dict[str, Status]) -> None:
    """What the recorder still does for no meeting that may need it is stopped."""
    wanted = set(
        Recording.objects.filter(public_id__in=listed, meeting__state__in=JOINABLE).values_list(
            "public_id", flat=True
        )
    )
    for public_id, entry in listed.items():
        if public_id not in wanted and entry.state != "stopped":
            try:
                capture.recorder().stop(public_id)
            except RecorderUnavailable:
                return


def _report_shapes(listed: dict[str, Status], now: datetime) -> None:
    """A camera whose real pictures are shaped like a screen is shown to the host, once per track (T5)."""
    odd = {
        public_id: {
            track.sid: track.identity
            for track in entry.tracks
            if track.source == "camera" and screen_like(track.width, track.height)
        }
        for public_id, entry in listed.items()
    }
    for recording in Recording.objects.filter(
        public_id__in=[name for name, tracks in odd.items() if tracks], meeting__state__in=RUNNING
    ):
        tracks = odd[recording.public_id]
        if set(tracks) <= set(recording.odd_tracks):
            continue
        for sid in capture.shape_reported(recording, list(tracks)):
            seat = Seat.objects.filter(meeting=recording.meeting_id, public_id=tracks[sid]).first()
            if seat is not None:
                what = "The camera's picture has the size or shape of a screen"
                presence.lied(seat=seat, kind="shape", what=what, now=now)


def render_waiting(now: datetime) -> None:
    """Make one film that waits, if there is one; returns when it is made.

    It is made by a process of its own, at low priority, so that the clock of running meetings is
    never late because of it. Should that process die, its claim runs out and the film is made again.
    """
    claimed = film.claim_next(now)
    if claimed is None:
        return
    command = [sys.executable, "-P", "-m", "circletime.recordings.film"]
    with spans.span("make a film"):
        ended = subprocess.run(  # noqa: S603  our own program, and a public id
            [*command, claimed.public_id, str(claimed.tries)], cwd=settings.BASE_DIR, check=False
        )
    if ended.returncode != 0:
        log.warning("film %s was not made: exit %s", claimed.public_id, ended.returncode)


@dataclass(frozen=True)
class Run:
    """What one run of destruction came to."""

    destroyed: int = 0
    left: int = 0
    """Due, and still there: it is tried again."""
    kept: int = 0
    """Past its day, and held."""
    waits: bool = False
    """The clock is not trusted (ADR 8)."""


def destroy_due(
    now: datetime, *, by: str = WORKER, today: date | None = None, confirmed: bool = False
) -> Run:
    """Destroy what is due by `today` (T9), and end what an earlier try left half-done.

    Days that were missed are caught up. While the clock cannot be trusted only what was begun is ended,
    until a person has looked at it (`confirmed`).
    """
    day = today or timezone.localtime(now).date()
    half = Recording.objects.filter(state=State.DESTROYING).order_by("destroy_on", "pk")
    gone = sum(_ended(recording, by, now, day) for recording in half)
    _clear_returned()
    trouble, news = vigil.look_at_clock(by=by, now=now, confirmed=confirmed)
    if news:
        log.error("%s", queries.clock_sentence(now))
    if not trouble:
        gone += sum(_ended(recording, by, now, day) for recording in queries.due(day))
    left = queries.due(day).count() + Recording.objects.filter(state=State.DESTROYING).count()
    return Run(gone, left, queries.count_kept(day), bool(trouble))


def _ended(recording: Recording, by: str, now: datetime, today: date) -> bool:
    try:
        return retention.destroy(recording=recording, by=by, now=now, today=today)
    except (OSError, KeyTrouble, StoreTrouble):
        log.exception("recording %s could not be removed; it is tried again", recording.public_id)
        return False


def _clear_returned() -> None:
    """What came back, or came late, of recordings that were destroyed is removed again."""
    there = set(keys.own_names())
    with contextlib.suppress(OSError):
        there |= store.local_ids()
    with contextlib.suppress(StoreTrouble):
        there |= store.stored_ids()
    gone = Recording.objects.filter(state=State.DESTROYED, public_id__in=there)
    for public_id in gone.values_list("public_id", flat=True):
        log.warning("recording %s was destroyed and came back; it is removed again", public_id)
        with contextlib.suppress(OSError, StoreTrouble):
            retention.clear(public_id)


def move_stopped(now: datetime) -> None:
    """Move what was recorded to the bucket, if there is one: each file is removed here once it is there.

    A film is waited for, which is made from the files here. Killed anywhere, it is gone on with.
    """
    if store.bucket() is None:
        return
    kept = Recording.objects.filter(state=State.STOPPED, public_id__in=store.local_ids())
    being_made = Film.objects.filter(state__in=(FilmState.WAITING, FilmState.MAKING))
    for recording in kept.exclude(films__in=being_made).order_by("pk"):
        with store.moving(recording.public_id) as mine:
            for name in store.waiting(recording.public_id) if mine else []:
                _move(recording, name)


def _move(recording: Recording, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # it was destroyed meanwhile
        store.put(recording.public_id, name)
    if Recording.objects.filter(pk=recording.pk, state=State.STOPPED).exists():
        store.drop_local(recording.public_id, name)
    else:
        store.remove(recording.public_id)  # so what came behind its destruction is gone, too
