"""Recordings, for those who may watch them: the list, the player, and the film's bytes (T8, T9, T10)."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from circletime.core import time
from circletime.core.errors import Refused
from circletime.pages import film_bytes
from circletime.pages.found import or_404
from circletime.pages.who import staff_of
from circletime.people.models import User
from circletime.people.rules import EARLY_DELETERS, HOLDERS
from circletime.recordings import queries
from circletime.recordings.actions import film as film_actions
from circletime.recordings.actions import viewing
from circletime.recordings.film.playback import FilmReader
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Film, Recording
from circletime.recordings.rules import GONE, NO_FILM, VIEWING_LASTS, FilmState, can_watch, is_past
from circletime.recordings.vault import VaultDamaged


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every recording that is kept, and until when; and what was destroyed."""
    user, now = watcher(request), time.now()
    rows = [_row(recording, now) for recording in queries.list_recordings(user)]
    context = {
        "rows": rows,
        "may_hold": bool(user.roles & HOLDERS) and any(not row["gone"] for row in rows),
        "waits": queries.clock_sentence(now),
    }
    return render(request, "pages/recordings/index.html", context)


def _row(recording: Recording, now: datetime) -> dict[str, Any]:
    today = timezone.localtime(now).date()
    holds = queries.open_holds(recording)
    past = is_past(recording.destroy_on, today, held=bool(holds))
    return {
        "recording": recording,
        "minutes": max(1, round(queries.length_of(recording, now).total_seconds() / 60)),
        "gone": recording.state in GONE or past,
        "words": _words(recording, queries.whole_film(recording), past=past),
        "holds": [(hold, hold.is_overdue(today)) for hold in holds],
        "certified": hasattr(recording, "certificate"),
    }


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """The player, once the viewer has said why; before that, the question.

    A reader that wants JSON is told how far the film is.
    """
    user, now = watcher(request), time.now()
    recording = or_404(queries.get_recording(public_id))
    whole = queries.whole_film(recording)
    if request.method == "GET" and request.headers.get("Accept") == "application/json":
        return JsonResponse({"state": whole.state if whole else "", "percent": whole.percent if whole else 0})
    error: Refused | None = None
    if request.method == "POST":
        try:
            viewing.begin_viewing(recording=recording, why=request.POST.get("why", ""), by=user, now=now)
            return redirect("recording", recording.public_id)
        except Refused as refusal:
            error = refusal
    said = queries.last_viewing(recording, user, since=now - VIEWING_LASTS)
    gone = not queries.may_be_seen(recording, now)
    today = timezone.localtime(now).date()
    wish = queries.open_early(recording, now)
    context: dict[str, Any] = {
        "recording": recording,
        "meeting": recording.meeting,
        "gone": gone,
        "said": said,
        "error": error,
        "typed": request.POST.get("why", "")[:300],
        "words": _words(recording, whole, past=gone),
        "certified": queries.certificate_of(recording.public_id) is not None,
        "holds": [(hold, hold.is_overdue(today)) for hold in queries.open_holds(recording)],
        "may_hold": bool(user.roles & HOLDERS),
        "may_delete": bool(user.roles & EARLY_DELETERS),
        "wish": wish,
        "film": whole,
        "making": whole is not None and whole.state in (FilmState.WAITING, FilmState.MAKING),
        "failed": whole is not None and whole.state == FilmState.FAILED,
        "ready": whole is not None and whole.state == FilmState.READY,
    }
    if said is not None and not gone:
        context["mark"] = f"{user.name} · {timezone.localtime(now):%-d %b %H:%M}"
        context["chapters"] = queries.chapters(recording)
    return render(request, "pages/recordings/show.html", context, status=error.status if error else 200)


@login_required
@require_POST
def make(request: HttpRequest, public_id: str) -> HttpResponse:
    """Have a film made that could not be made before."""
    user = watcher(request)
    recording = or_404(queries.get_recording(public_id))
    try:
        film_actions.ask_again(film=or_404(queries.whole_film(recording)), by=user, now=time.now())
    except Refused:
        pass  # it is being made already, or is there: the page says so
    return redirect("recording", recording.public_id)


@login_required
@require_safe
def film(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The film's bytes, or a part of them. Nothing is kept on the way: not by us, not by the browser."""
    user, now = watcher(request), time.now()
    recording = or_404(queries.get_recording(public_id))
    if queries.last_viewing(recording, user, since=now - VIEWING_LASTS) is None:
        raise PermissionDenied
    whole = queries.whole_film(recording)
    if whole is None or whole.state != FilmState.READY or not queries.may_be_seen(recording, now):
        raise Http404
    try:
        opened = FilmReader(whole)
    except (KeyTrouble, VaultDamaged, OSError) as trouble:
        raise Http404 from trouble
    return film_bytes.answer_with(request, opened)


def watcher(request: HttpRequest) -> User:
    """Whoever asks, if they may watch. Says no before it looks whether there is such a recording."""
    user = staff_of(request)
    if not can_watch(user.roles):
        raise PermissionDenied
    return user


def _words(recording: Recording, film: Film | None, *, past: bool) -> str:
    """How a recording stands, in words."""
    if recording.state in GONE:
        when: datetime | None = recording.destroyed_at
        return f"Destroyed on {timezone.localtime(when):%-d %B %Y}" if when else "Being destroyed"
    if past:
        return "Its day has come; it is being destroyed"
    if recording.state != "stopped":
        return recording.get_state_display()
    if film is None:
        return NO_FILM
    if film.state == FilmState.MAKING:
        return f"The film is being made: {film.percent}%"
    return film.get_state_display()
