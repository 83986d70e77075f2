"""One meeting on two media servers that share a Redis, and one of the two killed (F14)."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from circletime.media import livekit
from circletime.media.gate import Pass, SignalGate
from circletime.media.rules import Rights
from tests.media.cluster import cluster
from tests.recorder import studio as real
from tests.recorder.studio import Crowd, Member, Studio, wait_for

pytestmark = [pytest.mark.media, pytest.mark.timeout(120)]

SPEAKS = Rights(camera=True, microphone=True, screen=False, subscribe=True)
SEEN = replace(SPEAKS, microphone=False)


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("reels")
    return (
        real.film(folder / "film.ivf", "color=c=green", 4),
        real.voice(folder / "voice.ogg", "sine=f=440:r=48000", 4),
    )


@pytest.fixture
def nodes() -> Iterator[tuple[Studio, Studio]]:
    real.build("server", "recorder", "crowd")
    with cluster("room") as two:
        yield two


def test_people_at_two_nodes_are_in_one_meeting(
    nodes: tuple[Studio, Studio], reel: tuple[Path, Path]
) -> None:
    """Seen and heard across, a turn given and taken, one put out, the end: each for both nodes."""
    first, second = nodes
    film, voice = reel
    crowd: Crowd
    with first.crowd(
        Member("teacher", film, voice, rights=SPEAKS),
        Member("amara", film, voice, rights=SEEN, speak_at=2, url=second.url),
        Member("ben", film, voice, rights=SEEN, speak_at=2, url=second.url),
    ) as crowd:
        assert livekit.set_rights("room", "amara", SPEAKS)
        wanted = {
            ("teacher", "amara", "video"),
            ("teacher", "ben", "video"),
            ("amara", "teacher", "video"),
            ("amara", "teacher", "audio"),
            ("ben", "amara", "video"),
            ("teacher", "amara", "audio"),  # Amara has the turn
            ("ben", "amara", "audio"),
        }
        wait_for(lambda: wanted <= crowd.received.keys(), 12, f"all of {wanted}: {crowd.received}")
        assert not any(what[1:] == ("ben", "audio") for what in crowd.received), "Ben has no turn"

        livekit.answers(second.settings.url)  # now the other node is asked
        assert {one.identity for one in livekit.list_participants("room")} == {"teacher", "amara", "ben"}
        assert livekit.set_rights("room", "amara", SEEN)
        wait_for(lambda: ("teacher", "amara", "audio") in crowd.ended, 3, "the turn is over at the one")
        wait_for(lambda: ("ben", "amara", "audio") in crowd.ended, 3, "and at the other")
        assert ("teacher", "amara", "video") not in crowd.ended

        livekit.remove("room", "ben")
        wait_for(lambda: crowd.out == ["ben"], 3, "Ben is put out")
        wait_for(lambda: ("teacher", "ben", "video") in crowd.ended, 3, "and seen no more")
        livekit.delete_room("room")
        wait_for(lambda: sorted(crowd.out) == ["amara", "ben", "teacher"], 3, "the end is everybody's")


class Doorman:
    """Lets everybody in, and out."""

    async def admit(self, scope: dict[str, Any], seat_id: str) -> Pass | None:
        return Pass("room", seat_id, seat_id.title(), SPEAKS, None)

    async def rights(self, seat_id: str) -> Rights:
        return SPEAKS

    async def opened(self, leave: Pass, connection_id: str) -> bool:
        return True

    async def closed(self, seat_id: str, connection_id: str) -> None:
        """Nothing is kept."""

    async def over(self, leave: Pass) -> None:
        """Nobody's time is up."""

    async def lied(self, seat_id: str, what: str, kind: str = "lie") -> None:
        """Nothing is kept."""

    async def may_replace(self, seat_id: str, connection_id: str) -> bool:
        return True

    async def wait_shut(self, seat_id: str, connection_id: str, is_heard: Callable[[], bool]) -> None:
        await asyncio.Event().wait()


@contextmanager
def gate() -> Iterator[str]:
    """The signal gate at an address of its own. The crowd is no browser: what one adds is added here."""
    inner = SignalGate(Doorman())

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":  # it asks why it was refused
            await send({"type": "http.response.start", "status": 404})
            await send({"type": "http.response.body"})
            return
        headers = dict(scope["headers"])
        seat = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        scope["headers"] = [*scope["headers"], (b"origin", b"http://" + headers[b"host"])]
        scope["query_string"] += b"&access_token=" + seat
        await inner(scope, receive, send)

    held = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="websockets-sansio"))  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [held]}, daemon=True)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{held.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def everyone_again(crowd: Crowd, since: float, names: tuple[str, ...]) -> Callable[[], bool]:
    """Whether each receives both kinds of each other, newly begun."""

    def check() -> bool:
        return all(
            any(at > since * 1000 for at, _ in crowd.received.get((one, other, kind), []))
            for one in names
            for other in names
            if one != other
            for kind in ("video", "audio")
        )

    return check


def test_the_node_of_a_meeting_is_killed_and_people_are_back(
    nodes: tuple[Studio, Studio], reel: tuple[Path, Path]
) -> None:
    """Ben stays away, and what is ordered for him holds nobody up. In browsers: bench/f14.py."""
    first, second = nodes
    film, voice = reel
    names = ("teacher", "amara")
    with (
        gate() as url,
        first.crowd(Member("ben", film, rights=SEEN)),
        first.crowd(*(Member(one, film, voice, rights=SPEAKS, url=url, seat=one) for one in names)) as crowd,
    ):
        wait_for(everyone_again(crowd, 0, names), 10, f"all see and hear each other: {crowd.received}")
        assert len(livekit.list_participants("room")) == 3
        killed = time.time()
        first.server.kill()
        wait_for(everyone_again(crowd, killed, names), 15, f"all are back: {crowd.received}")
        assert livekit.addresses()[0] == second.settings.url
        assert {one.identity for one in livekit.list_participants("room")} == set(names)
        assert livekit.set_rights("room", "amara", SEEN)
        assert not livekit.set_rights("room", "ben", SEEN), "an order for who was on it waits for nobody"
        livekit.remove("room", "ben")
