"""Installs a wheel as a school would, on a machine that has no Go, no Node and no compiler, and uses it.

For each of pip, pipx and uv: the demo starts, the sign-in page and the room client answer, the doctor has
nothing to say, and Ctrl-C ends it. Before that the wheel is built again from a fresh clone of the last
commit, in another folder, and has to be the same to the last byte. After them a wheel of the next version is
made, installed beside this one as docs/installing.md says, and takes over from it while it runs. `make
wheel-check` calls this with the wheel for this machine.
"""

import filecmp
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIPX = "pipx==1.18.4"
PATIENCE = 300
"""Seconds in which the demo has to run, and to stop, on a machine that does other things as well."""


def with_pip(wheel: Path, home: Path, uv: str) -> Path:
    """A virtual environment and pip."""
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    pip = home / "venv" / "bin" / "pip"
    subprocess.run([pip, "--disable-pip-version-check", "install", "--quiet", wheel], check=True)
    return home / "venv" / "bin" / "circletime"


def with_pipx(wheel: Path, home: Path, uv: str) -> Path:
    """pipx, which is run without being installed."""
    env = os.environ | {"PIPX_HOME": str(home / "pipx"), "PIPX_BIN_DIR": str(home / "bin")}
    subprocess.run([uv, "tool", "run", "--quiet", PIPX, "install", "--quiet", wheel], env=env, check=True)
    return home / "bin" / "circletime"


def with_uv(wheel: Path, home: Path, uv: str) -> Path:
    """uv tool."""
    env = os.environ | {"UV_TOOL_DIR": str(home / "tools"), "UV_TOOL_BIN_DIR": str(home / "bin")}
    command = [uv, "tool", "install", "--quiet", "--no-config", "--python", sys.executable, str(wheel)]
    subprocess.run(command, cwd=home, env=env, check=True)
    return home / "bin" / "circletime"


WAYS: dict[str, Callable[[Path, Path, str], Path]] = {"pip": with_pip, "pipx": with_pipx, "uv": with_uv}


def free_port() -> int:
    """The first of four in a row that nobody has."""
    for base in range(23000 + os.getpid() % 900 * 10, 60000, 10):
        try:
            for port in range(base, base + 4):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise SystemExit("No ports are free.")


@contextmanager
def demo(program: Path, folder: Path, env: dict[str, str]) -> Iterator[None]:
    """The demo, running until the block ends. It has to end by itself then."""
    said = folder / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [program, "demo"], cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        until = time.monotonic() + PATIENCE
        while "Press Ctrl-C" not in said.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"The demo did not start:\n{said.read_text()}")
            time.sleep(0.2)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            ended = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()  # its parts end with it
            raise SystemExit(f"The demo did not stop:\n{said.read_text()}") from None
    if ended not in (0, 130):
        raise SystemExit(f"The demo ended with {ended}:\n{said.read_text()}")


def read(url: str) -> str:
    """What stands at an address; raises unless it is there."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def bare(home: Path) -> tuple[Path, dict[str, str]]:
    """A folder to start in, and a machine's bare minimum as environment."""
    folder = home / "somewhere"
    folder.mkdir()
    # Names that this program has modules of, in the folder it happens to be started in.
    for name in ("config", "circletime"):
        (folder / f"{name}.py").write_text("raise SystemExit('this is not the program')")
    nothing = str(home / "nothing")
    return folder, {"HOME": str(home), "PATH": nothing, "PORT": str(free_port()), "LANG": "C.UTF-8"}


def use(program: Path, home: Path) -> float:
    """The demo and the doctor, with nothing but the machine's bare minimum; answers seconds to the start."""
    folder, env = bare(home)
    port = env["PORT"]
    began = time.monotonic()
    with demo(program, folder, env):
        took = time.monotonic() - began
        page = read(f"http://localhost:{port}/accounts/login/")
        if "Circletime" not in page:
            raise SystemExit("The sign-in page is another one.")
        for asset in {"/static/room/room.js", *re.findall(r'(?:src|href)="(/static/[^"]+)"', page)}:
            read(f"http://localhost:{port}{asset}")
        facts = json.loads((home / ".local" / "share" / "circletime" / "demo.json").read_text())
        family = read(f"http://localhost:{port}{facts['family_link_path']}")
        if "<form" not in family:
            raise SystemExit("A family's own page is another one.")
        doctor = subprocess.run([program, "doctor"], cwd=folder, env=env, capture_output=True, text=True)
        if doctor.returncode != 0:
            raise SystemExit(f"The doctor says:\n{doctor.stdout}{doctor.stderr}")
    return took


@contextmanager
def again(uv: str, wheel: Path, version: str = "") -> Iterator[Path]:
    """The wheel, built from a clone that knows nothing of this one but Go's own cache of compiled packages;
    as another version, where one is named."""
    machine = wheel.stem.rpartition("manylinux_2_17_")[2]
    with tempfile.TemporaryDirectory(prefix="circletime-again-") as made:
        clone = Path(made) / "elsewhere"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        if version:
            for path in (clone / "pyproject.toml", clone / "circletime" / "__init__.py"):
                text = re.sub(
                    r'^(version|VERSION) = ".*"', rf'\1 = "{version}"', path.read_text(), flags=re.M
                )
                path.write_text(text)
            subprocess.run([uv, "lock", "--quiet"], cwd=clone, check=True)
        for command in (["npm", "install", "--silent", "--no-save"], ["npm", "run", "--silent", "build"]):
            subprocess.run(command, cwd=clone / "room", check=True)
        env = os.environ | {"CIRCLETIME_CACHE": f"{made}/cache"}
        command = [sys.executable, "-m", "deploy.wheel", uv, machine]
        subprocess.run(command, cwd=clone, env=env, check=True)
        (built,) = (clone / "var" / "wheel").glob("circletime-*.whl")
        yield built


def same_again(uv: str, wheel: Path) -> None:
    """Built from the last commit it has to be this very wheel."""
    with again(uv, wheel) as built:
        if built.name != wheel.name or not filecmp.cmp(wheel, built, shallow=False):
            raise SystemExit(
                "Built again from the last commit, the wheel is another one. Commit, then make wheel."
            )
    print("built again elsewhere: the same to the last byte", flush=True)


NEXT = "9.9.9"


def upgrade(uv: str, wheel: Path, home: Path) -> float:
    """Each version in a folder of its own, and a link to the one that runs; answers how many seconds the
    newer one took to take over."""
    link = home / "circletime"
    folder, env = bare(home)
    with again(uv, wheel, NEXT) as newer:
        for name, one in (("now", wheel), ("next", newer)):
            with_pip(one, home / name, uv)
    link.symlink_to("now/venv")
    with demo(link / "bin" / "circletime", folder, env):
        link.unlink()
        link.symlink_to("next/venv")
        began = time.monotonic()
        command = [str(link / "bin" / "circletime"), "upgrade"]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
        took = time.monotonic() - began
        runs = json.loads(read(f"http://localhost:{env['PORT']}/readyz"))["version"]
        if done.returncode != 0 or runs != NEXT:
            raise SystemExit(f"{runs} runs. The upgrade said:\n{done.stdout}{done.stderr}")
        read(f"http://localhost:{env['PORT']}/accounts/login/")
    return took


def main() -> None:
    """`python -m deploy.try_wheel UV WHEEL [WAY…]`: built again and installed in all ways, or in some."""
    given, wheel, *ways = sys.argv[1:]
    uv = str(Path(shutil.which(given) or given).absolute())
    if not ways:
        same_again(uv, Path(wheel).resolve())
    for way in ways or WAYS:
        home = Path(tempfile.mkdtemp(prefix=f"circletime-{way}-"))
        try:
            began = time.monotonic()
            program = WAYS[way](Path(wheel).resolve(), home, uv)
            installed = time.monotonic() - began
            started = use(program, home)
            print(f"{way}: installed in {installed:.0f} s, the demo ran after {started:.0f} s", flush=True)
        finally:
            shutil.rmtree(home, ignore_errors=True)
    if not ways:
        with tempfile.TemporaryDirectory(prefix="circletime-upgrade-") as name:
            took = upgrade(uv, Path(wheel).resolve(), Path(name))
            print(f"upgrade: the next version took over in {took:.0f} s, while the demo ran", flush=True)
    print(f"{len(ways or WAYS) + (not ways)} passed, 0 failed")


if __name__ == "__main__":
    main()
