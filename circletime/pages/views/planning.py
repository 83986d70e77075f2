"""A meeting's other time, and the next one after a meeting that was broken off."""

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.meetings import rules
from circletime.meetings.actions import schedule
from circletime.meetings.queries import can_host
from circletime.meetings.rules import Kind
from circletime.pages.forms import read_moment
from circletime.pages.views.meetings import _meeting as meeting_of
from circletime.pages.views.meetings import _show
from circletime.pages.who import staff_of


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give a meeting another time; its families are written to."""
    found = meeting_of(request, public_id)
    if not can_host(staff_of(request), found):
        raise PermissionDenied
    starts = timezone.localtime(found.starts_at)
    typed = {"starts_at": f"{starts:%Y-%m-%dT%H:%M}", "minutes": str(found.minutes)}
    error: Refused | None = None
    if request.method == "POST":
        typed = {name: request.POST.get(name, "")[:40] for name in typed}
        try:
            starts_at, minutes = _time(typed)
            schedule.move(
                meeting=found, starts_at=starts_at, minutes=minutes, by=staff_of(request), now=time.now()
            )
            return redirect("meeting", found.public_id)
        except Refused as refusal:
            error = refusal
    context = {
        "meeting": found,
        "typed": typed,
        "error": error,
        "wrong": error.field if error else "",
        "most": rules.most_minutes(Kind(found.kind)),
    }
    return render(request, "pages/meetings/move.html", context, status=error.status if error else 200)


def _time(typed: dict[str, str]) -> tuple[datetime, int]:
    starts_at = read_moment(typed["starts_at"]) if "T" in typed["starts_at"] else None
    if starts_at is None or not 1 < starts_at.year < 9999:
        raise Refused("starts", "Give a day and a time.", field="starts_at", status=400)
    minutes = typed["minutes"]
    return starts_at, int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 5 else 0


@login_required
@never_cache
@require_POST
def plan_next(request: HttpRequest, public_id: str) -> HttpResponse:
    """One press after a meeting was broken off: the same on the next school day (T12)."""
    found = meeting_of(request, public_id)
    try:
        made = schedule.plan_next(meeting=found, by=staff_of(request), now=time.now())
    except Refused as refusal:
        return _show(request, found, refusal)
    return redirect("meeting", made.public_id)
