"""An upgrade while sockets stand: old and new processes keep the rules together.

On PostgreSQL with two processes for the pages, else with one. What a browser sees of it is in tests/e2e.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.grown.people import child, closes, teacher, told
from tests.harness import Installation, installation, wait_for
from tests.media.test_supervisor import gone
from tests.pace import paced

pytestmark = pytest.mark.media

SEVERAL = {"CIRCLETIME_APPS": "2"} if os.environ.get("CIRCLETIME_DATABASE") else {}
APPS = ("app-1", "app-2") if SEVERAL else ("app",)


@pytest.fixture
def at(tmp_path: Any) -> Iterator[Installation]:
    with installation(tmp_path, classes=1, settings=SEVERAL) as running:
        yield running


def upgraded(at: Installation) -> "subprocess.CompletedProcess[str]":
    done = at.run("upgrade")
    assert done.returncode == 0, done.stderr + at.logs()
    return done


def test_old_and_new_processes_keep_the_rules_together(at: Installation) -> None:
    host, amara, ben = teacher(at, at.url), child(at, at.url, "Amara"), child(at, at.url, "Ben")
    with host.page() as page, amara.page() as hers, ben.page() as bens:
        told(page, lambda m: len(m.get("host", {}).get("waiting", [])) == 2, 5, "both wait")
        old = {at.pid(name) for name in APPS}
        assert "goes on for the rooms that were open" in upgraded(at).stdout
        assert not old & {at.pid(name) for name in APPS} and not any(gone({one}) for one in old)
        # Who comes to the new processes waits, as all do, and the page at an old one says so.
        chloe = child(at, at.url, "Chloé")
        told(page, lambda m: len(m.get("host", {}).get("waiting", [])) == 3, 5, "Chloé waits as well")
        assert not chloe.is_let_in() and not amara.is_let_in()
        with host.media():
            for one in (amara, chloe):
                wait_for(
                    lambda one=one: host.presses("admit", seat=one.seat).status_code == 200, 5, "admitted"
                )
            told(hers, lambda m: m["you"]["state"] == "admitted", 5, "Amara's page at an old one says so")
            assert amara.is_let_in()
            began = time.monotonic()
            assert host.presses("remove", seat=amara.seat, reason="Too loud").status_code == 200
            wait_for(lambda: closes(hers), 5, "she is out, at the old process")
            assert time.monotonic() - began < paced(1.0)
            assert not amara.is_let_in()
            assert host.presses("end").status_code == 200
            for line in (page, bens):
                wait_for(lambda line=line: closes(line), 5, "the meeting is over at the old processes, too")
    wait_for(lambda: gone(old), 10, "they have left")
    wait_for(lambda: not (at.var / "log" / "app.leaving").exists(), 5, "and this is known")
    assert at.run("audit", "verify").returncode == 0
    assert "Traceback" not in at.logs(), at.logs()


@pytest.mark.soak
def test_an_upgrade_again_and_again(at: Installation) -> None:
    """Two in a row, with a page open from before the first: it is told of what happens after the last."""
    host = teacher(at, at.url)
    with host.page() as page:
        first = {at.pid(name) for name in APPS}
        for _ in range(2):
            upgraded(at)
        child(at, at.url, "Amara")
        told(page, lambda m: m.get("host", {}).get("waiting"), 5, "Amara waits")
        assert not any(gone({one}) for one in first)
