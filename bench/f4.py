"""F4: how soon after its limit a meeting is over for everybody; in every other run the app is killed."""

import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import packets
from bench.lessons import MEETING
from bench.report import Cell, Result, percentile
from tests import harness
from tests.harness import DESKTOP, PHONE, Installation, Person, wait_for

RUNS = 50
LASTS = 4.0
SHORTEN = """
from datetime import timedelta
from circletime.core import time
from circletime.meetings.models import Meeting
ends_at = time.now() + timedelta(seconds=%s)
Meeting.objects.filter(state="live").update(ends_at=ends_at)
print(ends_at.isoformat())
"""


def run() -> Result:
    """Fifty meetings of a teacher and two children; in half the app dies two seconds before the end."""
    late: dict[str, list[float]] = {"left alone": [], "app killed": []}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with harness.installation(folder / "school", classes=1) as at:
            teacher = harness.person(playwright, folder, "teacher", size=DESKTOP)
            children = [harness.person(playwright, folder, who, size=PHONE) for who in ("Amara", "Ben")]
            people = [teacher, *children]
            for one in people:
                packets.watch(one)
            harness.sign_in(teacher, at, "teacher")
            for number in range(RUNS):
                killed = number % 2 == 1
                times = _one(at, teacher, children, killed)
                late["app killed" if killed else "left alone"] += times
                print(f"meeting {number + 1}: {max(times):.2f} s", file=sys.stderr, flush=True)
            for one in people:
                one.close()
    every = [seconds for times in late.values() for seconds in times]
    rows: list[dict[str, Cell]] = [
        {
            "runs": what,
            "meetings": len(times) // 3,
            "median, s": percentile(times, 0.5),
            "p95, s": percentile(times, 0.95),
            "longest, s": max(times),
        }
        for what, times in late.items()
    ]
    return Result(
        "F4",
        "The end of a meeting",
        f"the last packet at any client at most 1 s after the limit, in {RUNS} of {RUNS} meetings, in half "
        "of which the app is killed and comes back meanwhile",
        len(every) == 3 * RUNS and max(every) <= 1.0,
        {"longest_s": max(every), "p95_s": percentile(every, 0.95), "meetings": len(every) / 3},
        rows,
        [
            "A teacher and two children in Chromium. The time is from the limit in the database to the last "
            "media packet that a page received, looked for every 40 ms; below zero is before the limit.",
            "kill -9 of the app comes two seconds before the limit.",
        ],
    )


def _one(at: Installation, teacher: Person, children: list[Person], killed: bool) -> list[float]:
    at.facts["meeting"]["host_url"] = f"{at.url}/meetings/{at.python(MEETING)}/"
    harness.start_meeting(teacher, at)
    for child in children:
        harness.knock(child, at, child.who)
        teacher.page.get_by_role("button", name=f"Admit {child.who}").click()
    people = [teacher, *children]
    for one in people:
        wait_for(lambda one=one: len(harness.seen_by(one)) == 3, 15, f"{one.who} is in")  # type: ignore[misc]
        one.page.evaluate("watchLast()")
        wait_for(lambda one=one: one.page.evaluate("lastPacket"), 10, f"{one.who} receives")  # type: ignore[misc]
    limit = datetime.fromisoformat(at.python(SHORTEN % LASTS)).timestamp()
    if killed:
        time.sleep(max(0.0, limit - 2 - time.time()))
        at.kill("app")
    time.sleep(max(0.0, limit + 1.8 - time.time()))
    late = [float(one.page.evaluate("lastPacket")) / 1000 - limit for one in people]
    for one in people:
        one.page.get_by_role("heading", name="Goodbye!").wait_for()
    return late
