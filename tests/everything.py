"""The whole suite: the recorder's Go tests and the room client's, then pytest, whose closing line ends it.

Most of it shares the machine in lanes, browsers as well: they wait more than they work. What measures seconds
to the tenth has the machine to itself at the end.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALONE = ("tests/e2e/test_class_meets.py", "tests/e2e/test_killed.py")
PYTEST = (sys.executable, "-m", "pytest")
LANES = ("-p", "tests.lanes", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder", "--reuse-db")
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
PARTS = (
    ("Recorder (Go)", ("python3", "media/build.py", "test"), ROOT),
    ("Room client (Vitest)", ("npm", "test", "--silent"), ROOT / "room"),
    ("In lanes (pytest)", (*PYTEST, "tests", *(f"--ignore={one}" for one in ALONE), *LANES), ROOT),
    ("On PostgreSQL (pytest)", (sys.executable, "-m", "tests.postgres", *POSTGRES, *LANES), ROOT),
    ("Alone (pytest)", (*PYTEST, *ALONE), ROOT),
)


def main() -> int:
    """Run everything; the exit status is 0 only when all of it passed."""
    failed = [name for name, command, folder in PARTS if not _passes(name, command, folder)]
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def _passes(name: str, command: tuple[str, ...], folder: Path) -> bool:
    print(f"== {name}", flush=True)
    status = subprocess.run(command, cwd=folder, check=False).returncode
    if status == 1 and {"pytest", "tests.postgres"} & set(command):
        # Real servers and browsers on two shared cores: what only ran late gets one more chance.
        print(f"== {name}: once more, what failed", flush=True)
        again = tuple(part for part in command if part not in LANES)
        status = subprocess.run([*again, "--last-failed"], cwd=folder, check=False).returncode
    return status == 0


if __name__ == "__main__":
    sys.exit(main())
