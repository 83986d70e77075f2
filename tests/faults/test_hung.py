"""A part that lives and does nothing: nobody waits for it at the limit, and it is replaced (ADR 47).

And a media server that was asked who is in, and forgot somebody who is.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from circletime.media import livekit
from circletime.media.livekit import MediaSettings
from tests.grown.people import child, closes, teacher, told
from tests.harness import Installation, get, installation, wait_for
from tests.pace import paced

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]

ENDS_IN = """
from datetime import timedelta
from circletime.core import time
from circletime.meetings.models import Meeting
ends_at = time.now() + timedelta(seconds=%s)
Meeting.objects.filter(state="live").update(ends_at=ends_at)
print(ends_at.timestamp())
"""
ENDED = """
from circletime.audit.models import Row
from circletime.meetings.models import Meeting
one = Meeting.objects.get(state="ended")
print((one.ended_at - one.ends_at).total_seconds(), Row.objects.filter(kind="meetings.meeting.ended").count())
"""


FORGETS = """
from circletime.core import time
from circletime.meetings.actions import presence
from circletime.meetings.models import Meeting
meeting, now = Meeting.objects.get(state="live"), time.now()
presence.found_absent(meeting=meeting, here=[], checked_at=now, now=now)
print(Meeting.objects.get(state__in=("live", "frozen")).state)
"""
STANDS = "from circletime.meetings.models import Meeting\nprint(Meeting.objects.latest('pk').state)"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("hung"), classes=1) as running:
        before = livekit._settings
        key, secret = next(
            iter(json.loads((running.var / "run" / "livekit.json").read_text())["keys"].items())
        )
        livekit.configure(MediaSettings(f"http://127.0.0.1:{running.port + 1}", key, secret))
        yield running
        if before is not None:
            livekit.configure(before)


def test_who_was_taken_for_gone_comes_again_at_once(at: Installation) -> None:
    """As after the media nodes' Redis was lost: for a moment they know of nobody, and the lines stand."""
    host, amara = teacher(at, at.url), child(at, at.url, "Amara")
    with host.page() as page, amara.page():
        told(page, lambda m: m.get("host", {}).get("waiting"), 5, "Amara waits")
        with host.media() as hosts:
            wait_for(lambda: host.presses("admit", seat=amara.seat).status_code == 200, 5, "admitted")
            with amara.media() as hers:
                at.python(FORGETS)
                wait_for(lambda: closes(hosts), 3, "the host's line, which counts no more, is closed")
                wait_for(lambda: closes(hers), 3, "Amara's as well")
        with host.media(), amara.media() as hers:  # as a browser does by itself
            wait_for(lambda: at.python(STANDS) == "live", 5, "the meeting goes on")
            assert not closes(hers)
        assert host.presses("send-back", seat=amara.seat).status_code == 200


def test_a_meeting_ends_at_its_limit_while_the_worker_hangs(at: Installation) -> None:
    host, amara = teacher(at, at.url), child(at, at.url, "Amara")
    with host.page() as page, host.media(), amara.page():
        told(page, lambda m: m.get("host", {}).get("waiting"), 5, "Amara waits")
        wait_for(lambda: host.presses("admit", seat=amara.seat).status_code == 200, 5, "admitted")
        with amara.media() as line:
            limit = float(at.python(ENDS_IN % 2.5))
            os.kill(at.pid("worker"), signal.SIGSTOP)
            wait_for(lambda: closes(line), 8, "Amara's socket is closed")
            wait_for(lambda: livekit.list_rooms() == [], 2, "the room is gone")
            late = time.time() - limit
    assert not amara.is_let_in()
    assert 0 <= late < paced(1.0)
    ended, times = at.python(ENDED).split()
    assert 0 <= float(ended) < paced(1.0) and times == "1"


@pytest.mark.soak
def test_each_part_that_hangs_is_replaced(at: Installation) -> None:
    parts = ("app", "worker", "recorder", "media")
    old = {part: at.pid(part) for part in parts}
    for number in old.values():
        with suppress(ProcessLookupError):  # the worker was replaced since the other test
            os.kill(number, signal.SIGSTOP)
    for part in parts:
        wait_for(lambda part=part: at.pid(part) != old[part], 16, f"another {part} is there")
    wait_for(lambda: get(f"{at.url}/readyz") == 200, 20, "a meeting can be held again")
