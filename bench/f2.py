"""F2: how soon a child who comes in sees the teacher, beside bare livekit-client straight to LiveKit."""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench import bare
from bench.bare import SEEN, SPEAKS
from bench.report import Cell, Result, percentile
from circletime.media import livekit
from tests import harness
from tests.harness import DESKTOP, Person
from tests.recorder import studio as real

RUNS = 20
FIRST_FRAME = """
const look = () => {
  for (const video of document.querySelectorAll('[aria-label="Mrs Osei"] video')) {
    if (video.watched) continue;
    video.watched = true;
    video.requestVideoFrameCallback(() => { window.firstFrame ??= performance.now(); });
  }
};
new MutationObserver(look).observe(document, { childList: true, subtree: true });
"""


def run() -> Result:
    """Load the room's page and the bare one in turn, in pairs, and take each time to the first picture."""
    ours: list[float] = []
    theirs: list[float] = []
    real.build("server")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with (
            harness.installation(folder / "school", classes=1) as at,
            bare.served(folder / "site") as site,
            real.studio() as studio,
        ):
            people: list[Person] = []

            def come(who: str) -> Person:
                people.append(harness.person(playwright, folder, who, size=DESKTOP))
                return people[-1]

            teacher = come("teacher")
            harness.sign_in(teacher, at, "teacher")
            harness.start_meeting(teacher, at)
            child = come("Amara")
            harness.knock(child, at, "Amara")
            teacher.page.get_by_role("button", name="Admit Amara").click()
            child.page.get_by_role("group", name="Mrs Osei").locator("video").wait_for()
            room = child.page.url

            livekit.create_room("room")
            host = come("teacher")
            host.page.goto(bare.address(site, studio, "Mrs Osei", SPEAKS))
            guest = come("Amara")
            for one in (child, guest):
                one.context.add_init_script(FIRST_FRAME)
            for _ in range(RUNS):
                ours.append(_first_picture(child.page, at.url + "/join/", room))
                theirs.append(
                    _first_picture(
                        guest.page, site + "before.html", bare.address(site, studio, "Amara", SEEN)
                    )
                )
            for one in people:
                one.close()
    ratio = statistics.median(ours) / statistics.median(theirs)
    values = {
        "median_s": statistics.median(ours),
        "p95_s": percentile(ours, 0.95),
        "bare_median_s": statistics.median(theirs),
        "of_bare": ratio,
    }
    rows: list[dict[str, Cell]] = [
        {"page": what, "median, s": statistics.median(times), "p95, s": percentile(times, 0.95)}
        for what, times in (("Circletime's room", ours), ("bare livekit-client", theirs))
    ]
    return Result(
        "F2",
        "From joining to the teacher's picture",
        "for a child who was admitted at most 1.0 s, and at most 1.15 of bare livekit-client",
        values["median_s"] <= 1.0 and ratio <= 1.15,
        values,
        rows,
        [
            f"Medians of {RUNS} loads each, in turns, each from the way to the page (from another of that "
            "site) to the first frame of the teacher's picture. Both send a camera of 640x360 themselves.",
            f"Circletime takes {ratio:.2f} of the bare client's time. On its way are the page, the session, "
            "the live socket and the signal gate; on the bare one a static page.",
        ],
    )


def _first_picture(page: Page, before: str, url: str) -> float:
    page.goto(before)
    page.wait_for_timeout(1500)  # the last connection is over
    page.goto(url, wait_until="commit")
    harness.wait_for(lambda: page.evaluate("window.firstFrame ?? 0"), 20, "the teacher is seen")
    return float(page.evaluate("window.firstFrame")) / 1000
