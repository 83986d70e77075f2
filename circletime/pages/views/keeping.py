"""How long a recording is kept: holds, and early deletion (T9)."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.pages.found import or_404
from circletime.pages.views.recordings import watcher
from circletime.people.models import User
from circletime.people.rules import EARLY_DELETERS, HOLDERS
from circletime.recordings import queries
from circletime.recordings.actions import early, holds
from circletime.recordings.models import Hold, Recording
from circletime.recordings.rules import Ground


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def hold_new(request: HttpRequest) -> HttpResponse:
    """Say why the chosen recordings are kept, and when that is looked at again."""
    user, now = _holder(request), time.now()
    sent = request.POST if request.method == "POST" else request.GET
    chosen = queries.list_named(sent.getlist("recording"))
    typed = {name: request.POST.get(name, "")[:600] for name in ("reason", "review_on")}
    error: Refused | None = None
    if request.method == "POST":
        try:
            hold = holds.place_hold(
                recordings=chosen,
                reason=typed["reason"],
                review_on=_day(typed["review_on"]),
                by=user,
                now=now,
            )
            return redirect("hold", hold.public_id)
        except Refused as refusal:
            error = refusal
    context = {"chosen": chosen, "typed": typed, "error": error, "wrong": error.field if error else None}
    return render(request, "pages/recordings/hold_new.html", context, status=error.status if error else 200)


@login_required
@never_cache
@require_GET
def hold(request: HttpRequest, public_id: str) -> HttpResponse:
    """What is kept, why, by whom, and until when it is looked at again."""
    user = watcher(request)
    return _hold_page(request, or_404(queries.get_hold(public_id)), user)


@login_required
@never_cache
@require_POST
def hold_review(request: HttpRequest, public_id: str) -> HttpResponse:
    """It is still needed."""
    review_on = _day(request.POST.get("review_on", ""))
    return _change(request, public_id, partial(holds.review_hold, review_on=review_on))


@login_required
@never_cache
@require_POST
def hold_release(request: HttpRequest, public_id: str) -> HttpResponse:
    """It is not needed any more."""
    return _change(request, public_id, partial(holds.release_hold, reason=request.POST.get("reason", "")))


def _change(request: HttpRequest, public_id: str, act: Callable[..., None]) -> HttpResponse:
    user = _holder(request)
    found = or_404(queries.get_hold(public_id))
    try:
        act(hold=found, by=user, now=time.now())
    except Refused as refusal:
        return _hold_page(request, found, user, refusal)
    return redirect("hold", found.public_id)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def delete_early(request: HttpRequest, public_id: str) -> HttpResponse:
    """One of the two asks; the other confirms; either withdraws."""
    user, now = watcher(request), time.now()
    if not user.roles & EARLY_DELETERS:
        raise PermissionDenied
    recording = or_404(queries.get_recording(public_id))
    error: Refused | None = None
    if request.method == "POST":
        try:
            return _decide(request, recording, user)
        except Refused as refusal:
            error = refusal
    wish = queries.open_early(recording, now)
    context: dict[str, Any] = {
        "recording": recording,
        "meeting": recording.meeting,
        "there": queries.may_be_seen(recording, now),
        "held": queries.is_held(recording),
        "wish": wish,
        "mine": wish is not None and wish.asked_by_id == user.pk,
        "grounds": list(Ground),
        "typed": {name: request.POST.get(name, "")[:600] for name in ("ground", "reason")},
        "error": error,
        "wrong": error.field if error else None,
    }
    return render(request, "pages/recordings/early.html", context, status=error.status if error else 200)


def _decide(request: HttpRequest, recording: Recording, user: User) -> HttpResponse:
    now, do = time.now(), request.POST.get("do", "ask")
    if do == "confirm":
        early.confirm_early(recording=recording, by=user, now=now)
        return redirect("recording", recording.public_id)
    if do == "withdraw":
        early.withdraw_early(recording=recording, by=user, now=now)
        return redirect("recording", recording.public_id)
    ground, reason = request.POST.get("ground", ""), request.POST.get("reason", "")
    early.ask_early(recording=recording, ground=ground, reason=reason, by=user, now=now)
    return redirect("recording-early", recording.public_id)


def _holder(request: HttpRequest) -> User:
    """Whoever asks, if they may keep recordings."""
    user = watcher(request)
    if not user.roles & HOLDERS:
        raise PermissionDenied
    return user


def _hold_page(request: HttpRequest, found: Hold, user: User, error: Refused | None = None) -> HttpResponse:
    context = {
        "hold": found,
        "kept": found.recordings.all(),
        "overdue": found.is_overdue(timezone.localtime(time.now()).date()),
        "may_change": bool(user.roles & HOLDERS and found.placed_by_id) and found.released_at is None,
        "typed": {name: request.POST.get(name, "")[:600] for name in ("reason", "review_on")},
        "error": error,
        "wrong": error.field if error else None,
    }
    return render(request, "pages/recordings/hold.html", context, status=error.status if error else 200)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
