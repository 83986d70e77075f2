"""A real LiveKit, a real recorder, and a crowd that sends known pictures and sounds."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from circletime.media import livekit
from circletime.media.config import ServerPlan, write_livekit_config
from circletime.media.livekit import MediaSettings
from circletime.media.processes import die_with_parent
from circletime.media.rules import Rights
from circletime.recordings import vault
from circletime.recordings.recorder import Recorder
from circletime.recordings.vault import VaultReader

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "var" / "bin"
SENDS = Rights(camera=True, microphone=True, screen=True, subscribe=False)
LISTENS = Rights(camera=False, microphone=False, screen=False, subscribe=True)


def build(*parts: str) -> None:
    """Have these parts of the media plane built."""
    env = os.environ | {"CIRCLETIME_BIN": str(BIN)}
    subprocess.run([sys.executable, ROOT / "media" / "build.py", *parts], env=env, check=True)


def free_ports(count: int) -> list[int]:
    """Ports that nobody has at this moment."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def wait_for(what: Callable[[], Any], seconds: float, why: str) -> Any:
    """What `what` answers once it is true; fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError, httpx.HTTPError):
            found = what()
            if found:
                return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {why}")


@dataclass(frozen=True)
class Member:
    """One of a crowd. Times are seconds after joining; zero is never."""

    identity: str
    film: Path | None = None
    voice: Path | None = None
    screen: bool = False
    mute_at: float = 0
    unmute_at: float = 0
    stop_at: float = 0
    speak_at: float = 0
    rights: Rights = SENDS
    url: str = ""
    """Another server than the studio's own."""
    seat: str = ""
    """What is shown at a gate, in place of a token."""
    watches: tuple[str, ...] | None = None
    """Whose pictures and voices one who listens takes; everybody's when it is None."""

    def order(self, token: Callable[[str, str, Rights], str], room: str) -> dict[str, Any]:
        """What the crowd's program is told."""
        return asdict(self) | {
            "token": self.seat or token(room, self.identity, self.rights),
            "film": str(self.film or ""),
            "voice": str(self.voice or ""),
            "listens": self.rights.subscribe,
        }


@dataclass
class Studio:
    """One media server and one recorder, in a folder of their own."""

    folder: Path
    settings: MediaSettings
    plan: ServerPlan
    server: subprocess.Popen[bytes] = field(init=False)
    recorder: subprocess.Popen[bytes] = field(init=False)
    tokens: list[str] = field(default_factory=list)
    more_keys: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> Recorder:
        return Recorder(self.folder / "recorder.sock")

    @property
    def url(self) -> str:
        return self.settings.url.replace("http", "ws", 1)

    def start_server(self) -> None:
        """Start LiveKit, and wait until it answers."""
        config = self.folder / f"livekit-{self.plan.port}.json"
        write_livekit_config(config, self.plan)
        settings = json.loads(config.read_text())
        del settings["webhook"]  # nobody listens here
        settings["keys"] |= self.more_keys
        config.write_text(json.dumps(settings))
        self.server = self._run("livekit-server", "--config", str(config))
        wait_for(lambda: httpx.get(self.settings.url).status_code == 200, 15, "LiveKit answers")

    def start_recorder(self) -> None:
        """Start the recorder, and wait until it answers."""
        self.recorder = self._run("recorder", "--socket", str(self.folder / "recorder.sock"))
        wait_for(lambda: _listens(self.folder / "recorder.sock"), 5, "the recorder answers")

    def stop(self) -> None:
        self.server.kill()  # asked kindly, it would wait for everybody to leave
        self.recorder.terminate()
        try:
            self.recorder.wait(10)
        except subprocess.TimeoutExpired:
            self.recorder.kill()
        self.recorder.wait()
        self.server.wait()

    def log(self, program: str) -> str:
        return (self.folder / f"{program}.log").read_text()

    def token(self, room: str, identity: str, rights: Rights, *, hidden: bool = False) -> str:
        made = livekit.make_token(room, identity, f"{identity.title()} Name", rights, hidden=hidden)
        self.tokens.append(made)
        return made

    def record(self, recording: str, folder: Path, key: bytes, segment: int = 1, room: str = "room") -> None:
        """Have the recorder record the room."""
        token = self.token(room, livekit.RECORDER, LISTENS, hidden=True)
        self.client.start(
            recording, room=room, url=self.url, token=token, folder=folder, key=key, segment=segment
        )

    @contextmanager
    def crowd(self, *members: Member, room: str = "room") -> Iterator["Crowd"]:
        """Have these people in the room while the block runs."""
        orders = [member.order(self.token, room) for member in members]
        command = [str(BIN / "crowd"), "--url", self.url]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent
        )
        crowd = Crowd(process)
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(orders).encode())
            process.stdin.close()
            reader = threading.Thread(target=crowd.listen, daemon=True)
            reader.start()
            wait_for(lambda: crowd.joined or process.poll() is not None, 30, "the crowd has joined")
            assert process.poll() is None, "the crowd could not join"
            yield crowd
        finally:
            process.terminate()
            process.wait(10)

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{program}.log").open("ab") as out:
            return subprocess.Popen(
                [str(BIN / program), *arguments], stdout=out, stderr=out, preexec_fn=die_with_parent
            )


@dataclass
class Crowd:
    """A crowd that is in the room. `begins`: the wall clock, in ms, at each beginning of film or voice.

    `received`: what who listens receives from whom, (identity, from, kind), as (when in ms, after how long
    a silence). `ended` are those that have ended, `out` those who were put out.
    """

    process: subprocess.Popen[bytes]
    joined: bool = False
    begins: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    received: dict[tuple[str, str, str], list[tuple[int, int]]] = field(default_factory=dict)
    ended: list[tuple[str, str, str]] = field(default_factory=list)
    out: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Take down what the crowd tells."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            if told["event"] == "joined":
                self.joined = True
            elif told["event"] == "out":
                self.out.append(told["identity"])
            elif told["event"] in ("receives", "ends"):
                what = (told["identity"], told["from"], told["kind"])
                if told["event"] == "ends":
                    self.ended.append(what)
                else:
                    self.received.setdefault(what, []).append((told["at_ms"], told.get("gap_ms", 0)))
            else:
                self.begins.setdefault((told["identity"], told["kind"]), []).append(told["at_ms"])


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
        return True


@contextmanager
def studio(redis: str = "", key: str = "studio") -> Iterator[Studio]:
    """A studio with no rooms yet, for as long as the block runs. Those with one `redis` share their rooms."""
    signalling, tcp = free_ports(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        udp = probe.getsockname()[1]
    secret = key[0] * 40
    settings = MediaSettings(f"http://127.0.0.1:{signalling}", key, secret)
    plan = ServerPlan(signalling, tcp, udp, "127.0.0.1", key, secret, "", redis=redis)
    folder = Path(tempfile.mkdtemp(prefix="ct-", dir="/tmp"))  # a socket's path has to be short
    before = livekit._settings
    livekit.configure(settings)
    one = Studio(folder, settings, plan)
    try:
        one.start_server()
        one.start_recorder()
        yield one
    finally:
        one.stop()
        if before is not None:
            livekit.configure(before)
        shutil.rmtree(folder, ignore_errors=True)


def film(
    path: Path,
    picture: str,
    seconds: int,
    *,
    size: str = "320x180",
    rate: int = 15,
    kbits: int = 160,
    then: str = "",
) -> Path:
    """A film as a camera sends it: VP8, `kbits` kbit/s, one key frame at its beginning and no other.

    `then` is a filter that the picture goes through.
    """
    source = ",".join(filter(None, [f"{picture}:size={size}:rate={rate}", then, "noise=alls=12:allf=t"]))
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-t", str(seconds)]
    command += ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "100000"]
    for limit in ("-b:v", "-minrate", "-maxrate"):
        command += [limit, f"{kbits}k"]
    command += ["-bufsize", f"{kbits // 2}k", str(path)]
    subprocess.run(command, check=True)
    return path


def voice(path: Path, sound: str, seconds: float) -> Path:
    """A voice as a microphone sends it: Opus, 24 kbit/s, one packet a page."""
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", sound, "-t", str(seconds), "-ac", "1"]
    command += ["-c:a", "libopus", "-b:a", "24k", "-page_duration", "20000", str(path)]
    subprocess.run(command, check=True)
    return path


@dataclass(frozen=True)
class Vault:
    """One recording's folder, with its key."""

    folder: Path
    recording: str
    key: bytes

    def open(self, name: str) -> VaultReader:
        return vault.read(self.folder / name, f"{self.recording}/{name}", self.key)

    def events(self, segment: int = 1) -> list[dict[str, Any]]:
        """A segment's manifest."""
        with self.open(f"manifest-{segment}.ctv") as file:
            return [json.loads(line) for line in file.read().splitlines()]

    def tracks(self, segment: int = 1) -> list[dict[str, Any]]:
        """The manifest's tracks, each with when it began on the wall clock, and its end if it has one."""
        events = self.events(segment)
        ends = {event["file"]: event for event in events if event["e"] == "end"}
        return [
            event
            | {"began": events[0]["started_ms"] + event.get("start_ms", 0), "end": ends.get(event["file"])}
            for event in events
            if event["e"] == "track"
        ]
