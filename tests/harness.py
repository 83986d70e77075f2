"""A real installation and real people in real browsers, for the tests and the benches.

The installation is `circletime demo` itself, in a folder of its own on free ports. Each person is a
Chromium of their own, whose fake camera shows a shirt of one colour and whose fake microphone beeps at
one pitch, so that who is seen and who is heard can be measured at the receivers.
"""

import atexit
import colorsys
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import wave
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests import lanes, postgres
from tests.inside import Inside
from tests.pace import paced

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
COLOURS = {"teacher": 0.0, "Amara": 0.13, "Ben": 0.33, "Chloé": 0.5, "D'Arcy": 0.68, "Eun-ji": 0.85}
PITCHES = {"teacher": 330, "Amara": 520, "Ben": 760, "Chloé": 1040, "D'Arcy": 1380, "Eun-ji": 1790}


PORTS_TAKEN = Path(tempfile.gettempdir()) / "circletime-ports"
_taken: list[int] = []


def free_ports(count: int) -> int:
    """The first of `count` free ports in a row, at most twenty. They are this process's until it ends: what
    the other lanes start meanwhile gets others, also before anything listens here."""
    PORTS_TAKEN.mkdir(exist_ok=True)
    for base in range(21000, 32000, 20):
        number = os.open(PORTS_TAKEN / str(base), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for port in range(base, base + count):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(number)
            continue
        _taken.append(number)
        return base
    raise RuntimeError("no free ports")


def wait_for(what: Callable[[], Any], seconds: float, why: str) -> Any:
    """What `what` answers once it is true; fails after so many seconds, paced as the machine is meanwhile."""
    began, limit = time.monotonic(), paced(seconds)
    while time.monotonic() - began < limit:
        limit = max(limit, paced(seconds))
        with suppress(OSError):
            found = what()
            if found:
                return found
        time.sleep(0.05)
    raise AssertionError(f"not within {limit:.1f} s: {why}")


@dataclass
class Installation:
    """A running demo."""

    var: Path
    port: int
    process: subprocess.Popen[bytes] | None
    env: dict[str, str]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.env.get("CIRCLETIME_URL") or f"http://localhost:{self.port}"

    def pid(self, part: str) -> int:
        """The process of one part, now."""
        return int((self.var / "log" / f"{part}.pid").read_text())

    def kill(self, part: str) -> int:
        """kill -9 one part; answers its old process number."""
        old = self.pid(part)
        os.kill(old, signal.SIGKILL)
        return old

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of `circletime` in this installation."""
        command = [sys.executable, "-m", "circletime.pages.cli", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)

    @cached_property
    def python(self) -> Inside:
        """Runs code inside this installation's Django and answers what it prints."""
        return Inside(self.env)

    def close(self) -> None:
        """Nothing more is asked of it."""
        if "python" in vars(self):
            self.python.close()

    def logs(self) -> str:
        """Every part's log."""
        return "\n".join(f"== {p.name}\n{p.read_text()[-3000:]}" for p in (self.var / "log").glob("*.log"))


def _database(server: str, like: str = "") -> dict[str, str]:
    """A database of its own at a PostgreSQL, or SQLite where there is none."""
    return {"CIRCLETIME_DATABASE": postgres.database(server, like)} if server else {}


SCHOOL = """
from django.conf import settings
from circletime.core import time
from circletime.pages import demo
from tests import lanes
lanes.begin()
demo.prepare_school(settings.VAR / "demo.json", classes={classes}, pupils={pupils}, now=time.now())
"""


@cache
def _school(classes: int, pupils: int, server: str) -> tuple[Path, str]:
    """The demo's data without a meeting, made once for this run as the demo makes it: folder and database."""
    place = lanes.shared()
    if place is None:
        place = Path(tempfile.mkdtemp(prefix="circletime-school-"))
        atexit.register(shutil.rmtree, place, ignore_errors=True)
    name = f"school-{classes}-{pupils}"
    folder, made = place / name, place / f"{name}.made"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            folder.mkdir()
            database = _database(server)
            env = os.environ | {"CIRCLETIME_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
            with closing(Installation(folder, 0, None, env | database)) as here:
                here.python(SCHOOL.format(classes=classes, pupils=pupils))
            made.write_text(database.get("CIRCLETIME_DATABASE", ""))
    return folder, made.read_text()


@contextmanager
def installation(
    folder: Path,
    *,
    classes: int = 2,
    pupils: int = 30,
    port: int = 0,
    server: str | None = None,
    settings: dict[str, str] | None = None,
    program: Path | None = None,
) -> Iterator[Installation]:
    """Start a demo in `folder` with these settings, and stop it and everything it started.

    `server` is the address of a PostgreSQL, else the one in CIRCLETIME_DATABASE, if any. `program` is the
    command of another installation than this clone.
    """
    port = port or free_ports(4)
    server = os.environ.get("CIRCLETIME_DATABASE", "") if server is None else server
    school, like = _school(classes, pupils, server)
    env = os.environ | {
        "CIRCLETIME_VAR": str(folder),
        "CIRCLETIME_BIN": str(ROOT / "var" / "bin"),
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    env |= _database(server, like) | (settings or {})
    env.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # the tests alone have that leave
    shutil.copytree(school, folder, dirs_exist_ok=True)
    out = (folder / "demo.out").open("wb")
    command = [str(program)] if program else [sys.executable, "-m", "circletime.pages.cli"]
    command += ["demo", "--classes", str(classes), "--pupils", str(pupils)]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)
    one = Installation(folder, port, process, env)
    try:
        try:
            said = folder / "demo.out"
            ended = lambda: "Press Ctrl-C" in said.read_text() or process.poll() is not None  # noqa: E731
            wait_for(ended, 300, "the demo runs")
            assert process.poll() is None, "the demo runs"
        except AssertionError:
            raise AssertionError((folder / "demo.out").read_text() + one.logs()) from None
        one.facts = json.loads((folder / "demo.json").read_text())
        yield one
    finally:
        one.close()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        out.close()


def picture_file(folder: Path, who: str, rate: int) -> Path:
    """Somebody in a shirt of one colour, moving, as the fake camera takes it (Y4M, 640x360)."""
    path = folder / f"{who}-{rate}.y4m"
    if path.exists():
        return path
    with path.open("wb") as out:
        out.write(b"YUV4MPEG2 W640 H360 F%d:1 Ip A1:1 C420jpeg\n" % rate)
        for step in range(30):
            red, green, blue = np.asarray(_portrait(who, step), dtype=float).transpose(2, 0, 1)
            y = 0.257 * red + 0.504 * green + 0.098 * blue + 16
            u = -0.148 * red - 0.291 * green + 0.439 * blue + 128
            v = 0.439 * red - 0.368 * green - 0.071 * blue + 128
            out.write(b"FRAME\n" + y.round().astype(np.uint8).tobytes())
            for part in (u, v):
                halved = part.reshape(180, 2, 320, 2).mean(axis=(1, 3))
                out.write(halved.round().astype(np.uint8).tobytes())
    return path


def _portrait(who: str, step: int) -> Image.Image:
    # The shirt is what the tests measure, in the middle at three quarters' height; the rest is to look at.
    number = list(COLOURS).index(who)
    shirt = tuple(int(255 * part) for part in colorsys.hsv_to_rgb(COLOURS[who], 0.9, 0.9))
    skin = ("#f2cfb0", "#8a5a3c", "#e8b88f", "#c98f63", "#5f3d2a", "#f0d0a8")[number]
    hair = ("#8d8d95", "#1e1511", "#6b4423", "#2b1c14", "#120d0b", "#171214")[number]
    wall = ("#dfe6e2", "#ece3d0", "#dbe5ee", "#e9dfe6", "#e4e8d8", "#e6e0d6")[number]
    nod = round(6 * np.sin(2 * np.pi * step / 30))
    picture = Image.new("RGB", (640, 360), wall)
    brush = ImageDraw.Draw(picture)
    if number % 2:
        brush.rounded_rectangle((224, 44 + nod, 416, 262 + nod), 70, fill=hair)
    brush.ellipse((170, 232, 470, 560), fill=shirt)
    brush.rectangle((294, 200, 346, 256), fill=skin)
    brush.ellipse((240, 52 + nod, 400, 236 + nod), fill=skin)
    brush.chord((234, 40 + nod, 406, 190 + nod), 190, 350, fill=hair)
    for x in (284, 340):
        brush.ellipse((x, 132 + nod, x + 16, 152 + nod), fill="#23201e")
    brush.arc((282, 152 + nod, 358, 206 + nod), 20, 160, fill="#7a3128", width=6)
    return picture


def voice_file(folder: Path, who: str, *, calls_per_second: float = 2.5) -> Path:
    """A voice in one pitch: short calls with pauses, which no noise suppression takes for noise."""
    path = folder / f"{who}.wav"
    if path.exists():
        return path
    rate, pitch = 48000, PITCHES[who]
    seconds = np.arange(rate * 2) / rate
    loud = (np.sin(2 * np.pi * calls_per_second * seconds) > -0.3).astype(float)
    wobble = pitch * (1 + 0.01 * np.sin(2 * np.pi * 5 * seconds))
    wave_form = np.sin(2 * np.pi * np.cumsum(wobble) / rate) * loud * 0.6
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((wave_form * 32767).astype(np.int16).tobytes())
    return path


@dataclass
class Person:
    """Somebody in a browser of their own."""

    who: str
    browser: Browser
    context: BrowserContext
    page: Page
    troubles: list[str] = field(default_factory=list)

    def close(self) -> None:
        with suppress(Exception):
            self.browser.close()


PHONE = {"width": 390, "height": 844}
TABLET = {"width": 820, "height": 1180}
DESKTOP = {"width": 1440, "height": 900}


def person(
    playwright: Playwright,
    folder: Path,
    who: str,
    *,
    size: dict[str, int] | None = None,
    rate: int = 15,
    program: str = CHROMIUM,
    **context: Any,
) -> Person:
    """Open a browser for somebody, with their own picture (`rate` frames a second) and voice."""
    browser = playwright.chromium.launch(
        executable_path=program,
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-background-timer-throttling",
            "--disable-renderer-backgrounding",
            "--disable-backgrounding-occluded-windows",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            "--auto-select-desktop-capture-source=Entire screen",
            "--autoplay-policy=no-user-gesture-required",
            f"--use-file-for-fake-video-capture={picture_file(folder, who, rate)}",
            f"--use-file-for-fake-audio-capture={voice_file(folder, who)}",
        ],
    )
    opened = browser.new_context(viewport=size or TABLET, locale="en-GB", **context)
    opened.grant_permissions(["camera", "microphone"])
    opened.set_default_timeout(90_000)  # a hang; how fast it has to be is said where it is waited for
    page = opened.new_page()
    one = Person(who, browser, opened, page)
    page.on("pageerror", lambda error: one.troubles.append(str(error)))
    return one


def sign_in(one: Person, at: Installation, role: str) -> None:
    """Sign a member of staff in."""
    staff = at.facts["staff"][role]
    one.page.goto(f"{at.url}/accounts/login/")
    one.page.get_by_role("textbox", name="Email").fill(staff["email"])
    one.page.get_by_role("textbox", name="Password").fill(staff["password"])
    one.page.get_by_role("button", name="Sign in").click()
    one.page.wait_for_url("**/meetings/")


def start_meeting(one: Person, at: Installation) -> None:
    """The teacher confirms and starts the demo's meeting, or goes into it when it runs."""
    one.page.goto(at.facts["meeting"]["host_url"])
    for box in one.page.get_by_role("checkbox").all():
        box.check()
    one.page.get_by_role("button", name=re.compile("^(Start meeting|Go into the room)$")).click()
    one.page.wait_for_url("**/room/*")


def press_until(button: Locator, taken: Callable[[], bool]) -> None:
    """Press this button until it is taken, as a person does when a list moved beneath their finger."""

    def pressed() -> bool:
        if not taken() and button.is_visible():
            with suppress(PlaywrightTimeout):  # it went while it was pressed
                button.click(timeout=2000)
            button.page.wait_for_timeout(500)
        return taken()

    wait_for(pressed, 20, f"{button} is taken")


def admit(teacher: Person, button: str) -> None:
    """Press this button until it is taken: the host has to be in the room first."""
    found = teacher.page.get_by_role("button", name=button, exact=True)
    found.wait_for()
    press_until(found, lambda: not found.is_visible())


def knock(one: Person, at: Installation, name: str) -> None:
    """A child types class ID, password and first name, and waits."""
    one.page.goto(at.facts["meeting"]["join_url"])
    one.page.get_by_role("textbox", name="Class ID").fill(at.facts["class"]["id"])
    one.page.get_by_role("textbox", name="Password").fill(at.facts["class"]["password"])
    one.page.get_by_role("button", name="Next").click()
    say_who(one, name)
    one.page.get_by_role("button", name="Ask to join").click()
    one.page.wait_for_url("**/room/*")


def say_who(one: Person, name: str) -> None:
    """Type the first name and tick that a grown-up is there."""
    one.page.get_by_role("textbox", name="Your first name").fill(name)
    one.page.get_by_role("checkbox", name="A grown-up is here with me").check()


REACHED = """() => {
  const look = () => {
    const one = document.activeElement;
    if (!one || one === document.body) return;
    one.dataset.reached = "yes";
    const ring = getComputedStyle(one);
    const seen = ring.outlineStyle !== "none" || ring.boxShadow !== "none";
    if (!seen) window.unseen.push("no ring: " + one.outerHTML.slice(0, 90));
  };
  if (!window.unseen) addEventListener("focusin", look, true);
  window.unseen = [];
}"""
MISSED = """() => [...(document.querySelector("dialog[open]") ?? document)
    .querySelectorAll("a[href],button,input,select,textarea,summary,video")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && !one.dataset.reached)
  .filter((one) => one.type !== "hidden" && one.tabIndex >= 0 && (one.tagName !== "VIDEO" || one.controls))
  .map((one) => one.outerHTML.slice(0, 120))"""


def missed_by_keyboard(one: Person) -> list[str]:
    """What the Tab key alone does not reach on the page as it stands, or reaches with no ring to see."""
    one.page.evaluate(REACHED)
    for _ in range(30):  # it begins where the focus is, and may go round
        for _ in range(10):
            one.page.keyboard.press("Tab")
        if not one.page.evaluate(MISSED):
            break
    return one.page.evaluate(MISSED) + one.page.evaluate("() => window.unseen")


def picture_of(one: Person, name: str, *, full: bool = False) -> None:
    """Keep what this person sees on a phone, a tablet and a computer, for docs/pictures (when asked to)."""
    folder = os.environ.get("CIRCLETIME_PICTURES")
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    was = one.page.viewport_size or TABLET
    one.page.evaluate("document.activeElement?.blur()")
    for size in (PHONE, TABLET, DESKTOP):
        one.page.set_viewport_size(size)  # type: ignore[arg-type]
        time.sleep(1.2 if size["width"] != was["width"] else 0.3)  # a tile's picture follows its size
        one.page.screenshot(path=f"{folder}/{name}-{size['width']}.png", full_page=full)
    one.page.set_viewport_size(was)


def faults(one: Person) -> list[str]:
    """What axe finds wrong with the page as it stands, in short."""
    source = (ROOT / "room/node_modules/axe-core/axe.min.js").read_text()
    one.page.evaluate(source)
    found = one.page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]


LISTEN = """
async () => {
  const pitches = __PITCHES__;
  const heard = {};
  const context = new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  analyser.smoothingTimeConstant = 0;
  for (const element of document.querySelectorAll("audio")) {
    if (element.srcObject && element.srcObject.getAudioTracks().some((t) => t.readyState === "live")) {
      context.createMediaStreamSource(element.srcObject).connect(analyser);
    }
  }
  const bins = new Float32Array(analyser.frequencyBinCount);
  const loudest = new Float32Array(bins.length).fill(-200);
  const end = performance.now() + __MS__;
  while (performance.now() < end) {
    analyser.getFloatFrequencyData(bins);
    for (let i = 0; i < bins.length; i++) loudest[i] = Math.max(loudest[i], bins[i]);
    await new Promise((done) => setTimeout(done, 30));
  }
  await context.close();
  for (const [who, pitch] of Object.entries(pitches)) {
    const at = Math.round(pitch / (48000 / 8192));
    heard[who] = Math.max(...loudest.slice(at - 3, at + 4));
  }
  return heard;
}
"""


def heard_by(one: Person, milliseconds: int = 900, floor_db: float = -40.0) -> set[str]:
    """Whose voices really sound in this browser, measured on what its audio elements play.

    A voice measures about -18 dB; what spills over from another about -55.
    """
    script = LISTEN.replace("__PITCHES__", json.dumps(PITCHES)).replace("__MS__", str(milliseconds))
    levels = one.page.evaluate(script)
    return {who for who, level in levels.items() if level is not None and level > floor_db}


SEE = """
() => Object.fromEntries([...document.querySelectorAll('[role=group][aria-label]')].map((tile) => {
  const video = tile.querySelector("video");
  if (!video || video.videoWidth === 0 || video.readyState < 2) return [tile.ariaLabel, null];
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  brush.drawImage(video, 0, 0, 16, 16);
  const [r, g, b] = brush.getImageData(8, 12, 1, 1).data;
  return [tile.ariaLabel, [r, g, b]];
}))
"""


def seen_by(one: Person) -> dict[str, str | None]:
    """Each tile's name, and whose colour its picture really has (None without a picture)."""
    found: dict[str, str | None] = {}
    for label, pixel in one.page.evaluate(SEE).items():
        found[label] = nearest(pixel) if pixel else None
    return found


def nearest(pixel: list[int]) -> str:
    """Whose colour a pixel has; "dark" for none."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in pixel))
    if saturation < 0.3 or value < 0.2:
        return "dark"
    return min(COLOURS, key=lambda who: min(abs(COLOURS[who] - hue), 1 - abs(COLOURS[who] - hue)))


def get(url: str) -> int:
    """The status of a plain request."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
