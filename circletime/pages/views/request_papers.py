"""What a request to see leaves on paper: the register without names, the letters, the case file (T10, C5)."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import typst
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from circletime.access.models import Case
from circletime.access.queries.case import get_case
from circletime.access.queries.lists import Line, register
from circletime.core import time
from circletime.pages.csvs import csv_answer
from circletime.pages.found import or_404
from circletime.pages.viewing_papers import sections_of
from circletime.pages.views.requests import handler
from circletime.pages.who import staff_of
from circletime.people.models import User
from circletime.people.queries import find_unreviewed
from circletime.people.rules import REQUEST_READERS

SHEET = Path(__file__).resolve().parent.parent / "sheets" / "case.typ"
HEADS = ("Number", "Asked in", "State", "Outcome", "Days", "More time taken", "Overdue")


@login_required
@never_cache
@require_GET
def register_page(request: HttpRequest) -> HttpResponse:
    """Every request in numbers."""
    user = _reader(request)
    lines = register(user, _today())
    context = {
        "lines": lines,
        "open": sum(not line.outcome for line in lines),
        "late": sum(line.overdue for line in lines),
        "may_watch": user.may_watch,
    }
    return render(request, "pages/requests/register.html", context)


@login_required
@never_cache
@require_GET
def register_csv(request: HttpRequest) -> HttpResponse:
    """The register as CSV."""
    rows = [_cells(line) for line in register(_reader(request), _today())]
    return csv_answer(f"requests-{_today():%Y-%m-%d}", HEADS, rows)


def _cells(line: Line) -> list[str]:
    return [
        str(line.number),
        f"{line.month:%B %Y}",
        line.state,
        line.outcome,
        str(line.days),
        "yes" if line.extended else "no",
        "yes" if line.overdue else "no",
    ]


@login_required
@never_cache
@require_GET
def letter(request: HttpRequest, public_id: str, number: int) -> HttpResponse:
    """One letter as it was written, to print where there was no address."""
    handler(request)
    case = or_404(get_case(public_id))
    found = get_object_or_404(case.letters, pk=number)
    unreviewed = find_unreviewed(found.language) if found.text else None
    context = {"case": case, "letter": found, "unreviewed": unreviewed}
    return render(request, "pages/requests/letter.html", context)


@login_required
@never_cache
@require_GET
def case_file(request: HttpRequest, public_id: str) -> HttpResponse:
    """Everything about a request as PDF. The values go in as data, so no name can be taken for markup."""
    handler(request)
    case = or_404(get_case(public_id))
    pdf = typst.compile(str(SHEET), format="pdf", sys_inputs={"facts": json.dumps(facts_of(case))})
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="request-{case.pk}.pdf"'
    return answer


def facts_of(case: Case) -> dict[str, Any]:
    """What the case file says."""
    return {
        "number": case.pk,
        "facts": [[name, text] for name, text in _about(case) if text],
        "steps": [_step(step) for step in case.steps.select_related("by")],
        "recordings": [_recording(row) for row in case.recordings.select_related("recording__meeting")],
        "sections": sections_of(case),
        "invitations": [_invitation(each) for each in case.invitations.select_related("leader")],
        "letters": [
            [_when(each.at), each.to or "Printed", each.subject, each.text] for each in case.letters.all()
        ],
        "printed": _when(time.now()),
    }


def _about(case: Case) -> list[tuple[str, str]]:
    return [
        ("Child", case.child),
        ("Asked by", f"{case.asker_name}, {case.get_relation_display()}" if case.asker_name else ""),
        ("Asked", f"{_day(case.asked_on)}, {case.get_channel_display()}"),
        ("In their words", case.words),
        ("Who they are", _checked(case.identity_how, case.identity_checked_by, case.identity_checked_at)),
        (
            "That they may ask",
            _checked(case.responsibility_how, case.responsibility_checked_by, case.responsibility_checked_at),
        ),
        ("To be answered by", _day(case.due_on)),
        ("Two more months", _checked(case.extension_reason, case.extended_by, case.extended_at)),
        ("State", case.get_state_display()),
        ("Stopped because", case.stopped_reason),
        ("Outcome", case.get_outcome_display() if case.outcome else ""),
        ("Lawful reason", case.get_ground_display() if case.ground else ""),
        ("In words", case.outcome_reason),
        ("Closed", _checked("", case.closed_by, case.closed_at)),
    ]


def _checked(how: str, by: User | None, at: datetime | None) -> str:
    if by is None or at is None:
        return ""
    return f"{how} ({by.name}, {_when(at)})" if how else f"{by.name}, {_when(at)}"


def _step(step: Any) -> list[str]:
    return [_when(step.at), step.by.name if step.by else "Circletime", step.text, step.note]


def _recording(row: Any) -> list[str]:
    meeting = row.recording.meeting
    stands = "Kept for this request" if row.there and not row.gone else "Destroyed, with a certificate"
    if not row.gone and not row.there:
        stands = "Its day had come"
    begun = _when(meeting.live_at) if meeting.live_at else ""
    written = f"{row.pictured:.0f} / {row.heard:.0f}" if row.heard is not None else ""
    name = str(meeting.school_class or meeting.title)
    return [begun, name, f"{row.minutes:.1f}", f"{row.seconds:.0f}", written, stands]


def _invitation(each: Any) -> list[str]:
    end = f"Called off {_when(each.called_off_at)}" if each.called_off_at else ""
    if each.held_at:
        end = f"Held {_when(each.held_at)}"
    where = each.place or each.get_where_display()
    return [_when(each.starts_at), f"{each.minutes} min", where, each.leader.name, end]


def _reader(request: HttpRequest) -> User:
    user = staff_of(request)
    if not user.roles & REQUEST_READERS:
        raise PermissionDenied
    return user


def _when(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %B %Y, %H:%M}"


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"


def _today() -> date:
    return timezone.localtime(time.now()).date()
