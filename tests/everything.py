"""The whole suite: the recorder's Go tests, the room client's, then pytest, whose closing line ends it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STEPS = (
    ("Recorder (Go)", ["python3", "media/build.py", "test"], ROOT),
    ("Room client (Vitest)", ["npm", "test", "--silent"], ROOT / "room"),
)
LANES = ("-p", "tests.lanes", "-n", "2", "--no-loadscope-reorder")


def main() -> int:
    """Run everything; the exit status is 0 only when all of it passed."""
    failed = []
    for name, command, folder in STEPS:
        print(f"== {name}", flush=True)
        if subprocess.run(command, cwd=folder, check=False).returncode != 0:
            failed.append(name)
    print("== Everything else (pytest)", flush=True)
    pytest = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    status = subprocess.run([*pytest, *LANES], cwd=ROOT, check=False).returncode
    if status == 1:
        # Five browsers on two shared cores: a test that only ran late gets one more chance, and it is said.
        print("== Once more, what failed", flush=True)
        status = subprocess.run([*pytest, "--last-failed"], cwd=ROOT, check=False).returncode
    if failed:
        print(f"Failed before pytest: {', '.join(failed)}")
    return status or (1 if failed else 0)


if __name__ == "__main__":
    sys.exit(main())
