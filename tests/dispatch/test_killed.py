"""kill -9 of the sender and of the mail server during a dispatch: no family is missed, and what may have come
twice is counted."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.harness import ROOT, wait_for
from tests.web.post_office import PostOffice, open_office

FAMILIES = 60

BEGIN = """
import django; django.setup()
from datetime import timedelta
from circletime.core import time
from circletime.dispatch.queries.reach import may_go
from circletime.notices import tasks
from circletime.notices.models import Letter
"""

PLAN = """
from circletime.meetings.actions.schedule import schedule
from circletime.meetings.rules import Kind, Purpose
from circletime.people.factory import invent_school
from tests import lanes
lanes.begin()
made = invent_school(now=time.now(), classes=2, pupils=%d)
for number, oak in enumerate(made.classes):
    by = oak.staff.filter(rolegrant__role="teacher").earliest("pk")
    schedule(kind=Kind.CLASS, purpose=Purpose.CIRCLE, starts_at=time.now() + timedelta(hours=30), minutes=20,
             by=by, now=time.now(), school_class=oak)
"""

SEND = """
real = time.now
time.now = lambda: real() + timedelta(minutes=%d)
while Letter.objects.exclude(state="sent").exists():
    tasks.send_due(time.now(), may_go)
"""

ASK = """
from django.db.models import Sum
from circletime.dispatch.models import Delivery
from circletime.dispatch.queries.lists import progress_of
from circletime.dispatch.models import Notice
told = progress_of(Notice.objects.earliest("pk").day)
assert told["reached"] == told["all"], told
assert {one.household_id for one in Delivery.objects.all()} == set(range(1, %d + 1))
print(Letter.objects.count(), told["twice"])
"""


def run(code: str, folder: Path, port: int) -> "subprocess.Popen[str]":
    env = os.environ | {
        "CIRCLETIME_VAR": str(folder),
        "CIRCLETIME_SMTP_HOST": "127.0.0.1",
        "CIRCLETIME_SMTP_PORT": str(port),
        "CIRCLETIME_SMTP_TLS": "off",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "-c", BEGIN + code]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)


def names(office: PostOffice) -> Counter[str]:
    return Counter(came["Message-ID"] for came in office.came)


def test_both_are_killed_in_the_middle(tmp_path: Path) -> None:
    """First the sender, right when a letter was taken; then the server, and its sender with it."""
    with open_office() as office:
        port = office.port
        assert run(PLAN % (FAMILIES // 2), tmp_path, port).wait() == 0
        sender = run(SEND % 0, tmp_path, port)

        def kill() -> None:
            if len(office.came) >= 5:
                sender.kill()
                sender.wait()

        office.when_taken = kill
        assert sender.wait(120) == -signal.SIGKILL
        office.when_taken = None
        second = run(SEND % 6, tmp_path, port)
        wait_for(lambda: len(office.came) >= 20, 120, "more letters came")
    second.kill()
    second.wait()
    with open_office(port=port) as again:
        assert run(SEND % 40, tmp_path, port).wait() == 0
        asked = run(ASK % FAMILIES, tmp_path, port)
        told, _ = asked.communicate()
        came = names(office) + names(again)
    letters, twice = (int(word) for word in told.split())
    assert len(came) == letters, "no family was missed, and every second one has the first one's Message-ID"
    again_ones = sum(came.values()) - letters
    assert 1 <= again_ones <= twice <= 3, "what came twice is among those counted"
