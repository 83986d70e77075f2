"""F12: what the media server costs for whole classes; what two nodes, and the app and its gate, add to it."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from bench import lessons
from bench.doors import door
from bench.measure import cores, idle_seconds, memory_mib, tree
from bench.report import Cell, Result, line
from circletime.media import livekit
from circletime.media.rules import Rights
from tests import harness
from tests.media.cluster import redis_server
from tests.recorder import studio as real
from tests.recorder.studio import Crowd, Member, Studio, wait_for

SIZES = (10, 20, 30)
SEVERAL = (2, 3, 4)
"""Classes of ten at once."""
TILES = 9
SETTLES, LASTS = 6.0, 20.0
RATE, PACKET = 15, 1180
"""Pictures a second, and the bytes of a picture that fit into one packet."""
MAIN, TEN = "one node", 10
TEACHES = Rights(camera=True, microphone=True, screen=False, subscribe=True)
SEEN = Rights(camera=True, microphone=False, screen=False, subscribe=True)
Films = tuple[Path, Path]


def run(on: str = "") -> Result:
    """Each arrangement on its own: one class of 10, 20, 30; 2, 3, 4 of 10; two nodes; through the gate.

    `on` media leaves the gate out, of the verdict as well.
    """
    real.build("server", "recorder", "crowd")
    rows: list[dict[str, Cell]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # What the room client sends as its small picture, and a voice without a pause.
        films = (
            real.film(folder / "child.ivf", "testsrc2=duration=60", 60, kbits=90),
            real.voice(folder / "teacher.ogg", "sine=f=440:r=48000", 60),
        )
        for classes, size in (*((1, size) for size in SIZES), *((many, TEN) for many in SEVERAL)):
            rows.append(alone(folder, films, classes, size))
        rows.append(two_nodes(folder, films))
        for size in SIZES if on != "media" else ():
            rows.append(through_the_gate(folder / f"school{size}", films, size))
    return _result(rows)


def _result(rows: list[dict[str, Cell]]) -> Result:
    def find(on: str, classes: int, size: int) -> dict[str, Cell]:
        return next(r for r in rows if (r["on"], r["classes"], r["children in each"]) == (on, classes, size))

    def media(row: dict[str, Cell]) -> float:
        return float(row["LiveKit, cores"])

    lone = [row for row in rows if row["on"] == MAIN]
    base, each = line([float(row["packets/s"]) for row in lone], [media(row) for row in lone])
    off = {}
    for row in lone:
        says = base + each * float(row["packets/s"])
        off[f"off_the_line_{row['classes']}x{row['children in each']}"] = media(row) / says - 1
    nodes = media(find("two nodes", 2, TEN)) / media(find(MAIN, 2, TEN))
    gates = [row for row in rows if row["on"] == "the app and its gate"]
    added = next(
        (float(row["the app, cores"]) / media(row) for row in gates if row["children in each"] == SIZES[-1]),
        0.0,
    )
    rest = (
        "the app and its gate add at most 10 % to a class of 30"
        if gates
        else "the app and its gate are left out of this run"
    )
    values = {"cores_a_class_of_30": media(find(MAIN, 1, 30)), "cores_at_rest": base, **off}
    values |= {"two_nodes_to_one": nodes} | ({"app_and_gate_add": added} if gates else {})
    holds = max(map(abs, off.values())) <= 0.15 and nodes <= 1.15 and added <= 0.10
    return Result(
        "F12",
        "The media server",
        "cores on a straight line within 15 % at 10, 20 and 30 in a class and at 1, 2, 3 and 4 classes; "
        f"two nodes at most 15 % more than one; {rest}",
        holds,
        values,
        rows,
        [
            "Everybody sends VP8 320x180 at 15 fps and 90 kbit/s; the teacher speaks all the time (Opus, "
            f"24 kbit/s). Everybody receives {TILES} children and the teacher (of a class of 10, each child "
            "receives the 9 others); the recorder takes everything, as in every meeting. Senders and "
            "receivers are real WebRTC (Go), on the same cores.",
            f"Means over {LASTS:.0f} s of the processes' own processor time, so that what else runs does not "
            "count in it. Packets are those of media, in and out, as the films have them. “Machine” is how "
            "much of all cores was in use: near 100 % senders send late, and a row says less. A silence is a "
            "picture that stayed away for more than 250 ms. Memory is PSS.",
            "Four classes of 30 cannot be generated beside the media server on two cores: several classes "
            "are measured with 10 in each. What a network card and its interrupts cost is not in loopback.",
            "Two nodes: a class on each, with a Redis, against two classes on one. The gate: the whole "
            "installation, with each seat's live socket, against LiveKit in the same run; the recorder is in "
            "neither side. Most of what the app does for a class it does for a small one as well, and is a "
            "larger share of that. All else: the worker, a spare of it and of the app, and the supervisor.",
        ],
    )


def alone(folder: Path, films: Films, classes: int, size: int) -> dict[str, Cell]:
    """Classes straight to one LiveKit."""
    with real.studio() as one, ExitStack() as stack:
        crowds = []
        for number in range(classes):
            livekit.create_room(f"room{number}")
            crowds.append(stack.enter_context(_meets(one, folder, films, number, size)))
        return _row(
            films, MAIN, classes, size, {"livekit": [one.server.pid], "recorder": [one.recorder.pid]}, crowds
        )


def two_nodes(folder: Path, films: Films) -> dict[str, Cell]:
    """A class on each of two nodes that share a Redis."""
    with redis_server() as redis, real.studio(redis) as first, ExitStack() as stack:
        livekit.create_room("room0")  # while there is only one that could hold it
        second = stack.enter_context(real.studio(redis))
        number = next(n for n in range(1, 50) if _is_elsewhere(redis, n))
        crowds = [
            stack.enter_context(_meets(first, folder, films, 0, TEN)),
            stack.enter_context(_meets(second, folder, films, number, TEN)),
        ]
        groups = {
            "livekit": [
                first.server.pid,
                second.server.pid,
                int(_ask(redis, "info", "server", "process_id:")),
            ],
            "recorder": [first.recorder.pid, second.recorder.pid],
        }
        return _row(films, "two nodes", 2, TEN, groups, crowds)


def _is_elsewhere(redis: str, number: int) -> bool:
    """Make the room of this number; whether it is on another node than the first."""
    livekit.create_room(f"room{number}")
    return _ask(redis, "hget", "room_node_map", f"room{number}") != _ask(
        redis, "hget", "room_node_map", "room0"
    )


def _ask(redis: str, *words: str) -> str:
    """What Redis answers; of several lines the one that begins with the last word."""
    *command, begins = words if words[-1].endswith(":") else (*words, "")
    asked = ["redis-cli", "-u", redis, *command]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return next(line.removeprefix(begins) for line in said.splitlines() if line.startswith(begins)).strip()


def through_the_gate(folder: Path, films: Films, size: int) -> dict[str, Cell]:
    """One class in a whole installation, each seat with its session, through the app's own door."""
    with harness.installation(folder, classes=1) as at, ExitStack() as stack:
        begun, _aside = lessons.begin(at, 1, size)
        lesson, there = begun[0], lessons.straight(at)
        url = stack.enter_context(door(at, lesson.places))
        who = _members(lesson.host.seat, [child.seat for child in lesson.children], films)
        teacher, *children = [replace(one, url=url, seat=one.identity) for one in who]
        crowds = [stack.enter_context(there.crowd(teacher, room=lesson.room))]
        lessons.let_in(at, begun)
        crowds.append(stack.enter_context(there.crowd(*children, room=lesson.room)))
        groups = {
            "livekit": [at.pid("media")],
            "recorder": [at.pid("recorder")],
            "app": [at.pid("app")],
            "worker": [at.pid("worker")],
        }
        counted = {at.pid(part) for part in ("media", "recorder", "app")}
        groups["else"] = [pid for pid in tree(at.process.pid) if pid not in counted] if at.process else []
        return _row(films, "the app and its gate", 1, size, groups, crowds)


@contextmanager
def _meets(one: Studio, folder: Path, films: Films, number: int, size: int) -> Iterator[Crowd]:
    """A recorded class in the room of this number, straight to the media server."""
    name = f"{os.urandom(4).hex()}{number}"
    one.record(name, folder / name, os.urandom(32), room=f"room{number}")
    who = _members(f"teacher{number}", [f"child{number}-{each}" for each in range(size)], films)
    with one.crowd(*who, room=f"room{number}") as crowd:
        yield crowd


def _members(teacher: str, children: list[str], films: Films) -> list[Member]:
    """Everybody of one class, the teacher first: each receives the teacher and the nine who come next."""
    film, voice = films
    found = [Member(teacher, film, voice, rights=TEACHES, watches=tuple(children[:TILES]))]
    for number, child in enumerate(children):
        others = (children[number + 1 :] + children[:number])[:TILES]
        found.append(Member(child, film, rights=SEEN, watches=(teacher, *others)))
    return found


def packets(films: Films, size: int) -> float:
    """How many packets of media a second the media server takes and sends for one class of this size."""
    video, voice = _packets_of(films[0]), 50  # an Opus packet has 20 ms
    came = (size + 1) * video + voice
    tiles = size * min(TILES, size - 1) + TILES
    return came + tiles * video + size * (video + voice) + came  # the last is the recorder's


def _packets_of(film: Path) -> float:
    data, at, found, frames = film.read_bytes(), 32, 0, 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        found, frames, at = found + -(-length // PACKET), frames + 1, at + 12 + length
    return RATE * found / frames


def _row(
    films: Films, on: str, classes: int, size: int, groups: dict[str, list[int]], crowds: list[Crowd]
) -> dict[str, Cell]:
    # Each child: the tiles, the teacher's picture and voice. The teacher: the tiles.
    streams = classes * (size * (min(TILES, size - 1) + 2) + TILES)
    wait_for(lambda: sum(len(crowd.received) for crowd in crowds) >= streams, 20, "all receive")
    time.sleep(SETTLES)
    idle, began = idle_seconds(), time.time() * 1000
    used = cores(groups, LASTS)
    busy = 1 - (idle_seconds() - idle) / LASTS / (os.cpu_count() or 1)
    late = [
        at for crowd in crowds for gaps in crowd.received.values() for at, gap in gaps if gap and at > began
    ]
    return {
        "on": on,
        "classes": classes,
        "children in each": size,
        "packets/s": round(classes * packets(films, size)),
        "LiveKit, cores": used["livekit"],
        "for 30 children, cores": used["livekit"] * 31 / (classes * (size + 1)),
        "LiveKit, MiB": memory_mib(groups["livekit"]),
        "recorder, cores": used["recorder"],
        "recorder, MiB": memory_mib(groups["recorder"]),
        "the app, cores": used.get("app", ""),
        "the worker, cores": used.get("worker", ""),
        "all else, MiB": memory_mib(groups["else"]) if "else" in groups else "",
        "machine, %": round(100 * busy),
        "silences": len(late),
    }
