"""F15: every recording of one child, among 500, 1,000 and 2,000 meetings."""

import random
import statistics
import time
from datetime import UTC, datetime, timedelta

from bench.report import Cell, Result
from bench.school import hold, installed

SIZES = (500, 1_000, 2_000)
PUPILS = 30
"""In each meeting; each has two stays and three turns."""
LOOKS = 20
BEGAN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def run() -> Result:
    """In a database file of its own, as one installation has it."""
    with installed():
        return _measure()


def _measure() -> Result:
    from circletime.people.factory import invent_school

    made = invent_school(now=BEGAN, classes=1, pupils=PUPILS)
    rows: list[dict[str, Cell]] = []
    there = 0
    for size in SIZES:
        _hold_meetings(made.staff["teacher"][0].pk, there, size)
        there = size
        rows.append(_look(size))
    median = float(rows[-1]["median, s"])
    return Result(
        "F15",
        "Finding a child's recordings",
        "all recordings of one child among 2,000 meetings found in under 1 s",
        median < 1.0,
        {"median_2000_s": median, "cpu_2000_s": float(rows[-1]["of that the processor, s"])},
        rows,
        [
            f"One child who was in every one of the meetings, the worst case, among {PUPILS} children each; "
            "everybody has two stays and three turns. SQLite in a file.",
            f"Medians of {LOOKS} looks, each of which answers every recording with minutes present and "
            "seconds spoken. A child in a tenth of the meetings is the other column.",
        ],
    )


def _look(size: int) -> dict[str, Cell]:
    from circletime.access.queries.find import find_recordings
    from circletime.people.models import Pupil

    always, seldom = Pupil.objects.order_by("pk")[0], Pupil.objects.order_by("pk")[PUPILS - 1]
    until = (BEGAN + timedelta(days=3 * 365)).date()
    took: dict[str, list[float]] = {"always": [], "seldom": [], "processor": []}
    for _ in range(LOOKS):
        for name, pupil in (("always", always), ("seldom", seldom)):
            began, worked = time.perf_counter(), time.process_time()
            found = find_recordings(pupil, until)
            took[name].append(time.perf_counter() - began)
            if name == "always":
                took["processor"].append(time.process_time() - worked)
            if len(found) != (size if name == "always" else size // 10) or found[0].minutes < 1:
                raise RuntimeError(f"{len(found)} recordings were found among {size}")
    return {
        "meetings": size,
        "median, s": statistics.median(took["always"]),
        "of that the processor, s": statistics.median(took["processor"]),
        "slowest, s": max(took["always"]),
        "in a tenth of them, s": statistics.median(took["seldom"]),
    }


def _hold_meetings(host: int, first: int, last: int) -> None:
    """Each with its whole class; the last child is in every tenth."""
    from circletime.people.models import Pupil, SchoolClass

    oak, pupils = SchoolClass.objects.get(), list(Pupil.objects.order_by("pk"))
    pick = random.Random(first)
    for number in range(first, last):
        came = pupils if number % 10 == 0 else pupils[:-1]
        hold(oak, came, host=host, at=BEGAN + timedelta(hours=6 * number), pick=pick)
