"""Meetings that are looked at by lot: the draws, and what was found (C5)."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from circletime.core import time
from circletime.oversight.actions.monitoring import write_finding
from circletime.oversight.models import Draw, DrawnMeeting
from circletime.oversight.queries import monitoring as queries
from circletime.oversight.queries.incidents import recording_of
from circletime.oversight.rules.monitoring import (
    DRAW_READERS,
    LOOKERS,
    Found,
    can_look,
    is_late,
    month_after,
    month_before,
    ticket,
)
from circletime.pages.forms import Field, Form, options_of, words_field
from circletime.pages.found import or_404
from circletime.pages.steps import Step, run
from circletime.pages.who import staff_of
from circletime.recordings.queries import may_be_seen

_NOTE = words_field("note", "What did you look at, and what did you see?", "Governors read no word of it.")


@dataclass(frozen=True)
class Month:
    """One draw as the page shows it, with every ticket of it."""

    draw: Draw
    of: str
    last_day: str
    rows: list[tuple[DrawnMeeting, bool]]
    tickets: list[tuple[str, str]]


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What was drawn each month, and how to repeat it. Only who looks at meetings sees which they are."""
    user = staff_of(request)
    if not user.roles & DRAW_READERS:
        raise PermissionDenied
    months = [_month(each) for each in queries.list_draws()]
    context = {"months": months, "looks": bool(user.roles & LOOKERS)}
    return render(request, "pages/monitoring/index.html", context)


def _month(draw: Draw) -> Month:
    today = timezone.localtime(time.now()).date()
    rows = [(each, _late(each, draw, today)) for each in queries.list_drawn_in(draw)]
    tickets = sorted((ticket(draw.digest, each), each) for each in draw.candidates)
    last = month_after(draw.month) - timedelta(days=1)
    return Month(draw, f"{month_before(draw.month):%B}", f"{last:%-d %B}", rows, tickets)


def _late(drawn: DrawnMeeting, draw: Draw, today: date) -> bool:
    looked_on = timezone.localtime(drawn.looked_at).date() if drawn.looked_at is not None else None
    return is_late(draw.month, looked_on, today)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """One drawn meeting: its register, its recording, and what was found."""
    user, now = staff_of(request), time.now()
    if not user.roles & LOOKERS:
        raise PermissionDenied
    drawn = or_404(queries.get_drawn(public_id))
    recording = recording_of(drawn.meeting)
    own = queries.hosted(user, drawn.meeting)

    def find(typed: QueryDict) -> None:
        write_finding(drawn=drawn, found=typed.get("found", ""), note=typed.get("note", ""), by=user, now=now)

    fields = (Field("found", "What did you find?", "select", options=options_of(Found)), _NOTE)
    context = {
        "drawn": drawn,
        "meeting": drawn.meeting,
        "own": own,
        "recording": recording,
        "watchable": recording is not None and may_be_seen(recording, now),
        "late": _late(drawn, drawn.draw, timezone.localtime(now).date()),
        "last_day": month_after(drawn.draw.month) - timedelta(days=1),
    }
    may = can_look(user.roles, hosted=own) and drawn.looked_at is None
    step = Step(Form("find", "Keep what I found", fields), find)
    here = reverse("monitored", args=[public_id])
    return run(request, "pages/monitoring/show.html", context, lambda: [step], may=may, here=here)
