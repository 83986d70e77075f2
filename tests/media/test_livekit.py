"""The real LiveKit does what the adapter says, and the fake of the other tests does the same."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import jwt
import pytest
from livekit.api import VideoGrants
from livekit.protocol import models as lk
from livekit.protocol import rtc
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from circletime.media import livekit
from circletime.media.livekit import MediaError, MediaSettings
from circletime.media.rules import Rights
from tests.fake_media import FakeMedia, install
from tests.recorder import studio as real
from tests.recorder.studio import Studio

pytestmark = [pytest.mark.media, pytest.mark.timeout(60)]

CHILD = Rights(camera=True, microphone=False, screen=False, subscribe=True)
SPEAKER = Rights(camera=True, microphone=True, screen=False, subscribe=True)
ALL = [
    Rights(camera=c, microphone=m, screen=s, subscribe=r)
    for c in (False, True)
    for m in (False, True)
    for s in (False, True)
    for r in (False, True)
]


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    real.build("server", "recorder")
    with real.studio() as one:
        yield one


@dataclass
class Server:
    """A media server, real or not: how somebody joins it, and how it breaks."""

    join: Callable[[str, str, Rights], bool]
    breaks: Callable[[], None]


@contextlib.contextmanager
def open_line(studio: Studio, room: str, identity: str, rights: Rights) -> Iterator[ClientConnection]:
    """A signalling connection as a browser's, without any picture."""
    token = livekit.make_token(room, identity, identity.title(), rights)
    with connect(f"{studio.url}/rtc?protocol=16&access_token={token}") as line:
        line.recv()
        yield line


@pytest.fixture(params=["fake", "real"])
def server(
    request: pytest.FixtureRequest, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    if request.param == "fake":
        fake = FakeMedia()
        install(fake, monkeypatch)
        yield Server(fake.join, lambda: setattr(fake, "failing", True))
        return
    lines = contextlib.ExitStack()

    def join(room: str, identity: str, rights: Rights) -> bool:
        try:
            lines.enter_context(open_line(studio, room, identity, rights))
        except InvalidStatus:
            return False
        return True

    def breaks() -> None:
        livekit.configure(MediaSettings("http://127.0.0.1:9", "studio", "s" * 40))

    yield Server(join, breaks)
    livekit.configure(studio.settings)
    lines.close()
    for room in livekit.list_rooms():
        livekit.delete_room(room)


def everybody(room: str) -> dict[str, Rights]:
    return {one.identity: one.rights for one in livekit.list_participants(room)}


def test_a_room_is_made_once_and_deleted_once(server: Server) -> None:
    livekit.create_room("one")
    livekit.create_room("one")
    livekit.create_room("two")
    assert sorted(livekit.list_rooms()) == ["one", "two"]
    livekit.delete_room("one")
    livekit.delete_room("one")
    assert livekit.list_rooms() == ["two"]


def test_a_room_that_is_not_there_holds_nobody_and_is_not_made_by_joining(server: Server) -> None:
    assert livekit.list_participants("nowhere") == []
    assert not livekit.set_rights("nowhere", "amara", CHILD)
    livekit.remove("nowhere", "amara")
    assert not server.join("nowhere", "amara", CHILD)
    assert livekit.list_rooms() == []


def test_who_joins_has_the_rights_of_the_token_until_they_are_changed(server: Server) -> None:
    livekit.create_room("one")
    assert server.join("one", "amara", CHILD)
    assert server.join("one", "ben", Rights.NONE)
    assert everybody("one") == {"amara": CHILD, "ben": Rights.NONE}
    for rights in (SPEAKER, CHILD, Rights.NONE, SPEAKER):
        assert livekit.set_rights("one", "amara", rights)
        assert everybody("one")["amara"] == rights
    assert not livekit.set_rights("one", "chloe", CHILD)


def test_the_newest_of_two_connections_brings_its_own_rights(server: Server) -> None:
    livekit.create_room("one")
    server.join("one", "amara", CHILD)
    livekit.set_rights("one", "amara", SPEAKER)
    server.join("one", "amara", CHILD)
    assert everybody("one") == {"amara": CHILD}


def test_who_is_removed_is_gone_and_a_deleted_room_is_empty(server: Server) -> None:
    livekit.create_room("one")
    for who in ("amara", "ben"):
        server.join("one", who, CHILD)
    livekit.remove("one", "amara")
    livekit.remove("one", "amara")
    assert everybody("one") == {"ben": CHILD}
    livekit.delete_room("one")
    assert everybody("one") == {}


def test_a_server_that_is_away_is_an_error_and_not_an_answer(server: Server) -> None:
    server.breaks()
    asks: list[Callable[[], object]] = [
        livekit.list_rooms,
        lambda: livekit.create_room("one"),
        lambda: livekit.delete_room("one"),
        lambda: livekit.list_participants("one"),
        lambda: livekit.set_rights("one", "amara", CHILD),
        lambda: livekit.remove("one", "amara"),
    ]
    for ask in asks:
        with pytest.raises(MediaError):
            ask()


@pytest.mark.parametrize("rights", ALL, ids=str)
def test_every_grant_is_written_out_and_the_server_reads_it_so(studio: Studio, rights: Rights) -> None:
    """An omitted grant would be allowed; so each one that the library knows has to be in the token."""
    token = livekit.make_token("one", "amara", "Amara", rights)
    claims = jwt.decode(token, options={"verify_signature": False})["video"]
    for field in fields(VideoGrants):
        first, *rest = field.name.split("_")
        name = first + "".join(word.title() for word in rest)
        assert name in claims or field.name == "destination_room", f"{name} is left to LiveKit's default"
    livekit.create_room("one")
    with open_line(studio, "one", "amara", rights):
        told = next(iter(livekit.list_participants("one")))
        raw = _permission()
    assert told.rights == rights
    assert raw.can_publish == bool(livekit.sources(rights))
    assert set(raw.can_publish_sources) == {livekit.SOURCES[name] for name in livekit.sources(rights)}
    for name in ("can_publish_data", "hidden", "recorder", "can_update_metadata", "agent"):
        assert not getattr(raw, name), name
    livekit.delete_room("one")


def _permission() -> lk.ParticipantPermission:
    from livekit.protocol import room as lk_room

    answer = livekit._call(
        "ListParticipants",
        lk_room.ListParticipantsRequest(room="one"),
        lk_room.ListParticipantsResponse,
        VideoGrants(room_admin=True, room="one"),
    )
    assert answer is not None
    return answer.participants[0].permission


def test_no_browser_is_sent_to_a_server_of_somebody_else(studio: Studio) -> None:
    """Its own defaults are public ones, which would see the address of every family."""
    livekit.create_room("one")
    token = livekit.make_token("one", "amara", "Amara", CHILD)
    with connect(f"{studio.url}/rtc?protocol=16&access_token={token}") as line:
        data = line.recv(timeout=3)
        assert isinstance(data, bytes)
        joined = rtc.SignalResponse.FromString(data).join
    livekit.delete_room("one")
    named = [url for server in joined.ice_servers for url in server.urls]
    assert named and all(url.startswith("stun:127.0.0.1:") for url in named), named


def test_the_server_hands_out_fresh_tokens_which_is_why_the_gate_drops_them(studio: Studio) -> None:
    """The known gap: a permission that changes sends the client a new token at once."""
    livekit.create_room("one")
    kinds = []
    with open_line(studio, "one", "amara", CHILD) as line, contextlib.suppress(TimeoutError):
        livekit.set_rights("one", "amara", SPEAKER)
        while "refresh_token" not in kinds:
            data = line.recv(timeout=3)
            assert isinstance(data, bytes)
            kinds.append(rtc.SignalResponse.FromString(data).WhichOneof("message"))
    livekit.delete_room("one")
    assert "refresh_token" in kinds
