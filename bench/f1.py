"""F1: what recording a class costs, beside a browser that plays it and a program that films the screen."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.bare import served
from bench.measure import cores, memory_mib, tree
from bench.report import Cell, Result
from circletime.media import livekit
from tests.harness import CHROMIUM
from tests.recorder import studio as real
from tests.recorder.studio import LISTENS, Member, Studio

SIZES = (10, 20, 30)
SETTLES, LASTS = 6.0, 30.0
PAGE = """<!doctype html><title>Class</title>
<style>body{margin:0;background:#111;display:grid;grid-template-columns:repeat(6,1fr)}video{width:100%%}</style>
<script src="livekit-client.umd.js"></script>
<script>
const room = new LivekitClient.Room({ adaptiveStream: false });
room.on("trackSubscribed", (track) => document.body.append(track.attach()));
room.connect("%s", "%s");
</script>"""


def run() -> Result:
    """Measure 10, 20 and 30 children, one after the other, each with recorder and then with browser."""
    real.build("server", "recorder", "crowd")
    rows: list[dict[str, Cell]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = real.film(folder / "child.ivf", "testsrc2=duration=60", 30)
        voice = real.voice(folder / "child.ogg", "sine=f=440:r=48000", 30)
        for size in SIZES:
            rows.append(_measure(folder, film, voice, size))
    last, ten = rows[-1], rows[0]
    values = {
        "recorder_cores_at_30": float(last["recorder, cores"]),
        "recorder_mib_at_30": float(last["recorder, MiB"]),
        "of_the_servers_cpu_at_30": float(last["of the server's CPU"]),
        "times_cheaper_at_10": float(ten["times cheaper"]),
        "times_cheaper_at_30": float(last["times cheaper"]),
        "times_less_memory_at_30": float(last["times less memory"]),
    }
    holds = (
        values["recorder_cores_at_30"] <= 0.25
        and values["recorder_mib_at_30"] <= 64
        and values["of_the_servers_cpu_at_30"] <= 0.8
        and min(values["times_cheaper_at_10"], values["times_cheaper_at_30"]) >= 10
        and values["times_less_memory_at_30"] >= 20
    )
    return Result(
        "F1",
        "Recording a class",
        "at 30 at most 0.25 core and 64 MiB, at most 0.8 of the media server's own CPU; 10 times cheaper "
        "than a browser that is filmed at 10 and at 30, 20 times less memory",
        holds,
        values,
        rows,
        [
            "Each child sends VP8 320x180 at 15 fps and 160 kbit/s, and Opus; every one speaks all the time. "
            f"Each number is a mean over {LASTS:.0f} s; memory is PSS.",
            "The recorder encrypts and writes each track. The browser is Chromium under Xvfb at 1280x720 "
            "without a graphics card, filmed by ffmpeg (x11grab, 25 fps, x264 veryfast). Its sound is played "
            "and not recorded, which is in the browser's favour.",
            "Where browser and ffmpeg fill the machine they drop frames: their true cost is higher.",
        ],
    )


def _measure(folder: Path, film: Path, voice: Path, size: int) -> dict[str, Cell]:
    members = [Member(f"child{number}", film, voice) for number in range(size)]
    with real.studio() as studio:
        livekit.create_room("room")
        with studio.crowd(*members):
            kept = folder / f"vault{size}"
            studio.record(f"rec{size}", kept, os.urandom(32))
            time.sleep(SETTLES)
            groups = {"recorder": [studio.recorder.pid], "server": [studio.server.pid]}
            used = cores(groups, LASTS)
            recorder_mib = memory_mib(groups["recorder"])
            assert len(list(kept.glob("*.ctv"))) == 2 * size + 1, "not every track is recorded"
            studio.client.stop(f"rec{size}")
            with _filmed_browser(folder, studio) as pids:
                time.sleep(SETTLES)
                browser = cores({"browser": pids()}, LASTS)["browser"]
                browser_mib = memory_mib(pids())
    return {
        "children": size,
        "recorder, cores": used["recorder"],
        "server, cores": used["server"],
        "of the server's CPU": used["recorder"] / used["server"],
        "recorder, MiB": recorder_mib,
        "browser and ffmpeg, cores": browser,
        "times cheaper": browser / used["recorder"],
        "browser and ffmpeg, MiB": browser_mib,
        "times less memory": browser_mib / recorder_mib,
    }


@contextmanager
def _filmed_browser(folder: Path, studio: Studio) -> Iterator[Callable[[], list[int]]]:
    token = studio.token("room", "filmed", LISTENS, hidden=True)
    with served(folder / "site", PAGE % (studio.url, token)) as site:
        yield from _filmed(folder, site)


def _filmed(folder: Path, site: str) -> Iterator[Callable[[], list[int]]]:
    display = f":{90 + os.getpid() % 100}"
    screen = subprocess.Popen(["Xvfb", display, "-screen", "0", "1280x720x24"], stderr=subprocess.DEVNULL)
    time.sleep(1)
    playing = sync_playwright().start()
    try:
        browser = playing.chromium.launch(
            executable_path=CHROMIUM,
            headless=False,
            env={**os.environ, "DISPLAY": display},
            args=[
                "--no-sandbox",
                "--kiosk",
                "--window-size=1280,720",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(site)
        page.wait_for_function("document.querySelectorAll('video').length > 0")
        command = [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-f",
            "x11grab",
            "-framerate",
            "25",
            "-video_size",
            "1280x720",
        ]
        command += ["-i", display, "-c:v", "libx264", "-preset", "veryfast", str(folder / "screen.mp4")]
        filming = subprocess.Popen(command, stdin=subprocess.DEVNULL)

        def pids() -> list[int]:
            ours = [pid for pid in tree(os.getpid()) if "chromium" in _program(pid)]
            return [*ours, filming.pid, screen.pid]

        yield pids
        filming.terminate()
        filming.wait()
        browser.close()
    finally:
        playing.stop()
        screen.terminate()
        screen.wait()


def _program(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""
