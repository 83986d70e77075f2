"""The two sockets, thrown whatever comes to mind: closed, or answered as always; nothing is let through."""

import asyncio
import base64
import gzip
import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import models as lk
from livekit.protocol import rtc

from circletime.media.gate import CLOSED_BY_US, MALFORMED, SignalGate
from circletime.media.policing import Malformed, Tracks, read_join, read_request, read_response
from circletime.media.rules import Rights
from circletime.meetings.models import Seat
from circletime.pages.asgi import build
from circletime.pages.consumers import CLOSED, TOO_MUCH
from tests.attack.amount import inputs, thrown
from tests.attack.mutation import Spoil, spoils
from tests.media.test_gate import LEAVE, SEEN, Browser, Doorman, Server, at_the_gate
from tests.waiting import run
from tests.web.visits import Visits
from tests.world import World

CAMERA = rtc.AddTrackRequest(cid="c", type=lk.TrackType.VIDEO, source=lk.TrackSource.CAMERA)
GOOD = [
    rtc.SignalRequest(add_track=CAMERA).SerializeToString(),
    rtc.SignalRequest(offer=rtc.SessionDescription(type="offer", sdp="v=0\r\n" * 20)).SerializeToString(),
    rtc.SignalRequest(ping_req=rtc.Ping(timestamp=1)).SerializeToString(),
    rtc.SignalRequest(mute=rtc.MuteTrackRequest(sid="TR_1", muted=True)).SerializeToString(),
    rtc.SignalRequest(update_metadata=rtc.UpdateParticipantMetadata(name="Mrs Osei")).SerializeToString(),
    rtc.SignalRequest(
        add_track=rtc.AddTrackRequest(cid="m", type=lk.TrackType.AUDIO, source=lk.TrackSource.MICROPHONE)
    ).SerializeToString(),
]
NEAR = st.builds(lambda good, spoil: spoil(good), st.sampled_from(GOOD), spoils())
JOIN = rtc.JoinRequest(metadata="{}", participant_attributes={"role": "host"}, add_track_requests=[CAMERA])


def wrapped(request: bytes) -> bytes:
    return rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.GZIP, join_request=gzip.compress(request)
    ).SerializeToString()


@thrown(inputs(300))
@given(data=st.one_of(st.binary(max_size=300), NEAR), rights=st.sampled_from([SEEN, Rights.NONE]))
def test_no_message_gets_more_than_its_rights(data: bytes, rights: Rights) -> None:
    """What is passed on asks for no microphone, no screen, and no other name; or it is not understood."""
    tracks = Tracks("me")
    try:
        verdict = read_request(data, rights, tracks, 0)
    except Malformed:
        return
    if verdict.forward is None:
        return
    passed = rtc.SignalRequest.FromString(verdict.forward)
    assert passed.WhichOneof("message") not in ("update_metadata", "publish_data_track_request", "simulate")
    if passed.WhichOneof("message") == "add_track":
        assert rights.camera and passed.add_track.source == lk.TrackSource.CAMERA
        assert passed.add_track.type == lk.TrackType.VIDEO


@thrown(inputs(200))
@given(spoil=spoils(), inside=st.booleans())
def test_a_spoiled_join_request_brings_nothing_along(spoil: Spoil, inside: bool) -> None:
    raw = JOIN.SerializeToString()
    packed = wrapped(spoil(raw)) if inside else spoil(wrapped(raw))
    try:
        clean, _, _ = read_join(base64.urlsafe_b64encode(packed).decode(), SEEN, Tracks("me"), 0)
    except Malformed:
        return
    handed = rtc.WrappedJoinRequest.FromString(base64.urlsafe_b64decode(clean))
    request = rtc.JoinRequest.FromString(gzip.decompress(handed.join_request))
    assert not request.metadata and not request.participant_attributes
    assert all(each.source == lk.TrackSource.CAMERA for each in request.add_track_requests)


@thrown(inputs(100))
@given(spoils())
def test_a_spoiled_answer_of_the_media_server_hands_on_no_token(spoil: Spoil) -> None:
    good = rtc.SignalResponse(refresh_token="eyJhbGciOi").SerializeToString()
    changed = spoil(good)
    handed = read_response(changed, Tracks("me"))
    if handed is not None:
        try:
            assert rtc.SignalResponse.FromString(handed).WhichOneof("message") != "refresh_token"
        except Exception as trouble:
            assert type(trouble).__name__ == "DecodeError", "what no client can read is no token either"


def test_the_gate_stands_whatever_a_browser_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sequence on a connection of its own; after all of them, a good browser is served as before."""
    sequences: list[list[bytes | str]] = []

    @thrown(inputs(25))
    @given(st.lists(st.one_of(st.binary(max_size=200), NEAR, st.text(max_size=40)), min_size=1, max_size=6))
    def collect(messages: list[bytes | str]) -> None:
        sequences.append(messages)

    collect()

    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        for messages in sequences:
            browser = Browser(gate)
            await browser.hears(), await browser.hears()
            for each in messages:
                if isinstance(each, bytes):
                    browser.sends(each)
                else:
                    browser._says.put_nowait({"type": "websocket.receive", "text": each, "bytes": None})
            browser._says.put_nowait({"type": "websocket.disconnect"})
            await asyncio.wait_for(browser.task, 5)
            while not browser.told.empty():
                told = browser.told.get_nowait()
                assert told["type"] != "websocket.close" or told["code"] in (CLOSED_BY_US, MALFORMED)
        assert gate._lines == {}, "no connection is left behind"
        for each in server.messages:
            request = rtc.SignalRequest.FromString(each)
            assert request.WhichOneof("message") != "update_metadata"
            assert request.add_track.source != lk.TrackSource.MICROPHONE or not request.HasField("add_track")
        last = Browser(gate)
        assert (await last.hears())["type"] == "websocket.accept"
        doorman.shut.set()
        await last.task

    at_the_gate(monkeypatch, act)


def test_the_gate_opens_to_no_odd_query(monkeypatch: pytest.MonkeyPatch) -> None:
    queries: list[bytes] = []
    pieces = st.sampled_from(
        [
            f"access_token={LEAVE.identity}".encode(),
            b"join_request=" + base64.urlsafe_b64encode(wrapped(JOIN.SerializeToString())),
            b"join_request=%ff%00",
            b"reconnect=1",
            b"sid=\xff",
            b"access_token=",
            b"sdk=js%0d%0aX-Evil:%201",
        ]
    )

    @thrown(inputs(30))
    @given(st.lists(st.one_of(pieces, st.binary(max_size=30)), max_size=5))
    def collect(parts: list[bytes]) -> None:
        queries.append(b"&".join(parts))

    collect()

    async def act(gate: SignalGate, doorman: Doorman, server: Server) -> None:
        for query in queries:
            told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            for one in ("websocket.connect", "websocket.disconnect"):
                says.put_nowait({"type": one})
            scope = {
                "path": "/rtc/v1",
                "query_string": query,
                "headers": [(b"origin", b"http://here"), (b"host", b"here")],
            }
            await asyncio.wait_for(gate(scope, says.get, told.put), 8)
        assert gate._lines == {}
        for opened in server.opened:
            assert "\r" not in opened and "\n" not in opened and "access_token" not in opened

    at_the_gate(monkeypatch, act)


class Socket:
    """One socket at the whole program, as the server sees it."""

    def __init__(
        self, program: Any, path: str, headers: list[tuple[bytes, bytes]], query: bytes = b""
    ) -> None:
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode("utf-8", "replace"),
            "query_string": query,
            "headers": headers,
            "subprotocols": [],
            "client": ("203.0.113.7", 5),
        }
        self.says.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(program(scope, self.says.get, self.told.put))

    async def hears(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.told.get(), 10)

    async def closes(self) -> int:
        while (told := await self.hears())["type"] != "websocket.close":
            pass
        return int(told.get("code", 1000))

    async def ends(self) -> None:
        self.says.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self.task, 10)


def headers_of(client: Client) -> list[tuple[bytes, bytes]]:
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return [
        (b"host", b"localhost"),
        (b"origin", b"http://localhost"),
        (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()),
    ]


@pytest.fixture
def child(world: World, visits: Visits) -> tuple[Client, Seat]:
    _, host = world.live()
    return visits.let_in("Amara", host)


PING = '{"type":"ping"}'
ODD = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=300),
    st.just("[" * 199),
    st.just('{"type":"ping","x":' + "9" * 150 + "}"),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.just("ping")),
        lambda each: st.dictionaries(st.sampled_from(["type", "x", "seat"]), each),
        max_leaves=4,
    ).map(json.dumps),
)


def test_the_live_socket_answers_a_ping_and_nothing_else(child: tuple[Client, Seat]) -> None:
    client, seat = child
    messages: list[bytes | str] = []

    @thrown(inputs(25))
    @given(ODD)
    def collect(message: bytes | str) -> None:
        messages.append(message)

    collect()
    program = build(None)

    async def act() -> None:
        for message in messages:
            socket = Socket(program, f"/live/{seat.public_id}", headers_of(client))
            assert (await socket.hears())["type"] == "websocket.accept"
            kind = "text" if isinstance(message, str) else "bytes"
            socket.says.put_nowait({"type": "websocket.receive", kind: message})
            if _is_ping(message):
                while (await socket.hears()).get("text") != '{"type":"pong"}':
                    pass
            else:
                assert await socket.closes() in (TOO_MUCH, CLOSED), message
            await socket.ends()
        last = Socket(program, f"/live/{seat.public_id}", headers_of(client))
        assert (await last.hears())["type"] == "websocket.accept"
        await last.ends()

    run(act)
    seat.refresh_from_db()
    assert seat.state == "admitted" and seat.hand_at is None


def _is_ping(message: bytes | str) -> bool:
    try:
        said = json.loads(message) if isinstance(message, str) and len(message) <= 200 else None
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("type") == "ping"


def test_no_odd_handshake_opens_a_socket_or_breaks_anything(child: tuple[Client, Seat]) -> None:
    """Another path, another cookie, another site, no site at all: closed before it is opened, no error."""
    client, seat = child
    good = dict(headers_of(client))
    paths = [
        f"/live/{seat.public_id}",
        "/live/",
        f"/live/{'x' * 22}",
        "/live/\0",
        "/",
        "/rtc",
        "/rtc/v1",
        "/nothing/\ud7ff",
    ]
    tries: list[tuple[str, dict[bytes, bytes]]] = []
    values = st.one_of(
        st.binary(max_size=60), st.sampled_from([b"", b"null", b"http://evil.example", b"http://[::1"])
    )

    @thrown(inputs(40))
    @given(
        path=st.sampled_from(paths),
        changed=st.dictionaries(st.sampled_from([b"origin", b"host", b"cookie"]), values, max_size=3),
    )
    def collect(path: str, changed: dict[bytes, bytes]) -> None:
        tries.append((path, changed))

    collect()
    program = build(None)

    async def act() -> None:
        for path, changed in tries:
            headers = good | changed
            socket = Socket(program, path, list(headers.items()))
            told = await socket.hears()
            own = path == paths[0] and headers[b"cookie"] == good[b"cookie"]
            # Another site's page is refused by its origin; the browser itself says where it came from.
            assert told["type"] == "websocket.close" or (own and headers[b"origin"] == good[b"origin"])
            await socket.ends()

    run(act)
