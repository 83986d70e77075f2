"""Running the parts of one installation: alone in its folder, following an older version or not."""

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from circletime import VERSION
from circletime.core import measure
from circletime.health.checks.every import before_start
from circletime.media.handover import handed_over, own_command
from circletime.media.part import Upgrade
from circletime.media.supervisor import Supervisor
from circletime.meetings.models import Meeting
from circletime.meetings.rules import JOINABLE
from circletime.pages import parts
from circletime.policy.limits import FROZEN_FOR, MEETING_WITH_STAFF


def run(
    names: list[str], prepare: Callable[[], None], say: Callable[[str], None], ready: Callable[[], None]
) -> int:
    """Run the named parts until Ctrl-C; `prepare` comes first, unless an older version hands its parts over.

    `ready` is called when all of them run. Answers the status to exit with.
    """
    handed = handed_over()
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # until it is listened for
    if handed is None:
        trouble = before_start(names)
        lock = None if trouble else _hold(names)
        if lock is None:
            trouble = trouble or [f"Circletime runs in {settings.VAR} already."]
            print("\n".join(trouble), file=sys.stderr)
            return 1
        prepare()
    else:
        lock = handed.lock
    if "app" in names:
        # The processes that serve pages write what they measure into one folder; others leave it alone.
        measure.begin(settings.VAR / "run" / "figures", anew=handed is None)
    parts.set_up(names)
    command, arguments = own_command()
    upgrade = Upgrade(
        version=VERSION,
        command=command,
        arguments=arguments,
        names=names,
        # No meeting goes on for longer, so nobody is in a room then who came before.
        leaving_for=(MEETING_WITH_STAFF + FROZEN_FOR).total_seconds(),
        idle=_is_idle,
        progress=progress_of(names),
        lock=lock,
    )
    supervisor = Supervisor(parts.build(names), Path(settings.VAR / "log"), say, upgrade, handed)
    asyncio.run(supervisor.run(ready if handed is None else lambda: say("All parts are running.")))
    return 0


def pid_of(names: list[str]) -> int | None:
    """The process that runs the named parts in this folder; None when none does."""
    try:
        number = os.open(_pid_file(names), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.read(number, 20) or b"0") or None
    finally:
        os.close(number)
    return None


def progress_of(names: list[str]) -> Path:
    """Where it is told how far an upgrade of the named parts is."""
    return _pid_file(names).with_suffix(".upgrade")


def _pid_file(names: list[str]) -> Path:
    every = set(names) == set(parts.NAMES)
    return Path(settings.VAR) / "run" / ("serve.pid" if every else f"serve-{'-'.join(sorted(names))}.pid")


def _hold(names: list[str]) -> int | None:
    """Say who runs the named parts here, for as long as this program and the newer ones after it run."""
    number = os.open(_pid_file(names), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        return None
    os.ftruncate(number, 0)
    os.write(number, str(os.getpid()).encode())
    return number


def _is_idle() -> bool:
    try:
        return not Meeting.objects.filter(state__in=JOINABLE).exists()
    except DatabaseError:
        return False  # nobody knows
    finally:
        close_old_connections()
