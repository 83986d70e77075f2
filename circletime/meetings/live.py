"""Live updates: every open page is sent what changed, from the database's own version numbers.

One hub per process. An action wakes it at its commit; changes made by another process are found
by asking the versions of the watched meetings five times a second, so nothing is lost and no
broker is needed. Each changed meeting is read once per process, then cut to each reader.
"""

import asyncio
import contextlib
import time as clock
from collections import defaultdict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.models import F

from circletime.core import time
from circletime.core.again import again
from circletime.meetings import wire
from circletime.meetings.models import Meeting, Seat
from circletime.meetings.queries import Snapshot
from circletime.meetings.rules import Purpose, SeatRole, SeatState

POLL_EVERY = 0.2
HEARTBEAT_EVERY = 5.0
P = ParamSpec("P")
R = TypeVar("R")
_own_thread = ThreadPoolExecutor(1, thread_name_prefix="live hub")


class Watcher:
    """Somebody who follows one meeting: `wait()` answers the newest snapshot once there is a new one."""

    def __init__(self, meeting_pk: int, seat_id: str | None) -> None:
        self.meeting_pk = meeting_pk
        self.seat_id = seat_id
        self._newest: Snapshot | None = None
        self._changed = asyncio.Event()

    def push(self, snap: Snapshot) -> None:
        self._newest = snap
        self._changed.set()

    async def wait(self) -> Snapshot:
        """The next snapshot; ones in between are skipped, since each is whole."""
        await self._changed.wait()
        self._changed.clear()
        assert self._newest is not None  # noqa: S101  set together with the event
        return self._newest


class Hub:
    """The watchers of this process, and the one task that feeds them."""

    def __init__(self) -> None:
        self._watchers: dict[int, set[Watcher]] = defaultdict(set)
        self._newest: dict[int, Snapshot] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._beat_at = 0.0

    @contextlib.asynccontextmanager
    async def watch(self, meeting_pk: int, seat_id: str | None = None):  # type: ignore[no-untyped-def]
        """Follow a meeting. With `seat_id`, the seat counts as having its page open meanwhile."""
        self._start()
        watcher = Watcher(meeting_pk, seat_id)
        self._watchers[meeting_pk].add(watcher)
        try:
            watcher.push(await self._now(meeting_pk))
            yield watcher
        finally:
            self._watchers[meeting_pk].discard(watcher)
            if not self._watchers[meeting_pk]:
                del self._watchers[meeting_pk]
                self._newest.pop(meeting_pk, None)

    async def _now(self, meeting_pk: int) -> Snapshot:
        """The meeting as it is: what was read last where its version still stands, else read anew."""
        known = self._newest.get(meeting_pk)
        if known is None or (await _versions([meeting_pk])).get(meeting_pk) != known.meeting.version:
            known = await _read(meeting_pk)
        # Meanwhile all who watch may have been told of something newer.
        return max(known, self._newest.get(meeting_pk, known), key=lambda snap: snap.meeting.version)

    def has_page(self, seat_id: str) -> bool:
        """Whether another page of this seat is open in this process."""
        return any(w.seat_id == seat_id for group in self._watchers.values() for w in group)

    def wake(self) -> None:
        """Look for changes now; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._loop is not loop:
            self._loop, self._wake = loop, asyncio.Event()
            self._task = loop.create_task(self._run(), name="live hub")

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_EVERY)
            self._wake.clear()
            if not self._watchers:
                continue
            try:
                await self._feed()
            except Exception:  # the hub must outlive a database that is away for a moment
                await _apart(connections.close_all)()
                await asyncio.sleep(POLL_EVERY)

    async def _feed(self) -> None:
        beat = clock.monotonic() - self._beat_at > HEARTBEAT_EVERY
        if beat:
            self._beat_at = clock.monotonic()
            online = [w.seat_id for group in self._watchers.values() for w in group if w.seat_id]
            await _heartbeat(online)
        versions = await _versions(list(self._watchers))
        for meeting_pk, version in versions.items():
            known = self._newest.get(meeting_pk)
            same = known is not None and known.meeting.version == version
            if same and not (beat and known is not None and _time_tells(known)):
                continue
            snap = self._newest[meeting_pk] = await _read(meeting_pk)
            watchers = list(self._watchers.get(meeting_pk, ()))
            hosts = {seat.public_id for seat in snap.seats if seat.role == SeatRole.HOST}
            for watcher in watchers:
                # With a whole school in, a page for everybody would hold up what the gate passes on.
                if not same or watcher.seat_id in hosts:
                    watcher.push(snap)
            # Another process saw its last page of a seat close, and cannot know of one that is open here.
            unseen = {seat.public_id for seat in snap.seats if seat.seen_at is None}
            for seat_id in unseen & {watcher.seat_id for watcher in watchers}:
                await _seen(seat_id)


def _apart(work: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """In the hub's own thread: whoever opens a room does not wait behind what pages are told."""
    return sync_to_async(work, thread_sensitive=False, executor=_own_thread)


def _time_tells(snap: Snapshot) -> bool:
    """Whether a host's page shows what changes without a new version: who waits and has gone offline, how
    long a turn takes, which families have to be told yet."""
    meeting = snap.meeting
    waits = any(seat.state == SeatState.WAITING for seat in snap.seats)
    return waits or meeting.floor_id is not None or meeting.purpose == Purpose.TEACHING


@_apart
@again
def _versions(meeting_pks: list[int]) -> dict[int, int]:
    return dict(Meeting.objects.filter(pk__in=meeting_pks).values_list("pk", "version"))


@_apart
@again
def _read(meeting_pk: int) -> Snapshot:
    return wire.read(meeting_pk, time.now())


@_apart
def _heartbeat(seat_ids: list[str]) -> None:
    Seat.objects.filter(public_id__in=seat_ids).update(seen_at=time.now())


@_apart
def _seen(seat_id: str) -> None:
    if Seat.objects.filter(public_id=seat_id, seen_at=None).update(seen_at=time.now()):
        Meeting.objects.filter(seat__public_id=seat_id).update(version=F("version") + 1)


hub = Hub()


def poke() -> None:
    """Something changed and is committed: tell the open pages."""
    hub.wake()
