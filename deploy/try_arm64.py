"""Installs the arm64 wheel with pipx on a Debian for arm64, and uses it. Every instruction of it is emulated.

Debian's packages are laid into a folder, which becomes the root of a namespace of its own; there, and nowhere
else, Linux runs programs for arm64 with qemu. In it somebody who is not root installs the wheel, begins a
school, serves it, and does with the demo what `try_wheel.py` does. Needs root, Linux 6.7, and Debian's
packages mmdebstrap and qemu-user-static. `make wheel-check-arm64` calls this.
"""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

from circletime.media import livekit
from circletime.media.rules import Rights
from deploy import try_wheel
from tests.recorder import studio as real
from tests.recorder.studio import Member, Vault
from tests.recorder.test_recorder import only_track, pictures_of, pitch_of, sound_of

DEBIAN = ("bookworm", "http://deb.debian.org/debian")
PACKAGES = "base-files base-passwd bash dash coreutils libc-bin libstdc++6 tzdata ca-certificates pipx"
"""What every Debian has, as far as it is needed here, and pipx, which brings Python."""
QEMU = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
USER = 20000
PATIENCE = 1800
"""Seconds for what may take long where every instruction is emulated."""
PREPARE = """
set -e
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
cat "$2" > /proc/sys/fs/binfmt_misc/register
for each in proc sys dev; do mount --rbind /$each "$1/$each"; done
mount -t tmpfs tmpfs "$1/tmp"
mkdir -p "$1$3"
mount --bind "$3" "$1$3"
echo ready
exec chroot "$1" /bin/sleep infinity
"""
"""What the namespace is before anybody comes: its root, qemu, and the user's folder."""


def debian(root: Path) -> None:
    """Debian's packages for arm64, unpacked: none of them needs to have been set up."""
    command = ["mmdebstrap", "--quiet", "--variant=extract", "--architectures=arm64", "--format=directory"]
    subprocess.run([*command, f"--include={PACKAGES}", DEBIAN[0], root, DEBIAN[1]], check=True)
    for name in ("passwd", "group"):
        text = (root / "usr/share/base-passwd" / f"{name}.master").read_text()
        entry = f"office:x:{USER}:" + (f"{USER}::/home/office:/bin/sh\n" if name == "passwd" else "\n")
        (root / "etc" / name).write_text(text + entry)
    for given in ("etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt"):
        shutil.copy(Path("/") / given, root / given)


@dataclass(frozen=True)
class Machine:
    """A namespace in which programs for arm64 run, and the folder it shares with this machine."""

    process: int
    home: Path

    def program(self, command: str, *, user: int = USER) -> Path:
        """A program of this machine that runs that one inside, in the same folder if that is shared."""
        into = ["/usr/bin/nsenter", f"--target={self.process}", "--user", "--mount", "--root"]
        into += [f"--setuid={user}", f"--setgid={user}"]
        place = self.home / "programs" / Path(command).name
        place.parent.mkdir(exist_ok=True)
        folder = f'case "$PWD" in {self.home}/*) ;; *) cd {self.home} ;; esac'
        place.write_text(f'#!/bin/sh\n{folder}\nexec {shlex.join(into)} --wdns="$PWD" {command} "$@"\n')
        place.chmod(0o755)
        return place


@contextmanager
def machine(root: Path, home: Path) -> Iterator[Machine]:
    """Such a namespace, while the block runs."""
    # Numbers of users and groups are the same inside, which only somebody outside may say.
    mapped = 'read mapped; exec unshare --mount sh -c "$0" "$@"'
    command = ["unshare", "--user", "sh", "-c", mapped, PREPARE, "sh", str(root), str(QEMU), str(home)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin is not None and process.stdout is not None
        here = os.readlink("/proc/self/ns/user")
        while process.poll() is None and os.readlink(f"/proc/{process.pid}/ns/user") == here:
            time.sleep(0.05)
        for kind in ("uid", "gid"):
            Path(f"/proc/{process.pid}/{kind}_map").write_text("0 0 65536")
        process.stdin.write(b"mapped\n")
        process.stdin.flush()
        if process.stdout.readline() != b"ready\n":
            raise SystemExit("There is no namespace in which arm64 is emulated: it takes root and Linux 6.7.")
        yield Machine(process.pid, home)
    finally:
        process.kill()
        process.wait()


def install(there: Machine, wheel: Path) -> Path:
    """What somebody types who has the wheel in their folder; answers the program."""
    shutil.copy(wheel, there.home)
    env = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    env |= {"HOME": str(there.home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    env["PIP_NO_COMPILE"] = "1"  # emulated, it would take as long as all else
    subprocess.run([there.program("pipx"), "install", wheel.name], cwd=there.home, env=env, check=True)
    return there.program(f"{there.home}/.local/bin/circletime")


@contextmanager
def school(program: Path, home: Path, folder: Path, env: dict[str, str]) -> Iterator[None]:
    """A school with its first account, served until the block ends."""
    said = home / "served.txt"
    head = ["Larkfield Primary School", "--name", "Mrs Addo", "--email", "head@larkfield.example"]
    begun = subprocess.run(
        [program, "school", "begin", *head], cwd=folder, env=env, capture_output=True, text=True
    )
    if begun.returncode != 0 or "http" not in begun.stdout:
        raise SystemExit(f"No school was begun:\n{begun.stdout}{begun.stderr}")
    with said.open("wb") as out:
        process = subprocess.Popen([program, "serve"], cwd=folder, env=env, stdout=out, stderr=out)
    try:
        until = time.monotonic() + PATIENCE
        while "All parts are running" not in said.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"The school is not served:\n{said.read_text()}")
            time.sleep(0.2)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            ended = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise SystemExit(f"It did not stop:\n{said.read_text()}") from None
    if ended != 0:
        raise SystemExit(f"It ended with {ended}:\n{said.read_text()}")


def use(there: Machine, program: Path) -> None:
    """Its version, a school of one's own, and the demo."""
    folder, env = try_wheel.bare(there.home)
    env["CIRCLETIME_VAR"] = str(there.home / "school")
    told = subprocess.run([program, "--version"], cwd=folder, env=env, capture_output=True, text=True)
    if not told.stdout.startswith("Circletime "):
        raise SystemExit(f"Its version:\n{told.stdout}{told.stderr}")
    began = time.monotonic()
    with school(program, there.home, folder, env):
        took = time.monotonic() - began
        port = int(env["PORT"])
        if "Circletime" not in try_wheel.read(f"http://localhost:{port}/accounts/login/"):
            raise SystemExit("The sign-in page is another one.")
        try_wheel.read(f"http://localhost:{port + 1}/")  # the media server
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(there.home / "school" / "run" / "recorder.sock"))
        began = time.monotonic()
    ended = time.monotonic() - began
    print(f"{told.stdout.strip()}: a school served after {took:.0f} s, stopped in {ended:.0f} s", flush=True)
    for name in ("config.py", "circletime.py"):
        (folder / name).unlink()
    folder.rmdir()
    took = try_wheel.use(program, there.home, PATIENCE)
    print(f"the demo ran after {took:.0f} s, and its doctor has nothing to say", flush=True)


def meet(there: Machine, programs: str) -> None:
    """Two people who send from this machine see and hear each other through that one's media server, and its
    recorder writes all of it."""
    real.build("crowd")
    for name in ("livekit-server", "recorder"):
        there.program(f"{programs}/{name}", user=0)
    sends = Rights(camera=True, microphone=True, screen=False, subscribe=True)
    who = {"amara": ("red", 400, 0), "ben": ("green", 700, 1)}
    kept = Vault(there.home / "kept", "kept", os.urandom(32))
    members = []
    for name, (colour, pitch, _) in who.items():
        film = real.film(there.home / f"{name}.ivf", f"color=c={colour}", 12)
        voice = real.voice(there.home / f"{name}.ogg", f"sine=f={pitch}:r=48000", 12)
        members.append(Member(name, film, voice, rights=sends))
    wanted = {(one, other, kind) for one, other in permutations(who, 2) for kind in ("video", "audio")}
    with real.studio(programs=there.home / "programs", place=str(there.home)) as studio:
        livekit.create_room("room")
        studio.record(kept.recording, kept.folder, kept.key)
        with studio.crowd(*members) as crowd:
            real.wait_for(lambda: wanted <= set(crowd.received), 120, "they see and hear each other")
            real.wait_for(lambda: len(kept.tracks()) == 4, 120, "both are recorded")
            time.sleep(6)
            studio.client.stop(kept.recording)
    for name, (_, pitch, strongest) in who.items():
        pictures = pictures_of(kept, only_track(kept, name, "video"))
        _, sound = sound_of(kept, only_track(kept, name, "audio"))
        shown = int(sum(pictures.colours).argmax())
        heard = pitch_of(sound)
        if shown != strongest or abs(heard - pitch) > 10 or len(pictures.times) < 30:
            raise SystemExit(f"{name} was recorded in colour {shown} at {heard:.0f} Hz: {pictures.times}")


def built(home: Path) -> str:
    """The folder in which the wheel's own programs were laid."""
    (found,) = home.glob(".local/**/circletime/built/var/bin/livekit-server")
    return str(found.parent)


def main() -> None:
    """`python -m deploy.try_arm64 WHEEL`."""
    (name,) = sys.argv[1:]
    wheel = Path(name).resolve()
    with tempfile.TemporaryDirectory(prefix="ct-arm64-", dir="/tmp") as made:
        root, home = Path(made) / "root", Path(made) / "home"
        home.mkdir()
        os.chown(home, USER, USER)
        Path(made).chmod(0o755)
        debian(root)
        with machine(root, home) as there:
            began = time.monotonic()
            program = install(there, wheel)
            print(f"pipx: installed in {time.monotonic() - began:.0f} s", flush=True)
            use(there, program)
            began = time.monotonic()
            meet(there, built(home))
            print(f"two people met and were recorded: {time.monotonic() - began:.0f} s", flush=True)
    print("4 passed, 0 failed")


if __name__ == "__main__":
    main()
