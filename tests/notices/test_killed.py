"""kill -9 in the middle of a dispatch: no letter is missed, and only the one in flight may come twice."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.harness import ROOT, wait_for
from tests.web.post_office import PostOffice, open_office

LETTERS = 40

BEGIN = """
import django; django.setup()
from datetime import timedelta
from django.db import transaction
from circletime.core import time
from circletime.notices import tasks
from circletime.notices.models import Letter
"""

FILL = """
from circletime.notices.actions import enqueue
from tests import lanes
lanes.begin()
for number in range(%d):
    enqueue(to=f"family{number}@home.example", subject="Oak meets", text="At nine.", kind="meeting",
            about="meeting:x", by="test", now=time.now())
"""

SEND = """
real = time.now
time.now = lambda: real() + timedelta(minutes=%d)
while Letter.objects.exclude(state="sent").exists():
    tasks.send_due(time.now())
"""


def run(code: str, folder: Path, port: int) -> subprocess.Popen[bytes]:
    env = os.environ | {
        "CIRCLETIME_VAR": str(folder),
        "CIRCLETIME_SMTP_HOST": "127.0.0.1",
        "CIRCLETIME_SMTP_PORT": str(port),
        "CIRCLETIME_SMTP_TLS": "off",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return subprocess.Popen([sys.executable, "-c", BEGIN + code], cwd=ROOT, env=env)


def names(office: PostOffice) -> Counter[str]:
    return Counter(came["Message-ID"] for came in office.came)


def test_the_sender_is_killed_at_the_worst_moment(tmp_path: Path) -> None:
    """Each time, the server has taken a letter and the sender dies before it hears so."""
    with open_office() as office:
        assert run(FILL % LETTERS, tmp_path, office.port).wait() == 0
        for minutes in (0, 6, 12):
            until = len(office.came) + 5
            sender = run(SEND % minutes, tmp_path, office.port)

            def kill(sender: subprocess.Popen[bytes] = sender, until: int = until) -> None:
                if len(office.came) >= until:
                    sender.kill()
                    sender.wait()

            office.when_taken = kill
            assert sender.wait(60) == -signal.SIGKILL
        office.when_taken = None
        assert run(SEND % 18, tmp_path, office.port).wait() == 0
        came = names(office)
    assert {one["To"] for one in office.came} == {f"family{n}@home.example" for n in range(LETTERS)}
    assert len(came) == LETTERS and sorted(came.values()) == [1] * (LETTERS - 3) + [2] * 3


def test_the_mail_server_is_killed_and_comes_back(tmp_path: Path) -> None:
    with open_office() as office:
        office.seconds = 0.1
        port = office.port
        assert run(FILL % LETTERS, tmp_path, port).wait() == 0
        sender = run(SEND % 0, tmp_path, port)
        wait_for(lambda: len(office.came) >= 5, 60, "some letters came")
    sender.kill()
    sender.wait()
    with open_office(port=port) as again:
        assert run(SEND % 30, tmp_path, port).wait() == 0
        came = names(office) + names(again)
    assert len(came) == LETTERS and sum(came.values()) - len(came) <= 1
