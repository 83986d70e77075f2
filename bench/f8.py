"""F8: how fast the film of a class is made, whole and redacted, in how much memory, beside plain ffmpeg."""

import json
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, cast

from bench.report import Cell, Result
from circletime.recordings import vault
from circletime.recordings.film.cut import Cut, Stretch, redact
from circletime.recordings.film.render import render
from circletime.recordings.film.script import Script, Track, Turn
from tests.recorder import studio

SLOPE = ((10, 60), (20, 60), (30, 60))
"""Tracks and seconds of the films whose cost is compared."""
LONG = (30, int(os.environ.get("SECONDS", "1200")))
"""The film the target names, of 20 minutes."""
TURN = 20
CORES = {0, 1}
RECORDING = "a-recording"
LEAST, MOST_MIB = 3.0, 400.0
CLIPS = 3
"""Different cameras; the others are copies of these, each encrypted anew."""


@dataclass(frozen=True)
class Order:
    """What one maker does, as its own process is told."""

    folder: str
    key: str
    size: int
    seconds: int
    redacted: bool


@dataclass(frozen=True)
class Cost:
    """How often faster than real time, the processor's seconds, and the most memory at any moment."""

    times: float
    cpu: float
    mib: float

    @classmethod
    def of(cls, seconds: int, took: float, usage: resource.struct_rusage) -> "Cost":
        return cls(seconds / took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run() -> Result:
    """Films of 10, 20 and 30 cameras and as many voices, all of them sending all the time."""
    found = {film: _costs(*film) for film in (*SLOPE, LONG)}
    most = max(cost.mib for costs in found.values() for what, cost in costs.items() if what != "ffmpeg")
    whole, plain, ours = (found[LONG][what] for what in ("whole", "ffmpeg", "redacted"))
    return Result(
        figure="F8",
        title="the film of a class, made from its tracks",
        target="a film of 30 tracks, whole or redacted, 720p, at least 3 times faster than real time on 2 "
        "cores and at most 400 MiB; faster than plain ffmpeg in the same run",
        holds=min(whole.times, ours.times) >= LEAST and most <= MOST_MIB and whole.times > plain.times,
        values={
            "whole_times_real_time_at_30": whole.times,
            "redacted_times_real_time_at_30": ours.times,
            "ffmpeg_times_real_time_at_30": plain.times,
            "whole_to_ffmpeg_at_30": whole.times / plain.times,
            "cpu_whole_to_ffmpeg_at_30": whole.cpu / plain.cpu,
            "most_mib": most,
            "cpu_seconds_per_track_and_minute": _slope(found),
        },
        rows=[_row(*film, costs) for film, costs in found.items()],
        notes=[
            "All tracks step through time together, so memory hardly depends on the length (the index of "
            "20 minutes is 1.8 MiB).",
            "Each track is a camera (VP8, 320x180, 15 pictures a second, 160 kbit/s, noise in the picture) "
            "and a voice (Opus, 24 kbit/s), all of them all the time, which is more than a class in which "
            "one speaks. Read from the vault, written encrypted to it; a turn of another every 20 s.",
            "CPU s are the processor's seconds for the film. A time suffers when others use the machine; "
            "these do not much.",
            "Redacted: one child and the teacher are kept, and two stretches of the child are hidden. The "
            "tracks of the others are never opened.",
            "ffmpeg: Debian's, xstack of equal tiles and amix, the same x264 preset and AAC, from clear "
            "files to a clear file: no names, no clock, no large speaker, no encryption.",
        ],
    )


def _costs(size: int, seconds: int) -> dict[str, Cost]:
    with tempfile.TemporaryDirectory() as name:
        clips = [_clip(Path(name), number, seconds) for number in range(CLIPS)]
        folder, key = Path(name) / "vault", secrets.token_bytes(32)
        _fill(folder, key, clips, size)
        return {
            "whole": _make(Order(str(folder), key.hex(), size, seconds, redacted=False)),
            "redacted": _make(Order(str(folder), key.hex(), size, seconds, redacted=True)),
            "ffmpeg": _ffmpeg(Path(name), clips, size, seconds),
        }


def _row(size: int, seconds: int, costs: dict[str, Cost]) -> dict[str, Cell]:
    row: dict[str, Cell] = {"tracks": size, "film, s": seconds}
    for what, cost in costs.items():
        row[f"{what}, times real time"] = cost.times
        row[f"{what}, CPU s"] = cost.cpu
        row[f"{what}, MiB"] = cost.mib
    return row | {"whole / ffmpeg": costs["whole"].times / costs["ffmpeg"].times}


def _slope(found: dict[tuple[int, int], dict[str, Cost]]) -> float:
    (first, _), (last, seconds) = SLOPE[0], SLOPE[-1]
    more = found[SLOPE[-1]]["whole"].cpu - found[SLOPE[0]]["whole"].cpu
    return more * 60 / seconds / (last - first)


def _clip(folder: Path, number: int, seconds: int) -> tuple[Path, Path]:
    picture = studio.film(
        folder / f"{number}.mkv", f"testsrc2=duration={seconds}", seconds, then=f"hue=h={number * 70}"
    )
    sound = f"sine=frequency={300 + 90 * number}:sample_rate=48000"
    return picture, studio.voice(folder / f"{number}.mka", sound, seconds)


def _fill(folder: Path, key: bytes, clips: list[tuple[Path, Path]], size: int) -> None:
    folder.mkdir()
    for number in range(size):
        for path, source in zip(clips[number % CLIPS], ("camera", "microphone"), strict=True):
            name = _file(number, source)
            with vault.create(folder / name, f"{RECORDING}/{name}", key) as file:
                file.write(path.read_bytes())


def _file(number: int, source: str) -> str:
    return f"{number}-{source}.ctv"


def _script(order: Order) -> Script:
    begins = 1_800_000_000.0
    ends = begins + order.seconds
    people = [f"seat-{number}" for number in range(order.size)]
    tracks = tuple(
        Track(people[number], source, Path(order.folder) / _file(number, source), begins, ends)
        for number in range(order.size)
        for source in ("camera", "microphone")
    )
    turns = tuple(
        Turn(people[1 + at // TURN % (order.size - 1)], begins + at, begins + at + TURN)
        for at in range(0, order.seconds, TURN)
    )
    labels = {person: f"Child {number}" for number, person in enumerate(people)}
    whole = Script(
        begins, ends, "A class", "Europe/London", tracks, labels, hosts=frozenset(people[:1]), turns=turns
    )
    if not order.redacted:
        return whole
    hidden = (Stretch(10, 15, people[1]), Stretch(40, 48, people[1], picture=False))
    return redact(whole, Cut(keep=frozenset(people[:2]), stretches=hidden))


def _make(order: Order) -> Cost:
    """In a process of its own, so that its memory is its own."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.f8", json.dumps(asdict(order))], capture_output=True, check=True
    ).stdout
    return Cost(**json.loads(told))


def _maker(order: Order) -> Cost:
    os.sched_setaffinity(0, CORES)
    key = bytes.fromhex(order.key)

    def opened(path: Path) -> BinaryIO:
        return cast(BinaryIO, vault.read(path, f"{RECORDING}/{path.name}", key))

    out = Path(order.folder) / f"film-{order.redacted}.ctv"
    began = time.monotonic()
    with vault.create(out, f"{RECORDING}/{out.name}", key) as rest:
        render(_script(order), opened, rest, lambda percent: None)
    took = time.monotonic() - began
    return Cost.of(order.seconds, took, resource.getrusage(resource.RUSAGE_SELF))


def _ffmpeg(folder: Path, clips: list[tuple[Path, Path]], size: int, seconds: int) -> Cost:
    columns = -(-size // 5) if size > 10 else 4
    rows = -(-size // columns)
    width, height = 1280 // columns & ~1, 720 // rows & ~1
    command = ["ffmpeg", "-v", "error", "-y", "-nostdin"]
    for kind in (0, 1):
        for number in range(size):
            command += ["-i", str(clips[number % CLIPS][kind])]
    scaled = ";".join(f"[{number}:v]scale={width}:{height}[v{number}]" for number in range(size))
    places = "|".join(f"{number % columns * width}_{number // columns * height}" for number in range(size))
    stack = (
        "".join(f"[v{number}]" for number in range(size)) + f"xstack=inputs={size}:layout={places}:fill=black"
    )
    mixed = "".join(f"[{size + number}:a]" for number in range(size)) + f"amix=inputs={size}:normalize=0[a]"
    command += [
        "-filter_complex",
        f"{scaled};{stack},scale=1280:720[v];{mixed}",
        "-map",
        "[v]",
        "-map",
        "[a]",
    ]
    command += ["-r", "15", "-c:v", "libx264", "-preset", "superfast", "-crf", "27", "-tune", "zerolatency"]
    command += ["-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k", "-ac", "1", "-f", "mp4"]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, str(folder / "plain.mp4")], preexec_fn=lambda: os.sched_setaffinity(0, CORES)
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"ffmpeg ended with {status}")
    return Cost.of(seconds, time.monotonic() - began, usage)


if __name__ == "__main__":
    print(json.dumps(asdict(_maker(Order(**json.loads(sys.argv[1]))))))
