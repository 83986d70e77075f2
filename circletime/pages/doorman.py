"""What the signal gate asks of the database: who may be in which room, with which rights, until when."""

import asyncio
import contextlib
import logging
import time as clock
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError

from circletime.core import time
from circletime.core.again import again
from circletime.media import livekit
from circletime.media.before import someone_leaves
from circletime.media.gate import SECOND, Pass
from circletime.media.livekit import MediaError
from circletime.media.rules import Rights
from circletime.meetings.actions import lifecycle, presence
from circletime.meetings.live import hub
from circletime.meetings.models import Seat
from circletime.meetings.queries import Snapshot, get_seat, seat_rights
from circletime.meetings.rules import RUNNING, SeatRole, SeatState

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

ANSWERS_WITHIN = 1.0
"""Seconds. A process that does not say by then that its connection stands is taken to be gone."""
ASKS_EVERY = 0.1
WRITERS, READERS = 4, 6
_writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="gate writes")
_readers = ThreadPoolExecutor(READERS, thread_name_prefix="gate reads")


async def at_once(work: Callable[P, R], *args: P.args, **more: P.kwargs) -> R:
    """Ask the database something. Nobody waits here for its line of writers."""
    return await sync_to_async(work, thread_sensitive=False, executor=_readers)(*args, **more)


async def in_line(work: Callable[P, R], *args: P.args, **more: P.kwargs) -> R:
    """Write something. A school that comes in at one moment (F5) does not go through one thread."""
    return await sync_to_async(work, thread_sensitive=False, executor=_writers)(*args, **more)


class DatabaseDoorman:
    """Answers from the database at the moment of asking; keeps nothing itself."""

    async def admit(self, scope: dict[str, Any], seat_id: str) -> Pass | None:
        """The pass for one connection, or None for anybody who is not let in at this moment."""
        return await at_once(_admit, scope.get("session"), seat_id)

    async def rights(self, seat_id: str) -> Rights:
        """What the seat may send now; nothing when it is gone."""
        return await at_once(_rights, seat_id)

    async def opened(self, leave: Pass, connection_id: str) -> bool:
        """The connection stands; False when the seat lost its leave while it was being opened."""
        return await in_line(_opened, leave, connection_id)

    async def closed(self, seat_id: str, connection_id: str) -> None:
        """The connection is gone."""
        await in_line(_closed, seat_id, connection_id)

    async def over(self, leave: Pass) -> None:
        """The meeting's time is up. What cannot be written down, as on a full disk, is done nevertheless."""
        try:
            await in_line(_over, leave)
        except DatabaseError:
            log.exception("a meeting's end could not be written")
            with contextlib.suppress(MediaError):
                await in_line(livekit.delete_room, leave.room)

    async def lied(self, seat_id: str, what: str, kind: str = "lie") -> None:
        """The browser tried what it may not (`lie`), or shows something of a screen's shape (`shape`)."""
        await in_line(_lied, seat_id, what, kind)

    async def may_replace(self, seat_id: str, connection_id: str) -> bool:
        """Whether a new connection of this seat may be opened; the process that has one is asked first."""
        alone = settings.APPS == 1 and not someone_leaves(settings.VAR / "log")
        if alone or not await in_line(_ask, seat_id, connection_id):
            return True
        until = clock.monotonic() + ANSWERS_WITHIN
        while clock.monotonic() < until:
            await asyncio.sleep(ASKS_EVERY)
            answer = await at_once(_answer, seat_id, connection_id)
            if answer is not None:
                return answer
        return True

    async def wait_shut(self, seat_id: str, connection_id: str, is_heard: Callable[[], bool]) -> None:
        """Return once this connection has to be closed: its seat has no leave any more, or another connection
        or none, or this one is silent and another process asks for its place.

        A media server that lost its memory for a moment knows of nobody, and who is missed there is dropped.
        Their lines may stand all the same. Closed, they come again, and everybody agrees that they are here.
        """
        meeting_pk = await at_once(_meeting_of, seat_id)
        if meeting_pk is None:
            return
        async with hub.watch(meeting_pk) as watcher:
            while (seat := _may_stay(await watcher.wait(), seat_id)) is not None:
                if seat.connection != connection_id:
                    # What was looked at may be older than this connection.
                    if not await at_once(_is_its_own, seat_id, connection_id):
                        return
                elif seat.rival:
                    if not is_heard():
                        return
                    await in_line(_keep, seat, connection_id)


def _may_stay(snap: Snapshot, seat_id: str) -> Seat | None:
    if snap.meeting.state not in RUNNING:
        return None
    own = snap.by_name.get(seat_id)
    return own if own is not None and own.state == SeatState.ADMITTED else None


def _seat(seat_id: str) -> Seat | None:
    return Seat.objects.select_related("meeting").filter(public_id=seat_id).first()


@again
def _is_its_own(seat_id: str, connection_id: str) -> bool:
    return Seat.objects.filter(public_id=seat_id, connection=connection_id).exists()


@again
def _meeting_of(seat_id: str) -> int | None:
    return Seat.objects.filter(public_id=seat_id).values_list("meeting_id", flat=True).first()


@again
def _admit(session: Any, seat_id: str) -> Pass | None:
    key = (session.get("seats") or {}).get(seat_id, "") if session is not None else ""
    seat = get_seat(seat_id, key)
    if seat is None or seat.state != SeatState.ADMITTED or seat.meeting.state_at(time.now()) not in RUNNING:
        return None
    rights = seat_rights(seat.meeting, seat)
    if seat.role == SeatRole.PUPIL:
        # A pupil's microphone is only ever ordered in line, never carried by a token (P2).
        rights = Rights(
            camera=rights.camera, microphone=False, screen=rights.screen, subscribe=rights.subscribe
        )
    return Pass(
        room=seat.meeting.room,
        identity=seat.public_id,
        name=seat.label,
        rights=rights,
        closes_at=seat.meeting.ends_at,
    )


@again
def _rights(seat_id: str) -> Rights:
    seat = _seat(seat_id)
    return seat_rights(seat.meeting, seat) if seat is not None else Rights.NONE


@again
def _opened(leave: Pass, connection_id: str) -> bool:
    seat = _seat(leave.identity)
    return seat is not None and presence.connected(
        seat=seat, connection=connection_id, given=leave.rights, now=time.now()
    )


@again
def _closed(seat_id: str, connection_id: str) -> None:
    seat = _seat(seat_id)
    if seat is not None:
        presence.disconnected(seat=seat, connection=connection_id, now=time.now())


@again
def _over(leave: Pass) -> None:
    seat = _seat(leave.identity)
    if seat is not None and leave.closes_at is not None:
        lifecycle.time_is_up(meeting=seat.meeting, ends_at=leave.closes_at, now=time.now())


@again
def _ask(seat_id: str, connection_id: str) -> bool:
    seat = _seat(seat_id)
    return seat is not None and presence.asked_for_place(seat=seat, rival=connection_id)


@again
def _answer(seat_id: str, connection_id: str) -> bool | None:
    """True when the place is free, False when it is not given up, None while nobody has answered."""
    seat = _seat(seat_id)
    if seat is None or not seat.connection:
        return seat is not None
    return None if seat.rival == connection_id else False


@again
def _keep(seat: Seat, connection_id: str) -> None:
    presence.kept_place(seat=seat, connection=connection_id, what=SECOND, now=time.now())


@again
def _lied(seat_id: str, what: str, kind: str) -> None:
    seat = _seat(seat_id)
    if seat is not None:
        presence.lied(seat=seat, kind=kind, what=what, now=time.now())
