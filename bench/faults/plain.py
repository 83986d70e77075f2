"""The installation of one machine, as a school starts it: kill -9 and SIGSTOP of each part in turn."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bench.faults import scene
from bench.faults.scene import Fault, Scene
from tests import harness

STOPPED_FOR = 15.0
WORDS = {"app": "the app", "worker": "the worker", "recorder": "the recorder", "media": "the media server"}


@contextmanager
def school(playwright: Any, folder: Path) -> Iterator[Scene]:
    """SQLite, one of each part."""
    with (
        harness.installation(folder / "school", classes=1, server="") as at,
        scene.meeting(playwright, folder, at) as there,
    ):
        yield there


def killed(part: str) -> Callable[[Scene], None]:
    """kill -9 of this part."""

    def do(there: Scene) -> None:
        there.old = there.at.kill(part)

    return do


def _stopped(part: str) -> Callable[[Scene], None]:
    def do(there: Scene) -> None:
        there.old = there.at.pid(part)
        os.kill(there.old, signal.SIGSTOP)
        there.wait(STOPPED_FOR)
        with suppress(ProcessLookupError):  # it was replaced meanwhile
            os.kill(there.old, signal.SIGCONT)

    return do


def replaced(part: str) -> Callable[[Scene], bool]:
    """Another process is there for it."""
    return lambda there: there.at.pid(part) != there.old


KILLED = [
    Fault(f"killed-{part}", f"kill -9 of {words}", killed(part), replaced(part))
    for part, words in WORDS.items()
]
STOPPED = [
    Fault(f"stopped-{part}", f"SIGSTOP of {words} for {STOPPED_FOR:.0f} s", _stopped(part))
    for part, words in WORDS.items()
]
