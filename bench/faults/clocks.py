"""Clocks that are set or differ, and a worker that is not there when a meeting reaches its limit.

The clock of the app, the worker and the supervisor is set by libfaketime, as those processes see it; a
machine whose clock is really set would take every other program with it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.faults import scene
from bench.faults.scene import Fault, Scene
from tests import harness, postgres
from tests.harness import ROOT, Installation, wait_for

STEP = 45
SKEW = 30
TURNS = 6


SLEEPS = """# libfaketime does not know how Python sleeps since 3.11, and lets it fail.
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""


def _faked(folder: Path) -> dict[str, str]:
    """What a program of ours is started with, so that its clock is ahead by what the file `clock` says."""
    file, own = folder / "clock", folder / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text(SLEEPS)
    file.write_text("+0s\n")
    return {
        "LD_PRELOAD": str(next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "PYTHONPATH": str(own),
    }


@contextmanager
def set_while_running(playwright: Any, folder: Path) -> Iterator[Scene]:
    """SQLite; the clock of what is ours follows the file `clock`."""
    with (
        harness.installation(folder / "school", classes=1, server="", settings=_faked(folder)) as at,
        scene.meeting(playwright, folder, at) as there,
    ):
        yield there


def _come_with_the_limit(there: Scene) -> None:
    """Who is let in to the media server is let in for as long as the meeting lasts. So everybody comes again
    once the limit is moved; a meeting's own limit stands before anybody comes."""
    there.shorten(75)
    for one in there.people.values():
        one.page.reload()


def _set(seconds: int) -> Any:
    def do(there: Scene) -> None:
        there.wait(max(0.0, there.limit - 15 - time.time()))
        Path(there.at.env["FAKETIME_TIMESTAMP_FILE"]).write_text(f"{seconds:+d}s\n")

    return do


def _absent(there: Scene) -> None:
    """Nobody starts the worker again as long as the supervisor stands still as well."""
    assert there.at.process is not None
    there.shorten(6)
    os.kill(there.at.process.pid, signal.SIGSTOP)
    try:
        there.at.kill("worker")
        there.wait(15)
    finally:
        os.kill(there.at.process.pid, signal.SIGCONT)


@contextmanager
def _two_workers(playwright: Any, folder: Path, ahead: int) -> Iterator[Scene]:
    with postgres.running(*postgres.SCHOOL) as server:
        with (
            harness.installation(folder / "school", classes=1, server=server.address) as at,
            _another_worker(at, folder / "beside", ahead),
            scene.meeting(playwright, folder, at) as there,
        ):
            yield there


@contextmanager
def worker_ahead(playwright: Any, folder: Path) -> Iterator[Scene]:
    """Two workers, one of them on a machine whose clock is ahead."""
    with _two_workers(playwright, folder, SKEW) as there:
        yield there


@contextmanager
def worker_behind(playwright: Any, folder: Path) -> Iterator[Scene]:
    """The same, behind."""
    with _two_workers(playwright, folder, -SKEW) as there:
        yield there


@contextmanager
def _another_worker(at: Installation, own: Path, ahead: int) -> Iterator[None]:
    (own / "run").mkdir(parents=True)
    (own / "run" / "recorder.sock").symlink_to(at.var / "run" / "recorder.sock")
    env = (
        at.env
        | _faked(own)
        | {
            "CIRCLETIME_VAR": str(own),
            "CIRCLETIME_KEYS": str(at.var / "keys"),
            "CIRCLETIME_VAULT": str(at.var / "vault"),
            "CIRCLETIME_URL": at.url,
        }
    )
    Path(env["FAKETIME_TIMESTAMP_FILE"]).write_text(f"{ahead:+d}s\n")
    command = [sys.executable, "-m", "circletime.pages.cli", "serve", "worker"]
    with (own / "out").open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        wait_for((own / "run" / "worker-1.alive").exists, 60, "the other worker works")
        yield
    finally:
        process.terminate()
        process.wait(20)


def _turns_until_the_limit(there: Scene) -> None:
    there.shorten(25)
    for number in range(TURNS):
        scene.give_turn(there, ("Ben", "Amara")[number % 2])
        there.wait(2)


FORWARD = Fault(
    "set-forward",
    f"clock set forward by {STEP} s, 15 s before the limit",
    _set(STEP),
    before=_come_with_the_limit,
    ends=True,
    skew=STEP,
)
BACK = Fault(
    "set-back",
    f"clock set back by {STEP} s, 15 s before the limit",
    _set(-STEP),
    before=_come_with_the_limit,
    ends=True,
    skew=-STEP,
)
ABSENT = Fault("absent", "no worker over the meeting's limit, and nobody to start one", _absent, ends=True)
AHEAD = Fault(
    "ahead",
    f"two workers, one {SKEW} s ahead; {TURNS} turns, then the limit",
    _turns_until_the_limit,
    ends=True,
)
BEHIND = Fault(
    "behind",
    f"two workers, one {SKEW} s behind; {TURNS} turns, then the limit",
    _turns_until_the_limit,
    ends=True,
)
