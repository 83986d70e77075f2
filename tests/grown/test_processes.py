"""Several app processes and workers at one PostgreSQL, with a real LiveKit: the pages of one, the sockets of
another.

Two supervisors stand for what is behind one address, so that a test can say which process it asks.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.grown.people import Someone, child, closes, teacher, told
from tests.harness import ROOT, Installation, free_ports, get, installation, wait_for
from tests.pace import paced

pytestmark = pytest.mark.media

FROM_LOG = "from circletime.audit.models import Row\nprint(Row.objects.filter(kind={kind!r}).count())"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Everything, with two workers; its app is process A."""
    with installation(tmp_path_factory.mktemp("grown"), settings={"CIRCLETIME_WORKERS": "2"}) as running:
        yield running


@contextmanager
def another_app(at: Installation) -> Iterator[str]:
    """An app of its own supervisor, as on another machine: process B. Answers its address."""
    port, own = free_ports(1), at.var / "beside"
    env = at.env | {
        "PORT": str(port),
        "CIRCLETIME_VAR": str(own),
        "CIRCLETIME_KEYS": str(at.var / "keys"),
        "CIRCLETIME_VAULT": str(at.var / "vault"),
        "CIRCLETIME_URL": at.url,
        "CIRCLETIME_LIVEKIT_PORT": str(at.port + 1),
        "CIRCLETIME_APPS": "2",
    }
    command = [sys.executable, "-m", "circletime.pages.cli", "serve", "app"]
    with (at.var / "beside.out").open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        wait_for(lambda: get(f"http://localhost:{port}/accounts/login/") == 200, 120, "the other app runs")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def other(at: Installation) -> Iterator[str]:
    with another_app(at) as url:
        yield url


def rows(at: Installation, kind: str) -> int:
    return int(at.python(FROM_LOG.format(kind=kind)))


def seconds(until: Callable[[], Any], limit: float, why: str) -> float:
    began = time.monotonic()
    wait_for(until, limit, why)
    return time.monotonic() - began


def test_a_child_at_one_process_and_the_teacher_at_another(at: Installation, other: str) -> None:
    host = teacher(at, at.url)
    host.at = other
    amara, ben = child(at, at.url, "Amara"), child(at, other, "Ben")
    with host.page() as page, host.media(), amara.page() as theirs:
        waiting = told(page, lambda m: len(m.get("host", {}).get("waiting", [])) == 2, 5, "both wait")
        assert {each["seat"] for each in waiting["host"]["waiting"]} == {amara.seat, ben.seat}
        assert not amara.is_let_in(), "who waits is not let in by the gate"
        for one in (amara, ben):
            wait_for(lambda one=one: host.presses("admit", seat=one.seat).status_code == 200, 5, "admitted")
        told(theirs, lambda m: m["you"]["state"] == "admitted", 5, "Amara's page says so")
        assert not child(at, at.url, "Chloé").is_let_in()
        with amara.media() as line_a, ben.media() as line_b:
            _a_second_browser_is_refused(at, other, amara)
            # Removed at B: at B itself, then at A.
            at_once = _removed(host, ben, line_b)
            across = _removed(host, amara, line_a)
            print(f"removed: {at_once * 1000:.0f} ms at the same process, {across * 1000:.0f} ms at another")
            assert across < paced(1.0)
        assert not amara.is_let_in() and not ben.is_let_in()
        _ends_on_time(at, page)
    assert rows(at, "meetings.meeting.ended") == 1
    assert at.run("audit", "verify").returncode == 0
    assert "Traceback" not in at.logs(), at.logs()


def _removed(host: Someone, one: Someone, line: Any) -> float:
    began = time.monotonic()
    assert host.presses("remove", seat=one.seat, reason="Too loud").status_code == 200
    wait_for(lambda: closes(line), 5, "the socket is closed")
    return time.monotonic() - began


def _a_second_browser_is_refused(at: Installation, other: str, one: Someone) -> None:
    """Its connection stands at A; with the same seat at B nobody comes in, and the host is told."""
    before, at_a = rows(at, "meetings.guest.lie"), one.at
    one.at = other
    assert not one.is_let_in()
    one.at = at_a
    assert rows(at, "meetings.guest.lie") == before + 1


def _ends_on_time(at: Installation, page: Any) -> None:
    """Two workers look at the clock, and the meeting ends once, within a second of its limit."""
    at.python(
        "from datetime import timedelta\nfrom circletime.core import time\n"
        "from circletime.meetings.models import Meeting\n"
        f"Meeting.objects.filter(public_id={at.facts['meeting']['id']!r})"
        ".update(ends_at=time.now() + timedelta(seconds=3))"
    )
    wait_for(lambda: closes(page), 10, "the teacher's page is told that it is over")
    late = at.python(
        "from circletime.meetings.models import Meeting\n"
        f"one = Meeting.objects.get(public_id={at.facts['meeting']['id']!r})\n"
        "print((one.ended_at - one.ends_at).total_seconds())"
    )
    assert 0 <= float(late) < paced(1.0)


def test_who_was_at_a_process_that_was_killed_comes_in_at_another(tmp_path: Any) -> None:
    with installation(tmp_path, settings={"CIRCLETIME_APPS": "2"}) as at, another_app(at) as other:
        host = teacher(at, other_at(at))
        amara = child(at, at.url, "Amara")
        host.at = other
        with host.page() as page, host.media():
            told(page, lambda m: m.get("host", {}).get("waiting"), 5, "Amara waits")
            wait_for(lambda: host.presses("admit", seat=amara.seat).status_code == 200, 5, "admitted")
            with amara.media() as line:
                for name in ("app-1", "app-2"):
                    at.kill(name)
                wait_for(lambda: closes(line), 5, "the socket is gone with its process")
                amara.at = other
                assert seconds(amara.is_let_in, 5, "Amara is in at the other process") < paced(3.0)
            assert rows(at, "meetings.guest.lie") == 0


def other_at(at: Installation) -> str:
    return at.url


def test_both_workers_have_a_part_and_one_may_die(at: Installation) -> None:
    for name in ("worker-1", "worker-2"):
        assert os.path.exists(f"/proc/{at.pid(name)}")
    dead = at.kill("worker-1")
    wait_for(lambda: at.pid("worker-1") != dead, 30, "it is started again")
