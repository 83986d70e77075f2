"""F6: what a child in a class of thirty receives and sends, as it is and with Save data."""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import packets
from bench.report import Cell, Result
from circletime.media import livekit
from circletime.media.config import ServerPlan
from circletime.media.livekit import MediaSettings
from tests import harness
from tests.harness import DESKTOP, PHONE, Installation, wait_for
from tests.recorder import studio as real
from tests.recorder.studio import Member, Studio

SETTLES, LASTS = 12.0, 20.0
# Children who are let in as by the teacher's button, and whose media comes from the crowd.
COME_IN = """
import json
from circletime.core import time
from circletime.media import livekit
from circletime.media.rules import Rights
from circletime.meetings.actions import door, presence
from circletime.meetings.models import Expected, Meeting, Seat
meeting = Meeting.objects.get(state="live")
host = Seat.objects.get(meeting=meeting, role="host", state="admitted")
rights = Rights(camera=True, microphone=False, screen=False, subscribe=True)
taken = Seat.objects.filter(meeting=meeting, pupil__isnull=False).values("pupil")
seats = []
for row in Expected.objects.filter(meeting=meeting, pupil__isnull=False).exclude(pupil__in=taken)[:28]:
    person = door.Person(pupil=row.pupil)
    seat = door.knock(meeting=meeting, person=person, key="", grown_up=True, now=time.now())
    door.admit(by=host, seat_id=seat.public_id, now=time.now())
    presence.connected(seat=seat, connection="crowd", given=rights, now=time.now())
    seats.append(seat.public_id)
where = livekit.settings()
print(json.dumps([meeting.room, where.url, where.key, where.secret, seats]))
"""


def run() -> Result:
    """A class of thirty: a teacher and a child in browsers, and twenty-eight who send what browsers send."""
    real.build("crowd")
    rows: list[dict[str, Cell]] = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        # What the room client sends as its small picture: 320x180, 15 fps, 90 kbit/s.
        film = real.film(folder / "child.ivf", "testsrc2=duration=60", 60, kbits=90)
        with harness.installation(folder / "school", classes=1) as at:
            teacher = harness.person(playwright, folder, "teacher", size=DESKTOP)
            child = harness.person(playwright, folder, "Amara", size=DESKTOP)
            packets.watch(child)
            harness.sign_in(teacher, at, "teacher")
            harness.start_meeting(teacher, at)
            harness.knock(child, at, "Amara")
            teacher.page.get_by_role("button", name="Admit Amara").click()
            child.page.get_by_role("group", name="Mrs Osei").wait_for()
            with _class(at, film):
                wait_for(
                    lambda: sum(who is not None for who in harness.seen_by(child).values()) >= 9,
                    30,
                    "the class is in",
                )
                for what, size in (("a computer, 9 tiles", DESKTOP), ("a phone, 4 tiles", PHONE)):
                    child.page.set_viewport_size(size)  # type: ignore[arg-type]
                    time.sleep(SETTLES)
                    rows.append(_row(what, packets.megabits(child, LASTS)))
                child.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
                teacher.page.get_by_role("button", name="Give Amara a turn").click()
                time.sleep(SETTLES)
                rows.append(_row("a computer, and speaking", packets.megabits(child, LASTS)))
                teacher.page.get_by_role("button", name="End turn").click()
                child.page.get_by_role("button", name="Save data").click()
                time.sleep(SETTLES)
                rows.append(_row("Save data", packets.megabits(child, LASTS)))
            for one in (teacher, child):
                one.close()
    values = {
        "down_mbit": max(float(row["down, Mbit/s"]) for row in rows[:3]),
        "up_mbit": max(float(row["up, Mbit/s"]) for row in rows),
        "saving_down_mbit": float(rows[-1]["down, Mbit/s"]),
    }
    return Result(
        "F6",
        "What a child's connection carries",
        "in a class of 30 at most 1.2 Mbit/s down and 0.35 up; with Save data at most 0.15 down",
        values["down_mbit"] <= 1.2 and values["up_mbit"] <= 0.35 and values["saving_down_mbit"] <= 0.15,
        values,
        rows,
        [
            f"Means over {LASTS:.0f} s, IP and UDP headers counted in. Teacher and child are in Chromium; "
            "the other 28 have seats, and send VP8 320x180 at 15 fps and 90 kbit/s as the room client's "
            "small picture is. The teacher's microphone is open.",
        ],
    )


@contextmanager
def _class(at: Installation, film: Path) -> Iterator[None]:
    room, url, key, secret, seats = json.loads(at.python(COME_IN))
    settings = MediaSettings(url, key, secret)
    livekit.configure(settings)
    there = Studio(at.var, settings, ServerPlan(0, 0, 0, "", key, secret, ""))
    with there.crowd(*(Member(seat, film) for seat in seats), room=room):
        yield


def _row(what: str, measured: tuple[float, float]) -> dict[str, Cell]:
    return {"on": what, "down, Mbit/s": measured[0], "up, Mbit/s": measured[1]}
