"""Code inside the installation's Django, in one process for all: starting one takes seconds."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.harness import ROOT, Installation

SHELL = """
import contextlib, io, json, sys
import django
django.setup()
from django.db import connections
for line in sys.stdin:
    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told):
            exec(json.loads(line), {})
        print(json.dumps([True, told.getvalue().strip()]), flush=True)
    except Exception as trouble:
        connections.close_all()
        print(json.dumps([False, repr(trouble)]), flush=True)
"""
MEETING = """
from contextlib import suppress
from datetime import timedelta
from circletime.core import time
from circletime.core.errors import Refused
from circletime.meetings.actions import lifecycle
from circletime.meetings.actions.schedule import schedule
from circletime.meetings.models import Meeting
from circletime.meetings.rules import Kind, Purpose
last = Meeting.objects.latest("pk")
if last.state not in ("open", "live"):
    now = time.now()
    last = schedule(kind=Kind.CLASS, purpose=Purpose.CIRCLE, starts_at=now + timedelta(seconds=5), minutes=20,
                    by=last.host, now=now, school_class=last.school_class)
    with suppress(Refused):  # the worker was there first
        lifecycle.open_waiting_room(meeting=last, by="system:bench", now=now)
print(last.public_id)
"""
"""The public id of a meeting that can be gone into now: the last one, or another after it."""


class Inside:
    """A shell that is asked with code, and answers what the code prints."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, code: str) -> str:
        """What the code prints. Raises `RuntimeError` where it fails twice."""
        trouble = ""
        for _ in range(2):  # a connection that broke is known by the first try
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(code) + "\n")
            self._process.stdin.flush()
            fine, trouble = json.loads(self._process.stdout.readline())
            if fine:
                return str(trouble)
        raise RuntimeError(trouble)

    def ask(self, code: str) -> Any:
        """The same, of code that prints JSON."""
        return json.loads(self(code))


@contextmanager
def inside(at: Installation) -> Iterator[Inside]:
    """The shell, for as long as the block runs."""
    with subprocess.Popen(
        [sys.executable, "-c", SHELL],
        cwd=ROOT,
        env=at.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as shell:
        try:
            yield Inside(shell)
        finally:
            shell.kill()
