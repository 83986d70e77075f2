"""F18: the report of a year of 14 classes, as a page and as the signed PDF, beside a million rows of log."""

import time
from datetime import timedelta
from typing import Any

from bench.f10 import REPORT, WEEKS, prepare
from bench.f11 import write_rows
from bench.report import Cell, Result
from bench.school import installed

ROWS = 1_000_000
LOOKS = 5
PAGE_S, PDF_S = 3.0, 15.0


def run() -> Result:
    """In a database file of its own, as one installation has it."""
    with installed():
        from django.test.utils import setup_test_environment

        setup_test_environment()  # the client's own host name is let in
        return _measure()


def _measure() -> Result:
    from django.db.models import Count

    from circletime.core.time import now
    from circletime.meetings.models import Meeting, Seat

    pages = prepare()
    write_rows(ROWS)
    governor = next(client for name, _, client, _ in pages if name == REPORT)
    today = now().date()
    asked = {"from": str(today - timedelta(weeks=WEEKS + 1)), "to": str(today)}
    page = [_took(lambda: governor.get("/report/", asked)) for _ in range(LOOKS)]
    pdf = [_took(lambda: governor.post("/report/report.pdf", asked)) for _ in range(LOOKS)]
    held = Meeting.objects.filter(state="ended")
    there = Seat.objects.filter(meeting__in=held).aggregate(number=Count("pk"))["number"]
    rows: list[dict[str, Cell]] = [
        {"what": what, "median, s": sorted(took)[LOOKS // 2], "slowest, s": max(took), "at most, s": most}
        for what, took, most in (("the page", page, PAGE_S), ("the signed PDF", pdf, PDF_S))
    ]
    return Result(
        "F18",
        "The report of a year",
        "a year of 14 classes (500 meetings, 15,000 attendances, a million rows of log) in under 3 s as a "
        "page and 15 s as a PDF",
        max(page) < PAGE_S and max(pdf) < PDF_S,
        {"page_s": max(page), "pdf_s": max(pdf)},
        rows,
        [
            f"{held.count()} meetings, {there} attendances, {ROWS} rows of log. SQLite in a file; Django's "
            f"whole answer, {LOOKS} times. The meetings are rows, so clauses that are counted from the log "
            "count only what the log has of them.",
        ],
    )


def _took(ask: Any) -> float:
    began = time.perf_counter()
    answer = ask()
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise RuntimeError(f"answered {answer.status_code}: {answer.content[:200]}")
    return took
