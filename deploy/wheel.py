"""Builds the wheels: one for each kind of machine, with everything in it that a school's machine needs.

Built twice from one commit by one version of Go, a wheel is the same to the last byte. Called by
`make wheel`.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from deploy import notices, sbom

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "var" / "wheel"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
"""What Python calls a kind of machine, and what Go calls it."""


ELF_MACHINES = {"x86_64": 0x3E, "aarch64": 0xB7}
"""The kind of machine as it stands in a program's own first lines."""


def check_machine(program: Path, machine: str) -> None:
    """Stop when a program was built for another kind of machine than its wheel is for."""
    with program.open("rb") as file:
        head = file.read(20)
    if head[:4] != b"\x7fELF" or int.from_bytes(head[18:20], "little") != ELF_MACHINES[machine]:
        raise SystemExit(f"{program} is no program for {machine}.")


def committed_at() -> str:
    """When the last commit was made, in seconds since 1970: the time that every file in a wheel bears."""
    return os.environ.get("SOURCE_DATE_EPOCH") or _said("git", "log", "-1", "--format=%ct")


def build(machine: str, uv: str) -> Path:
    """The wheel for one kind of machine."""
    env = os.environ | {
        "GOOS": "linux",
        "GOARCH": MACHINES[machine],
        "CIRCLETIME_BIN": str(OUT / machine),
        "CIRCLETIME_WHEEL_FOR": machine,
        "SOURCE_DATE_EPOCH": committed_at(),
    }
    subprocess.run([sys.executable, "media/build.py", "all"], cwd=ROOT, env=env, check=True)
    for program in ("livekit-server", "recorder"):
        check_machine(OUT / machine / program, machine)
    sbom.write(uv, OUT / machine, OUT / machine / "sbom")
    notices.write(OUT / machine / "sbom", OUT / machine / "NOTICES.txt")
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", OUT], cwd=ROOT, env=env, check=True)
    (wheel,) = OUT.glob(f"circletime-{_said(uv, 'version', '--short')}-*_{machine}.whl")
    return wheel


def _said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """`python -m deploy.wheel UV [MACHINE…]`: where uv is, and for which machines; for all unless told."""
    uv, *machines = sys.argv[1:]
    # What a wheel needs, with hashes, as the image installs it.
    OUT.mkdir(parents=True, exist_ok=True)
    locked = [uv, "export", "--quiet", "--frozen", "--no-dev", "--all-extras"]
    locked += ["--no-emit-project", "--no-header"]
    subprocess.run(
        [*locked, "--output-file", OUT / "requirements.txt"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    for machine in machines or MACHINES:
        wheel = build(machine, uv)
        print(f"{hashlib.sha256(wheel.read_bytes()).hexdigest()}  {wheel.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    main()
