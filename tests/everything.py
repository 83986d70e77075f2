"""The whole suite: the recorder's Go tests and the room client's, then pytest, whose closing line ends it.

Most of it shares the machine: three lanes, browsers as well, since they wait more than they work, and beside
them, one after the other, what is not in a lane. What measures seconds to the tenth has the machine to itself
at the end.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALONE = ("tests/e2e/test_class_meets.py", "tests/e2e/test_killed.py")
POSTGRES = (
    "tests/grown",
    "tests/actions",
    "tests/audit",
    "tests/notices/test_sending.py",
    "tests/recordings/test_certificates.py",
    "tests/web/test_join_forms.py",
    "--ignore=tests/actions/test_machine.py",
)
"""What is run there as well: whatever locks, waits, guards or counts."""


@dataclass(frozen=True)
class Part:
    """A program that tests. `lanes` is what it is told to share its work out, and `again` what it is told to
    run only what has failed."""

    name: str
    command: tuple[str, ...]
    folder: Path = ROOT
    lanes: tuple[str, ...] = ()
    again: str = ""


def _pytest(name: str, program: str, *where: str, lanes: int = 0) -> Part:
    # Parts that run at the same time do not write into each other's notes of what failed.
    notes = ("-o", f"cache_dir=.pytest_cache/{program}")
    shared = (
        "-p",
        "tests.lanes",
        "-n",
        str(lanes),
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
        "--reuse-db",
    )
    command = (sys.executable, "-m", program, *where, *notes)
    return Part(name, command, lanes=shared if lanes else (), again="--last-failed")


MOST = _pytest("In lanes (pytest)", "pytest", "tests", *(f"--ignore={one}" for one in ALONE), lanes=3)
BESIDE = (
    Part("Recorder (Go)", ("python3", "media/build.py", "test")),
    Part("Room client (Vitest)", ("npm", "test", "--silent"), ROOT / "room"),
    _pytest("On PostgreSQL (pytest)", "tests.postgres", *POSTGRES, lanes=1),
)
LAST = _pytest("Alone (pytest)", "pytest", *ALONE)


def main() -> int:
    """Run everything; the exit status is 0 only when all of it passed."""
    with ThreadPoolExecutor(1) as other:
        beside = [other.submit(_run_quietly, part) for part in BESIDE]
        status = {MOST: _run(MOST)}
        for part, done in zip(BESIDE, beside, strict=True):
            status[part], said = done.result()
            print(f"== {part.name}\n{said}", flush=True)
    status[LAST] = _run(LAST)
    failed = [part.name for part, how in status.items() if how and not _passes_now(part, how)]
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def _run(part: Part) -> int:
    print(f"== {part.name}", flush=True)
    return subprocess.run([*part.command, *part.lanes], cwd=part.folder, check=False).returncode


def _run_quietly(part: Part) -> tuple[int, str]:
    """Its exit status, and what it said."""
    out, both = subprocess.PIPE, subprocess.STDOUT
    done = subprocess.run([*part.command, *part.lanes], cwd=part.folder, stdout=out, stderr=both, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def _passes_now(part: Part, status: int) -> bool:
    # Real servers and browsers on two shared cores: what only ran late gets one more chance, alone.
    if status != 1 or not part.again:
        return False
    print(f"== {part.name}: once more, what failed", flush=True)
    return subprocess.run([*part.command, part.again], cwd=part.folder, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
