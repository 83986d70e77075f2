"""`circletime upgrade`: what is installed now takes over from what runs, while meetings go on."""

import argparse
import os
import signal
import sys
import time

from circletime.pages.tables import make_tables, too_old

ANSWERS_WITHIN = 15.0
"""Seconds. A program that runs says by then that it was asked."""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command, and what the running program asks the newer version."""
    one = commands.add_parser("upgrade", help="what is installed now takes over; meetings go on")
    one.add_argument("parts", nargs="*", help="as they were given to serve")
    one.set_defaults(run=upgrade)
    one = commands.add_parser("prepare")
    one.add_argument("parts", nargs="*")
    one.add_argument("--running", required=True)
    one.set_defaults(run=prepare)


def upgrade(wanted: argparse.Namespace) -> int:
    """Ask the running program to hand over, and tell how it goes. The status is 0 when the newer one runs."""
    from circletime.media.progress import DONE, follow
    from circletime.pages import cli_serve, parts

    names = wanted.parts or list(parts.NAMES)
    pid = cli_serve.pid_of(names)
    if pid is None:
        print("Circletime does not run here. Start it, and what is installed runs.", file=sys.stderr)
        return 1
    path = cli_serve.progress_of(names)
    path.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR2)
    asked = time.monotonic()

    def goes_on() -> bool:
        answered = path.exists() or time.monotonic() - asked < ANSWERS_WITHIN
        return answered and cli_serve.pid_of(names) == pid

    for says, end in follow(path, goes_on):
        print(says, flush=True, file=sys.stderr if end not in ("", DONE) else sys.stdout)
        if end:
            return 0 if end == DONE else 1
    print("Circletime did not answer, or stopped meanwhile. Look into its log.", file=sys.stderr)
    return 1


def prepare(wanted: argparse.Namespace) -> int:
    """Asked by an older version that runs: make the tables, and say how the parts are started.

    What stands in the way is the last line of what is told.
    """
    from django.db import Error

    from circletime import VERSION
    from circletime.health.checks.every import before_upgrade
    from circletime.media.handover import Plan
    from circletime.pages import parts

    trouble = before_upgrade(wanted.parts)
    try:
        trouble = trouble or list(filter(None, [too_old(wanted.running)]))
        if not trouble:
            make_tables()
    except Error as wrong:
        trouble = [f"Its tables cannot be made: {str(wrong).partition(chr(10))[0]}."]
    if trouble:
        print(" ".join(trouble), file=sys.stderr)
        return 1
    told = {part.name: (part.argv, part.listen) for part in parts.build(wanted.parts) if part.told}
    print(Plan(VERSION, told).pack())
    return 0
