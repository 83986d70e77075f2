"""The signal gate: the only way from a browser to the media server's signalling port.

A browser opens the room's socket at the app's own origin and proves its seat by its session. The
gate asks the doorman at that moment, makes a token for this one connection, and relays. So a page
kept from before a removal or the end is refused, however old it is, and no browser ever holds a
token. livekit-client is told its seat's name as "token"; it puts it into `access_token`.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from circletime.core.ids import public_id
from circletime.core.measure import RELAYED_DOWN, RELAYED_UP
from circletime.media import livekit, policing
from circletime.media.policing import Malformed, Tracks
from circletime.media.rules import Rights

log = logging.getLogger(__name__)

LONGEST_REQUEST = 256 * 1024
LONGEST_RESPONSE = 4 * 1024 * 1024
LONGEST_QUERY = 512 * 1024
MOST_REQUESTS = 400
"""Messages from one browser in ten seconds. A join of a class of thirty needs about sixty."""
SILENT_AFTER = 12.0
"""Seconds. livekit-client pings every five; one that said nothing for so long has lost its network."""
SECOND = "Tried to join a second time while in the room"
OPENS_WITHIN = 4.0
"""Seconds for one media server. Where there are several, the next is tried after it."""
ANSWERS_WITHIN = 4.0
"""Seconds. A media server answers a ping at once; one that does not is gone, and what it sent with it.

By itself a browser gives it half a minute and more when another node passes its signalling on.
"""
CLOSED_BY_US = 4001
MALFORMED = 4003
WE_STOP = 1012
"""The code with which our own web server closes every socket when it stops."""

_KEPT_PARAMETERS = (
    "auto_subscribe",
    "sdk",
    "version",
    "protocol",
    "client_protocol",
    "device_model",
    "os",
    "os_version",
    "browser",
    "browser_version",
    "adaptive_stream",
    "subscriber_allow_pause",
    "reconnect",
    "reconnect_reason",
    "sid",
    "network",
)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Pass:
    """Leave for one connection. No pupil's pass carries the microphone: that is ordered later, in line."""

    room: str
    identity: str
    name: str
    rights: Rights
    closes_at: datetime | None


class Doorman(Protocol):
    """What the gate asks, at the moment it matters."""

    async def admit(self, scope: Scope, seat_id: str) -> Pass | None:
        """The pass for one connection of this browser, or None."""

    async def rights(self, seat_id: str) -> Rights:
        """What the seat may send now."""

    async def opened(self, leave: Pass, connection_id: str) -> bool:
        """The media server has let the connection in; False when it must be closed again at once."""

    async def closed(self, seat_id: str, connection_id: str) -> None:
        """The connection is gone."""

    async def over(self, leave: Pass) -> None:
        """The connection stood until its pass closed: the meeting's time is up."""

    async def lied(self, seat_id: str, what: str, kind: str = "lie") -> None:
        """The browser tried what it may not (`lie`), or shows something screen-shaped (`shape`)."""

    async def may_replace(self, seat_id: str, connection_id: str) -> bool:
        """Whether a new connection may be opened: False when another process has one that stands."""

    async def wait_shut(self, seat_id: str, connection_id: str, is_heard: Callable[[], bool]) -> None:
        """Return once this connection has to be closed. One that is heard keeps its place (`may_replace`)."""


@dataclass
class _Line:
    """One connection that stands."""

    id: str
    heard_at: float
    task: asyncio.Task[None] | None = None
    asked_at: float | None = None
    """Since when the media server owes an answer."""
    opening: asyncio.Future[bool] | None = None
    """That it stands is being written down."""
    goes_on: bool = False
    """Not the browser left but this process stops: the next one takes the connection up."""

    def is_heard(self) -> bool:
        """Whether its browser said something lately."""
        return time.monotonic() - self.heard_at < SILENT_AFTER


class SignalGate:
    """The ASGI application at /rtc and /rtc/v1."""

    def __init__(self, doorman: Doorman) -> None:
        self._doorman = doorman
        self._lines: dict[str, _Line] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket from its opening to its end."""
        await receive()  # websocket.connect
        line = _Line(public_id(), time.monotonic(), asyncio.current_task())
        try:
            leave, path, tracks = await self._open(scope, line)
        except _Refusal:
            await send({"type": "websocket.close", "code": 4403})  # before accepting: an HTTP 403
            return
        self._lines[leave.identity] = line
        try:
            await self._relay(leave, path, tracks, line, receive, send)
        finally:
            if self._lines.get(leave.identity) is line:
                del self._lines[leave.identity]
            # A program that is started anew must not end a child's turn. Who does not come back is missed
            # by the reconciler, as after kill -9.
            if not line.goes_on:
                await asyncio.shield(self._gone(leave.identity, line))

    async def _gone(self, seat_id: str, line: _Line) -> None:
        if line.opening is not None:  # that it is gone is written after that it stands
            await asyncio.wait([line.opening])
        await self._doorman.closed(seat_id, line.id)

    async def _open(self, scope: Scope, new: _Line) -> tuple[Pass, str, Tracks]:
        query = scope.get("query_string", b"")
        if len(query) > LONGEST_QUERY or not _same_origin(scope):
            raise _Refusal
        asked = {name: values[-1] for name, values in parse_qs(query.decode("latin-1")).items()}
        seat_id = asked.get("access_token", "")[:64]
        leave = await self._doorman.admit(scope, seat_id) if seat_id else None
        if leave is None:
            raise _Refusal
        tracks = Tracks(leave.identity)
        kept = {name: asked[name][:200] for name in _KEPT_PARAMETERS if name in asked}
        resumes = kept.get("reconnect") in ("1", "true")
        if "join_request" in asked:
            try:
                packed, resumes, lies = policing.read_join(
                    asked["join_request"], leave.rights, tracks, time.monotonic()
                )
            except Malformed:
                raise _Refusal from None
            for lie in lies:
                await self._doorman.lied(leave.identity, lie)
            kept = {"join_request": packed}
        await self._one_line_only(leave.identity, new, resumes)
        suffix = "/rtc/v1" if scope["path"].rstrip("/").endswith("/v1") else "/rtc"
        return leave, f"{suffix}?{urlencode(kept)}", tracks

    async def _one_line_only(self, seat_id: str, new: _Line, resumes: bool) -> None:
        # LiveKit lets the newest of two connections win, so a second one would throw the first out.
        line = self._lines.get(seat_id)
        if line is None:
            if not resumes and not await self._doorman.may_replace(seat_id, new.id):
                raise _Refusal
            return
        if not resumes and line.is_heard():
            await self._doorman.lied(seat_id, SECOND)
            raise _Refusal
        if line.task is not None:
            line.task.cancel()

    async def _relay(
        self, leave: Pass, path: str, tracks: Tracks, line: _Line, receive: Receive, send: Send
    ) -> None:
        upstream = await _connect(leave, path)
        if upstream is None:
            await send({"type": "websocket.close", "code": 4503})
            return
        await send({"type": "websocket.accept"})
        code = CLOSED_BY_US
        line.asked_at = time.monotonic()
        stands = asyncio.Event()
        time_is_up = asyncio.create_task(_until(leave.closes_at))
        jobs = [
            asyncio.create_task(self._up(upstream, leave.identity, tracks, line, receive)),
            asyncio.create_task(self._down(upstream, leave, tracks, line, send, stands)),
            asyncio.create_task(self._shut(leave.identity, line, stands)),
            time_is_up,
            asyncio.create_task(_unanswered(line)),
        ]
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                if isinstance(job.exception(), Malformed):
                    code = MALFORMED
                    await self._doorman.lied(leave.identity, "Sent what is not understood")
            if time_is_up in done:
                await self._doorman.over(leave)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await upstream.close()
            with contextlib.suppress(Exception):  # the browser may be gone already
                await send({"type": "websocket.close", "code": code})

    async def _shut(self, seat_id: str, line: _Line, stands: asyncio.Event) -> None:
        # What is asked when the connection opens covers the time before; asking twice would delay it.
        await stands.wait()
        await self._doorman.wait_shut(seat_id, line.id, line.is_heard)

    async def _up(
        self, upstream: ClientConnection, seat_id: str, tracks: Tracks, line: _Line, receive: Receive
    ) -> None:
        window, count = 0.0, 0
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                line.goes_on = message.get("code") == WE_STOP
                return
            data = message.get("bytes")
            line.heard_at = time.monotonic()
            if line.heard_at - window > 10:
                window, count = line.heard_at, 0
            count += 1
            if data is None or len(data) > LONGEST_REQUEST or count > MOST_REQUESTS:
                raise Malformed
            rights = await self._doorman.rights(seat_id) if policing.asks_to_send(data) else Rights.NONE
            verdict = policing.read_request(data, rights, tracks, line.heard_at)
            for lie in verdict.lies:
                await self._doorman.lied(seat_id, lie)
            for shape in verdict.shapes:
                await self._doorman.lied(seat_id, shape, kind="shape")
            if verdict.asks and line.asked_at is None:
                line.asked_at = line.heard_at
            if verdict.forward is not None:
                try:
                    await upstream.send(verdict.forward)
                except ConnectionClosed:
                    return
                RELAYED_UP.observe(time.monotonic() - line.heard_at)

    async def _down(
        self,
        upstream: ClientConnection,
        leave: Pass,
        tracks: Tracks,
        line: _Line,
        send: Send,
        stands: asyncio.Event,
    ) -> None:
        relay = livekit.settings().relay
        with contextlib.suppress(ConnectionClosed):
            async for data in upstream:
                line.asked_at = None
                if isinstance(data, str):
                    continue
                came = time.monotonic()
                if not stands.is_set() and not policing.refuses(data):
                    # The first answer means that the media server has let the participant in. The browser
                    # is told only once the database agrees that it may still be there.
                    line.opening = asyncio.ensure_future(self._doorman.opened(leave, line.id))
                    if not await asyncio.shield(line.opening):
                        return
                    stands.set()
                passed = policing.read_response(data, tracks, relay)
                if passed is not None:
                    await send({"type": "websocket.send", "bytes": passed})
                    RELAYED_DOWN.observe(time.monotonic() - came)


class _Refusal(Exception):
    pass


async def _connect(leave: Pass, path: str) -> ClientConnection | None:
    token = livekit.make_token(leave.room, leave.identity, leave.name, leave.rights)
    for url in livekit.addresses():
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            upstream = await connect(
                url.replace("http", "ws", 1) + path,
                additional_headers={"Authorization": f"Bearer {token}"},
                max_size=LONGEST_RESPONSE,
                compression=None,
                ping_interval=None,
                open_timeout=OPENS_WITHIN,
            )
            livekit.answers(url)
            return upstream
    return None


def _same_origin(scope: Scope) -> bool:
    headers = dict(scope.get("headers", ()))
    origin = headers.get(b"origin", b"").decode("latin-1")
    host = headers.get(b"host", b"").decode("latin-1")
    return bool(host) and origin.partition("://")[2] == host


async def _unanswered(line: _Line) -> None:
    late = 0
    while late < 2:  # twice: when this process itself stood still, the answer may lie here unread
        await asyncio.sleep(0.5)
        overdue = line.asked_at is not None and time.monotonic() - line.asked_at > ANSWERS_WITHIN
        late = late + 1 if overdue else 0


async def _until(moment: datetime | None) -> None:
    # A little after the end, so that the media server's own goodbye comes first. It is not asked again what
    # time it is: a machine whose clock was set back meanwhile would give the meeting more than its limit.
    if moment is None:
        await asyncio.Event().wait()
        return
    await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()) + 0.3)
