"""The gate by itself: a doorman who says what a test wants, and a stand-in for the media server (T5, T7)."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from livekit.protocol import models as lk
from livekit.protocol import rtc
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from circletime.media import gate, livekit
from circletime.media.gate import CLOSED_BY_US, Pass, SignalGate
from circletime.media.livekit import MediaSettings
from circletime.media.rules import Rights
from tests.waiting import run

SEEN = Rights(camera=True, microphone=False, screen=False, subscribe=True)
LEAVE = Pass("r-room", "seat-of-amara", "Amara", SEEN, None)
JOINED = rtc.SignalResponse(join=rtc.JoinResponse(room=lk.Room(name="r-room"))).SerializeToString()


@dataclass
class Doorman:
    """Answers as it was told to, and keeps what it hears."""

    leave: Pass | None = LEAVE
    stays: bool = True
    free: bool = True
    lies: list[str] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    shut: asyncio.Event = field(default_factory=asyncio.Event)
    writes: asyncio.Event | None = None
    """Until when it takes to write that a connection stands; None for no time."""
    written: list[str] = field(default_factory=list)

    async def admit(self, scope: dict[str, Any], seat_id: str) -> Pass | None:
        return self.leave if self.leave is not None and seat_id == self.leave.identity else None

    async def rights(self, seat_id: str) -> Rights:
        return SEEN

    async def opened(self, leave: Pass, connection_id: str) -> bool:
        self.came.append(leave.identity)
        if self.writes is not None:
            await self.writes.wait()
        self.written.append("stands")
        return self.stays

    async def closed(self, seat_id: str, connection_id: str) -> None:
        self.gone.append(seat_id)
        self.written.append("gone")

    async def over(self, leave: Pass) -> None:
        self.ended.append(leave.room)

    async def lied(self, seat_id: str, what: str, kind: str = "lie") -> None:
        self.lies.append(what)

    async def may_replace(self, seat_id: str, connection_id: str) -> bool:
        self.asked.append(seat_id)
        return self.free

    async def wait_shut(self, seat_id: str, connection_id: str, is_heard: Callable[[], bool]) -> None:
        await self.shut.wait()


class Browser:
    """One socket at the gate, as the server sees it."""

    def __init__(
        self, gate: SignalGate, *, seat: str = LEAVE.identity, origin: str = "http://here", more: str = ""
    ) -> None:
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._says.put_nowait({"type": "websocket.connect"})
        scope = {
            "path": "/rtc",
            "query_string": f"access_token={seat}&protocol=16{more}".encode(),
            "headers": [(b"origin", origin.encode()), (b"host", b"here")],
        }
        self.task = asyncio.create_task(gate(scope, self._says.get, self.told.put))

    async def hears(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.told.get(), 5)

    def leaves(self, code: int) -> None:
        self._says.put_nowait({"type": "websocket.disconnect", "code": code})

    def sends(self, data: bytes) -> None:
        self._says.put_nowait({"type": "websocket.receive", "bytes": data})


@dataclass
class Server:
    """What reached the media server: how each socket was opened, and every message."""

    opened: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    first: ClassVar[bytes] = JOINED

    async def serve_one(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.opened.append(socket.request.path)
        self.tokens.append(socket.request.headers.get("Authorization", ""))
        await socket.send(self.first)
        with contextlib.suppress(ConnectionClosed):
            async for message in socket:
                self.messages.append(message if isinstance(message, bytes) else message.encode())


@contextlib.asynccontextmanager
async def media_server(patch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    server = Server()
    async with serve(server.serve_one, "127.0.0.1", 0) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        patch.setattr(livekit, "settings", lambda: MediaSettings(f"http://127.0.0.1:{port}", "key", "s" * 40))
        yield server


def at_the_gate(
    patch: pytest.MonkeyPatch, act: Callable[[SignalGate, Doorman, Server], Awaitable[None]], **doorman: Any
) -> None:
    async def whole() -> None:
        async with media_server(patch) as server:
            man = Doorman(**doorman)
            await act(SignalGate(man), man, server)

    run(whole)


def test_who_has_a_pass_is_connected_and_the_browser_holds_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        browser = Browser(gate)
        assert (await browser.hears())["type"] == "websocket.accept"
        assert (await browser.hears())["bytes"] == JOINED
        assert server.tokens[0].startswith("Bearer ") and "access_token" not in server.opened[0]
        doorman.shut.set()
        assert await browser.hears() == {"type": "websocket.close", "code": CLOSED_BY_US}
        await browser.task
        assert doorman.gone == [LEAVE.identity]

    at_the_gate(monkeypatch, act)


def test_the_next_media_server_is_tried_when_one_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """And from then on it is the first that is asked."""

    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        there = livekit.settings()
        with socket.socket() as gone:
            gone.bind(("127.0.0.1", 0))  # nobody listens
            url = f"http://127.0.0.1:{gone.getsockname()[1]}"
            both = MediaSettings(url, "key", "s" * 40, others=(there.url,))
            monkeypatch.setattr(livekit, "settings", lambda: both)
            livekit.answers(url)
            browser = Browser(gate)
            assert (await browser.hears())["type"] == "websocket.accept"
            assert livekit.addresses() == [there.url, url]
            doorman.shut.set()
            await browser.task
            monkeypatch.setattr(livekit, "settings", lambda: MediaSettings(url, "key", "s" * 40))
            assert await Browser(gate).hears() == {"type": "websocket.close", "code": 4503}

    at_the_gate(monkeypatch, act)


def test_a_resumed_connection_that_is_refused_is_nobodys_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser is told to come in anew; until it does, nobody is in."""
    gone = rtc.SignalResponse(leave=rtc.LeaveRequest(action=rtc.LeaveRequest.RECONNECT)).SerializeToString()
    monkeypatch.setattr(Server, "first", gone)

    async def act(there: SignalGate, doorman: Doorman, server: Server) -> None:
        browser = Browser(there)
        await browser.hears()
        assert (await browser.hears())["bytes"] == gone
        assert doorman.came == []
        doorman.shut.set()
        browser.leaves(1000)
        await browser.task

    at_the_gate(monkeypatch, act)


def test_a_media_server_that_no_longer_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser is told at once, and so comes in by another; one that is asked nothing is left in peace."""
    monkeypatch.setattr(gate, "ANSWERS_WITHIN", 0.4)

    async def act(there: SignalGate, doorman: Doorman, server: Server) -> None:
        browser = Browser(there)
        await browser.hears(), await browser.hears()
        await asyncio.sleep(1.2)
        assert browser.told.empty()
        browser.sends(rtc.SignalRequest(ping=1).SerializeToString())  # the stand-in never answers
        assert await browser.hears() == {"type": "websocket.close", "code": CLOSED_BY_US}
        await browser.task

    at_the_gate(monkeypatch, act)


@pytest.mark.parametrize("code, gone", [(1000, True), (1001, True), (1006, True), (1012, False)])
def test_a_program_that_is_started_anew_ends_nobodys_turn(
    code: int, gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own server closes with 1012 when it stops; every other code is the browser that goes."""

    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        browser = Browser(gate)
        await browser.hears(), await browser.hears()
        browser.leaves(code)
        await browser.task
        assert doorman.gone == ([LEAVE.identity] if gone else [])

    at_the_gate(monkeypatch, act)


def test_the_meetings_time_is_up_when_its_pass_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        browser = Browser(gate)
        await browser.hears()
        await browser.hears()
        assert await browser.hears() == {"type": "websocket.close", "code": CLOSED_BY_US}
        assert doorman.ended == [LEAVE.room]

    leave = replace(LEAVE, closes_at=datetime.now(UTC) + timedelta(seconds=0.2))
    at_the_gate(monkeypatch, act, leave=leave)


def test_that_it_is_gone_is_written_after_that_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a child who left at once would seem to be in until the media server is asked who is."""

    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        doorman.writes = asyncio.Event()
        browser = Browser(gate)
        assert (await browser.hears())["type"] == "websocket.accept"
        await asyncio.wait_for(_until(lambda: bool(doorman.came)), 5)
        browser.leaves(1001)
        await asyncio.sleep(0.1)
        assert doorman.written == []
        doorman.writes.set()
        await asyncio.wait_for(browser.task, 5)
        assert doorman.written == ["stands", "gone"]

    at_the_gate(monkeypatch, act)


async def _until(so: Callable[[], bool]) -> None:
    while not so():
        await asyncio.sleep(0.01)


def test_who_has_no_pass_gets_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits, who was removed, a guessed seat: closed before it is opened, and nothing goes further."""

    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        for seat in (LEAVE.identity, "", "x" * 500):
            browser = Browser(gate, seat=seat)
            assert await browser.hears() == {"type": "websocket.close", "code": 4403}
            await browser.task
        assert server.opened == [] and doorman.gone == []

    at_the_gate(monkeypatch, act, leave=None)


def test_another_sites_page_gets_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        for origin in ("http://elsewhere.example", "", "http://here.elsewhere.example"):
            assert (await Browser(gate, origin=origin).hears())["code"] == 4403
        assert server.opened == []

    at_the_gate(monkeypatch, act)


def test_who_lost_their_pass_meanwhile_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removed between the asking and the connection: not one word of the room reaches the browser."""

    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        browser = Browser(gate)
        assert (await browser.hears())["type"] == "websocket.accept"
        assert (await browser.hears())["type"] == "websocket.close"
        await browser.task

    at_the_gate(monkeypatch, act, stays=False)


def test_what_a_browser_may_not_send_does_not_reach_the_media_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A microphone without the floor, and another name; what is allowed comes behind them."""
    microphone = rtc.AddTrackRequest(cid="m", type=lk.TrackType.AUDIO, source=lk.TrackSource.MICROPHONE)
    camera = rtc.AddTrackRequest(cid="c", type=lk.TrackType.VIDEO, source=lk.TrackSource.CAMERA)
    name = rtc.UpdateParticipantMetadata(name="Mrs Osei")
    allowed = rtc.SignalRequest(add_track=camera).SerializeToString()

    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        browser = Browser(gate)
        await browser.hears(), await browser.hears()
        browser.sends(rtc.SignalRequest(add_track=microphone).SerializeToString())
        browser.sends(rtc.SignalRequest(update_metadata=name).SerializeToString())
        browser.sends(allowed)
        for _ in range(200):
            if server.messages:
                break
            await asyncio.sleep(0.02)
        doorman.shut.set()
        await browser.task
        assert server.messages == [allowed]
        assert doorman.lies == [
            "Tried to send a microphone without leave",
            "Tried to change its name or details",
        ]

    at_the_gate(monkeypatch, act)


def test_a_second_browser_with_the_same_seat_is_refused_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        first = Browser(gate)
        await first.hears(), await first.hears()
        assert (await Browser(gate).hears())["code"] == 4403
        assert doorman.lies == ["Tried to join a second time while in the room"] and len(server.opened) == 1
        doorman.shut.set()
        await first.task

    at_the_gate(monkeypatch, act)


def test_a_connection_at_another_process_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """That process is asked; a browser that comes back by itself, after its line broke, is not held up."""

    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        assert (await Browser(gate).hears())["code"] == 4403
        assert server.opened == [] and doorman.asked == [LEAVE.identity]
        back = Browser(gate, more="&reconnect=1")
        assert (await back.hears())["type"] == "websocket.accept"
        assert doorman.asked == [LEAVE.identity]
        doorman.shut.set()
        await back.task

    at_the_gate(monkeypatch, act, free=False)
