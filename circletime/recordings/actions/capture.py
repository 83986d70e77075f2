"""Starting and stopping the recorder, so that a meeting is recorded from its start to its end (T8).

No transaction is open while LiveKit or the recorder is spoken to. One process at a time does so
for one recording (`driven_until`); every attempt is a new segment, so no attempt can write over
what an earlier one left behind, whoever was killed in between.
"""

import contextlib
import functools
import time as clock
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from circletime.audit.actions import record
from circletime.core import time
from circletime.core.errors import Refused
from circletime.documents.limits import longest
from circletime.media import livekit
from circletime.media.livekit import MediaError
from circletime.media.rules import Rights
from circletime.meetings import rules as meeting_rules
from circletime.meetings.actions.common import lock
from circletime.meetings.actions.lifecycle import recording_changed
from circletime.meetings.models import Meeting
from circletime.meetings.rules import RUNNING
from circletime.policy.limits import Limit
from circletime.recordings import keys, queries, room
from circletime.recordings.actions import film
from circletime.recordings.film.cut import Cut
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Recording
from circletime.recordings.queries import folder_of, key_of
from circletime.recordings.recorder import Recorder, RecorderUnavailable
from circletime.recordings.rules import CAPTURING, RECORDER_LEASE, FilmKind, State, destroy_on

WORKER = "system:worker"
WAIT_FOR_OTHERS = 10.0
"""Seconds: a second press of Start waits for the first one's attempt."""

_NOT_ANSWERING = (
    "The recorder is not answering, so the meeting cannot start. "
    "Wait half a minute and press Start again; if it stays so, tell whoever looks after Circletime."
)
_NO_KEY = (
    "The key that recordings are locked with cannot be read, so the meeting cannot start. "
    "Tell whoever looks after Circletime."
)
_TROUBLES = (MediaError, RecorderUnavailable, KeyTrouble, OSError)


@dataclass(frozen=True)
class Attempt:
    """Everything one start of the recorder needs, as plain values."""

    recording_pk: int
    public_id: str
    room: str
    segment: int
    key: bytes


def prepare(*, meeting: Meeting, by: str, now: datetime) -> None:
    """Have the recorder in the meeting's room before it starts. Doing it again changes nothing.

    `by` is the actor of a host, which the caller has checked. Raises `Refused` in plain words when
    the meeting may not start or the recorder is not there; then nothing is left running.
    """
    try:
        recording = _open(meeting, by, now)
        with _driving(recording, wait=WAIT_FOR_OTHERS):
            if not is_running(recording.public_id):
                _start_or_undo(recording, by)
    except _TROUBLES as trouble:
        Recording.objects.filter(meeting=meeting).update(trouble=str(trouble)[:300])
        words = _NO_KEY if isinstance(trouble, KeyTrouble) else _NOT_ANSWERING
        raise Refused("recorder", words, status=503) from trouble
    now_running(recording, by=by, now=time.now())


def is_running(public_id: str) -> bool:
    """Whether the recorder says that it records this at this moment. Raises `RecorderUnavailable`."""
    entry = recorder().list().get(public_id)
    return entry is not None and entry.state == "recording"


def recorder() -> Recorder:
    """The recorder of this installation."""
    return _recorder(settings.RECORDER_SOCKET)


@functools.lru_cache(maxsize=1)  # the worker asks it twice a second, and a new client is 20 ms of work
def _recorder(socket: Path) -> Recorder:
    return Recorder(socket)


@transaction.atomic
def _open(meeting: Meeting, by: str, now: datetime) -> Recording:
    locked = lock(meeting.pk)
    if locked.state not in (meeting_rules.State.OPEN, *RUNNING):
        raise Refused("wrong_state", f"This meeting is {locked.state}; it cannot be started now.")
    if locked.state == meeting_rules.State.OPEN:
        # Within the transaction that makes the row, so that two that start at once are both counted.
        room.check_fits(queries.free_bytes(), 60 * locked.minutes, queries.seconds_to_record(now, locked))
    return ensure_row(locked, by, now)


def ensure_row(meeting: Meeting, by: str, now: datetime) -> Recording:
    """The recording of a locked meeting; made with a key of its own when there is none."""
    found = Recording.objects.filter(meeting=meeting).first()
    if found is not None:
        return found
    day = destroy_on(timezone.localtime(now).date(), longest(Limit.KEPT))
    made = Recording(meeting=meeting, made_at=now, destroy_on=day)
    # Before the key is read: this locks the log, which keeps a rotation from retiring that key meanwhile.
    record("recordings.recording.made", by=by, subject=made.subject, now=now, meeting=meeting.public_id)
    nothing_wrapped = not Recording.objects.exclude(wrapped_key=b"").exists()
    made.wrapped_key = keys.wrap(keys.new_key(), made.public_id, may_make_file=nothing_wrapped)
    made.save()
    return made


@contextlib.contextmanager
def _driving(recording: Recording, *, wait: float) -> Iterator[None]:
    """Be the only one who speaks to the recorder about this recording."""
    give_up_at = clock.monotonic() + wait
    while not claim(recording):
        if clock.monotonic() > give_up_at:
            raise RecorderUnavailable("Another start of this recording did not end.")
        clock.sleep(0.1)
    try:
        yield
    finally:
        release(recording)


def claim(recording: Recording) -> bool:
    """Take the lease to speak to the recorder about this recording; False when another has it."""
    now = time.now()
    free = Q(driven_until=None) | Q(driven_until__lt=now)
    return bool(Recording.objects.filter(free, pk=recording.pk).update(driven_until=now + RECORDER_LEASE))


def release(recording: Recording) -> None:
    """Give the lease back."""
    Recording.objects.filter(pk=recording.pk).update(driven_until=None)


def _start_or_undo(recording: Recording, by: str) -> None:
    attempt = next_attempt(recording)
    try:
        start(attempt)
    except _TROUBLES:
        # It may have started after all, with the answer lost.
        with contextlib.suppress(RecorderUnavailable):
            recorder().stop(recording.public_id)
        if Meeting.objects.filter(pk=recording.meeting_id).exclude(state__in=RUNNING).exists():
            with contextlib.suppress(MediaError):
                livekit.delete_room(attempt.room)
        raise


@transaction.atomic
def next_attempt(recording: Recording) -> Attempt:
    """Number the next segment. Raises `KeyTrouble`."""
    fresh = Recording.objects.select_for_update(of=("self",)).select_related("meeting").get(pk=recording.pk)
    fresh.segment += 1
    fresh.save(update_fields=["segment"])
    key = key_of(fresh)
    return Attempt(fresh.pk, fresh.public_id, fresh.meeting.room, fresh.segment, key)


def start(attempt: Attempt) -> None:
    """Make the room and put the recorder in it. Touches no database; may be called from any thread.

    Raises `MediaError` or `RecorderUnavailable`.
    """
    livekit.create_room(attempt.room)
    listen_only = Rights(camera=False, microphone=False, screen=False, subscribe=True)
    token = livekit.make_token(
        attempt.room,
        livekit.RECORDER,
        livekit.RECORDER,
        listen_only,
        hidden=True,
        ttl=timedelta(minutes=5),
    )
    recorder().start(
        attempt.public_id,
        room=attempt.room,
        url=livekit.addresses()[0].replace("http", "ws", 1),  # the node that has just made the room
        token=token,
        folder=folder_of(attempt.public_id),
        key=attempt.key,
        segment=attempt.segment,
    )


def says_so(recording: Recording, meeting: Meeting) -> bool:
    """Whether recording and meeting say that it is recorded, as they were read."""
    fine = recording.state == State.RECORDING and not recording.trouble
    return fine and meeting.recording == meeting_rules.Recording.ON


def now_running(recording: Recording, *, by: str, now: datetime) -> None:
    """The recorder was heard to record: the recording and its meeting say so."""
    changed = (
        Recording.objects.filter(pk=recording.pk, state__in=CAPTURING)
        .exclude(state=State.RECORDING, trouble="")
        .update(state=State.RECORDING, trouble="")
    )
    meeting = Meeting.objects.get(pk=recording.meeting_id)
    if changed or meeting.recording != meeting_rules.Recording.ON:
        recording_changed(meeting=meeting, to=meeting_rules.Recording.ON, by=by, now=now)


def now_lost(meeting: Meeting, *, why: str, now: datetime) -> None:
    """The recorder is not recording a running meeting: hosts are told at once."""
    Recording.objects.filter(meeting=meeting, state__in=CAPTURING).update(state=State.LOST, trouble=why[:300])
    fresh = Meeting.objects.filter(pk=meeting.pk, state__in=RUNNING).first()
    if fresh is not None and fresh.recording != meeting_rules.Recording.LOST:
        recording_changed(meeting=fresh, to=meeting_rules.Recording.LOST, by=WORKER, now=now)


@transaction.atomic
def now_stopped(recording: Recording, *, now: datetime) -> None:
    """The meeting is over and the recorder has closed its files: the film may be made."""
    fresh = Recording.objects.select_for_update(of=("self",)).select_related("meeting").get(pk=recording.pk)
    if fresh.state not in CAPTURING:
        return
    fresh.state, fresh.stopped_at = State.STOPPED, now
    if fresh.meeting.live_at is None:
        fresh.destroy_on = timezone.localtime(now).date()  # nobody was ever in: nothing to keep
    fresh.save(update_fields=["state", "stopped_at", "destroy_on"])
    record("recordings.recording.stopped", by=WORKER, subject=fresh.subject, now=now, segments=fresh.segment)
    if fresh.meeting.live_at is not None:
        film.ask(recording=fresh, kind=FilmKind.WHOLE, cut=Cut(), by=WORKER, now=now)
    recording_changed(meeting=fresh.meeting, to=meeting_rules.Recording.OFF, by=WORKER, now=now)


@transaction.atomic
def shape_reported(recording: Recording, sids: list[str]) -> list[str]:
    """Remember that these tracks' shapes were reported; answers those that were not yet."""
    fresh = Recording.objects.select_for_update().get(pk=recording.pk)
    new = [sid for sid in sids if sid not in fresh.odd_tracks]
    if new:
        fresh.odd_tracks = [*fresh.odd_tracks, *new]
        fresh.save(update_fields=["odd_tracks"])
    return new
