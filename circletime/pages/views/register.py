"""The register of a meeting, on the page and as CSV and PDF (T8)."""

import json
from datetime import datetime
from pathlib import Path

import typst
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from circletime.core import time
from circletime.meetings.models import Happening
from circletime.meetings.queries import RegisterRow, register
from circletime.pages.csvs import csv_answer
from circletime.pages.views.meetings import _meeting as meeting_of

SHEET = Path(__file__).resolve().parent.parent / "sheets" / "register.typ"
HEADS = (
    "Name",
    "Role",
    "Came",
    "In",
    "Out",
    "Minutes",
    "Turns",
    "Seconds spoken",
    "Adult confirmed",
    "Notes",
)
EVENTS_SHOWN = 200


@login_required
@never_cache
@require_GET
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who was expected, who came, when, and what happened."""
    meeting = meeting_of(request, public_id)
    rows = register(meeting, time.now())
    events = Happening.objects.filter(meeting=meeting).select_related("seat")[:EVENTS_SHOWN]
    context = {
        "meeting": meeting,
        "rows": rows,
        "events": events,
        "came": sum(row.came for row in rows if row.role != "host"),
        "expected": sum(row.role != "host" for row in rows),
    }
    return render(request, "pages/register/show.html", context)


@login_required
@never_cache
@require_GET
def as_csv(request: HttpRequest, public_id: str) -> HttpResponse:
    """The register as CSV, which no spreadsheet takes for formulas."""
    meeting = meeting_of(request, public_id)
    rows = [_cells(row) for row in register(meeting, time.now())]
    return csv_answer(f"register-{_stamp(meeting.starts_at)}", HEADS, rows)


@login_required
@never_cache
@require_GET
def as_pdf(request: HttpRequest, public_id: str) -> HttpResponse:
    """The register as PDF. The values go in as data, so no name can be taken for markup."""
    meeting = meeting_of(request, public_id)
    facts = {
        "title": meeting.title,
        "purpose": meeting.get_purpose_display(),
        "planned": f"{timezone.localtime(meeting.starts_at):%d %B %Y, %H:%M}, {meeting.minutes} minutes",
        "held": _span(meeting.live_at, meeting.ended_at),
        "ended": meeting.end_reason,
        "host": meeting.host.name,
        "heads": list(HEADS),
        "rows": [_cells(row) for row in register(meeting, time.now())],
    }
    pdf = typst.compile(str(SHEET), format="pdf", sys_inputs={"facts": json.dumps(facts)})
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="register-{_stamp(meeting.starts_at)}.pdf"'
    return answer


def _cells(row: RegisterRow) -> list[str]:
    return [
        row.label,
        row.role,
        "yes" if row.came else "no",
        _clock(row.in_at),
        _clock(row.out_at),
        f"{row.minutes:.1f}" if row.came else "",
        str(row.turns) if row.role == "pupil" else "",
        f"{row.spoken_seconds:.0f}" if row.role == "pupil" else "",
        _confirmed(row),
        "; ".join(row.notes),
    ]


def _confirmed(row: RegisterRow) -> str:
    """Whether an adult confirmed at the door, and what came of each asking during the meeting (R3)."""
    parts = ["yes" if row.grown_up else "no"]
    for asked, answered in row.asked:
        told = f"answered {_clock(answered)}" if answered else "no answer"
        parts.append(f"asked {_clock(asked)}: {told}")
    return "; ".join(parts)


def _clock(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%H:%M:%S}" if moment else ""


def _span(start: datetime | None, end: datetime | None) -> str:
    return f"{_clock(start)} to {_clock(end)}" if start and end else "not held"


def _stamp(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d-%H%M}"
