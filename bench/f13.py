"""F13: a whole school's room sockets through the signal gate, beside sockets straight to the media server."""

import asyncio
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livekit.protocol import rtc
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench import lessons
from bench.lessons import Lesson, Place
from bench.measure import cores, memory_mib
from bench.report import Cell, Result, percentile
from circletime.media import livekit
from circletime.media.rules import Rights
from tests import harness
from tests.harness import Installation
from tests.recorder import studio as real

CLASSES, CHILDREN, STRAIGHT = 14, 30, 30
SIZES = (105, 210, 420)
SETTLES, LASTS = 1.0, 6.0
"""Seconds. The media server puts out who sends no media within a minute: all is done by then."""
PINGS_EVERY = 5.0
"""Seconds, as livekit-client."""
AT_ONCE = 12
"""Sockets that are being opened at one moment."""
RIGHTS = Rights(camera=True, microphone=False, screen=False, subscribe=True)


@dataclass
class Way:
    """One way to the media server: how long each answer to a ping took, in seconds."""

    took: list[float] = field(default_factory=list)
    lost: int = 0


def run() -> Result:
    """105, 210 and 420 seats, each with its room's socket and its page's, one after the other."""
    real.build("crowd")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = real.film(folder / "teacher.ivf", "testsrc2=duration=60", 60, kbits=90)
        with harness.installation(folder / "school", classes=CLASSES) as at:
            begun, aside = lessons.begin(at, CLASSES, CHILDREN)
            with lessons.teachers(at, begun, film):
                lessons.let_in(at, begun)
                rows = asyncio.run(_measure(at, begun, aside))
    last = rows[-1]
    values = {
        "app_mib_at_420": float(last["the app, MiB"]),
        "relay_p95_ms_at_420": float(last["the gate adds, p95, ms"]),
        "kib_per_seat": 1024 * (float(last["the app, MiB"]) - float(rows[0]["the app, MiB"])) / SIZES[-1],
        "app_cores_at_420": float(last["the app, cores"]),
        "lost": float(sum(int(row["lost"]) for row in rows)),
    }
    return Result(
        "F13",
        "A school's sockets through the signal gate",
        "the app at most 400 MiB with 420 room sockets; the gate adds at most 5 ms, p95, to a message and "
        "its answer, against straight to LiveKit; no socket lost",
        values["app_mib_at_420"] <= 400 and values["relay_p95_ms_at_420"] <= 5 and values["lost"] == 0,
        values,
        rows,
        [
            f"{CLASSES} classes of {CHILDREN} children, admitted in the database and each with a session; "
            "every one has the room's socket and its page's live socket. Their teachers' pages are open, "
            "their cameras go straight to LiveKit, and the recorder records. One app process, SQLite.",
            f"A ping every {PINGS_EVERY:.0f} s from each socket, as livekit-client sends it, until LiveKit's "
            f"own answer. As many pings go straight, over {STRAIGHT} sockets of a room that the app leaves "
            f"alone, in the same {LASTS:.0f} s and from the same process. “Adds” is one p95 less the other.",
            "Both halves of the way are in it: the message up and the answer down. Nobody sends media, which "
            "never passes the app. The 840 sockets' other ends run on the same cores.",
        ],
    )


async def _measure(at: Installation, begun: list[Lesson], aside: str) -> list[dict[str, Cell]]:
    crowd = _Crowd(at)
    rows: list[dict[str, Cell]] = []
    try:
        livekit.create_room(aside)
        rows.append(await crowd.row(0))
        for lesson in begun:
            await crowd.page(lesson.host)
        places = [child for lesson in begun for child in lesson.children]
        for number in range(STRAIGHT):
            await crowd.straight(aside, f"straight{number}")
        opened = 0
        for size in SIZES:
            gate = asyncio.Semaphore(AT_ONCE)

            async def comes(place: Place, gate: asyncio.Semaphore = gate) -> None:
                async with gate:
                    await crowd.page(place)
                    await crowd.through(place)

            await asyncio.gather(*(comes(place) for place in places[opened:size]))
            opened = size
            rows.append(await crowd.row(size))
    finally:
        await crowd.leave()
    return rows


class _Crowd:
    """All sockets that are open, and what their pings took."""

    def __init__(self, at: Installation) -> None:
        self.at = at
        self.ways = {"gate": Way(), "straight": Way()}
        self._tasks: list[asyncio.Task[None]] = []
        self._pick = random.Random(13)

    async def page(self, place: Place) -> None:
        """The live socket of a seat's page."""
        line = await connect(self._address(f"/live/{place.seat}"), **self._browser(place))
        await asyncio.wait_for(line.recv(), 30)
        self._tasks.append(asyncio.create_task(_drain(line)))

    async def through(self, place: Place) -> None:
        """The room's socket of a seat, through the gate, once the media server has answered on it."""
        path = self._address(f"/rtc?protocol=16&auto_subscribe=0&access_token={place.seat}")
        await self._joined(await connect(path, **self._browser(place)), "gate", PINGS_EVERY)

    async def straight(self, room: str, identity: str) -> None:
        """A socket of the room that is left alone, with a token and no gate."""
        token = livekit.make_token(room, identity, identity, RIGHTS)
        url = livekit.settings().url.replace("http", "ws", 1)
        headers = {"Authorization": f"Bearer {token}"}
        line = await connect(f"{url}/rtc?protocol=16&auto_subscribe=0", additional_headers=headers)
        # As many pings as all those of the last size together.
        await self._joined(line, "straight", PINGS_EVERY * STRAIGHT / SIZES[-1])

    async def row(self, size: int) -> dict[str, Cell]:
        """What is measured from now on, of so many sockets."""
        await asyncio.sleep(SETTLES)
        for way in self.ways.values():
            way.took.clear()
        pids = {"app": [self.at.pid("app")]}
        used = await asyncio.to_thread(cores, pids, LASTS)
        found = {name: list(way.took) for name, way in self.ways.items()}
        gate, straight = (
            [1000 * percentile(found[name], share) if found[name] else 0.0 for share in (0.5, 0.95)]
            for name in ("gate", "straight")
        )
        return {
            "room sockets": size,
            "the app, MiB": memory_mib(pids["app"]),
            "the app, cores": used["app"],
            "pings": len(found["gate"]),
            "through the gate, median, ms": gate[0],
            "p95, ms": gate[1],
            "straight, median, ms": straight[0],
            "p95, ms ": straight[1],
            "the gate adds, p95, ms": gate[1] - straight[1],
            "lost": sum(way.lost for way in self.ways.values()),
        }

    async def leave(self) -> None:
        """Every socket closes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def _address(self, path: str) -> str:
        return self.at.url.replace("http", "ws", 1) + path

    def _browser(self, place: Place) -> dict[str, Any]:
        return {"additional_headers": {"Cookie": place.cookie}, "origin": self.at.url, "open_timeout": 30}

    async def _joined(self, line: ClientConnection, way: str, every: float) -> None:
        await asyncio.wait_for(line.recv(), 30)
        self._tasks.append(asyncio.create_task(self._pings(line, self.ways[way], every)))

    async def _pings(self, line: ClientConnection, way: Way, every: float) -> None:
        listening = asyncio.create_task(_answers(line, way))
        try:
            await asyncio.sleep(self._pick.uniform(0, every))
            while not listening.done():
                ping = rtc.Ping(timestamp=time.monotonic_ns() // 1000)
                await line.send(rtc.SignalRequest(ping_req=ping).SerializeToString())
                await asyncio.sleep(every)
            way.lost += 1
        except ConnectionClosed:
            way.lost += 1
        finally:
            listening.cancel()
            await line.close()


async def _drain(line: ClientConnection) -> None:
    try:
        async for _ in line:
            pass
    finally:
        await line.close()


async def _answers(line: ClientConnection, way: Way) -> None:
    async for data in line:
        came = time.monotonic_ns() // 1000
        answer = rtc.SignalResponse.FromString(data if isinstance(data, bytes) else data.encode())
        if answer.WhichOneof("message") == "pong_resp":
            way.took.append((came - answer.pong_resp.last_ping_timestamp) / 1e6)
