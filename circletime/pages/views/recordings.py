"""Recordings, for those who may watch them: the list, and the page of one with its player (T8, T9, T10)."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from circletime.core import time
from circletime.core.errors import Refused
from circletime.documents.queries import missing_for_user
from circletime.documents.rules.kinds import Gate
from circletime.pages.found import or_404
from circletime.pages.shown_lately import ask_again
from circletime.pages.views.policies import papers_of
from circletime.pages.who import staff_of
from circletime.people.models import User
from circletime.people.rules import EARLY_DELETERS, HOLDERS
from circletime.policy import limits
from circletime.recordings import queries, watching
from circletime.recordings.actions import viewing
from circletime.recordings.models import Film, Recording
from circletime.recordings.rules import (
    GONE,
    NO_FILM,
    VIEWING_LASTS,
    FilmKind,
    FilmState,
    can_watch,
    is_past,
)

SPEEDS = ("0.5", "0.75", "1", "1.25", "1.5", "2")
MAKING = (FilmState.WAITING, FilmState.MAKING)
GONE_SHOWN = timedelta(days=30)


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every recording that is kept, and until when; and what was destroyed, of the last month or ever."""
    user, now = watcher(request), time.now()
    every = request.GET.get("gone") == "all"
    since = None if every else timezone.localtime(now).date() - GONE_SHOWN
    rows = [_row(recording, now) for recording in queries.list_recordings(user, since)]
    context = {
        "rows": rows,
        "every": every,
        "may_hold": bool(user.roles & HOLDERS) and any(not row["gone"] for row in rows),
        "waits": queries.clock_sentence(now),
        "full": queries.room_warning(now),
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
    user, recording = viewer(request, public_id)
    now = time.now()
    film = chosen_film(recording, user, request.GET.get("film", ""))
    if request.method == "GET" and request.headers.get("Accept") == "application/json":
        return JsonResponse({"state": film.state if film else "", "percent": film.percent if film else 0})
    if queries.last_viewing(recording, user, since=now - VIEWING_LASTS) and (asked := ask_again(request)):
        return asked  # the player is on this page
    error: Refused | None = None
    if request.method == "POST":
        try:
            viewing.begin_viewing(recording=recording, why=request.POST.get("why", ""), by=user, now=now)
            return redirect(request.get_full_path())
        except Refused as refusal:
            error = refusal
    return page(
        request, recording, user, film=film, error=error, typed={"why": request.POST.get("why", "")[:300]}
    )


def page(
    request: HttpRequest,
    recording: Recording,
    user: User,
    *,
    film: Film | None,
    error: Refused | None = None,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    """The page of one recording, with what was refused beside its field."""
    now = time.now()
    said = queries.last_viewing(recording, user, since=now - VIEWING_LASTS)
    gone = not queries.may_be_seen(recording, now)
    context: dict[str, Any] = {
        "recording": recording,
        "meeting": recording.meeting,
        "gone": gone,
        "said": said,
        "error": error,
        "wrong": (error.field or "why") if error else None,
        "typed": typed or {},
        "words": _words(recording, film, past=gone),
        "opening": watching.open_to(recording, user, now),
        "papers": papers_of(missing_for_user(user, Gate.WATCHING)),
        **_of_film(film),
    }
    if can_watch(user.roles):
        context |= _for_leaders(recording, user, now, gone=gone)
    if said is not None and not gone:
        context |= _for_player(recording, user, film, now)
    return render(request, "pages/recordings/show.html", context, status=error.status if error else 200)


def _of_film(film: Film | None) -> dict[str, Any]:
    return {
        "film": film,
        "one_person": film is not None and film.kind == FilmKind.PERSON,
        "making": film is not None and film.state in MAKING,
        "failed": film is not None and film.state == FilmState.FAILED,
        "ready": film is not None and film.state == FilmState.READY,
    }


def _for_leaders(recording: Recording, user: User, now: datetime, *, gone: bool) -> dict[str, Any]:
    """What only those see who may watch every recording."""
    today = timezone.localtime(now).date()
    lasts = max(1.0, queries.length_of(recording, now).total_seconds())
    return {
        "leader": True,
        "certified": queries.certificate_of(recording.public_id) is not None,
        "holds": [(hold, hold.is_overdue(today)) for hold in queries.open_holds(recording)],
        "may_hold": bool(user.roles & HOLDERS),
        "may_delete": bool(user.roles & EARLY_DELETERS),
        "wish": queries.open_early(recording, now),
        "open_now": watching.list_open(recording, now),
        "hosts": watching.list_hosts(recording),
        "most_days": limits.OPENING_LASTS.days,
        "lasts": lasts,
        "watched": [] if gone else watching.list_watched(recording),
    }


def _for_player(recording: Recording, user: User, film: Film | None, now: datetime) -> dict[str, Any]:
    one = next(iter(film.cut.get("keep") or []), "") if film and film.kind == FilmKind.PERSON else ""
    people = watching.list_people(recording)
    return {
        "mark": f"{user.name} · {timezone.localtime(now):%-d %b %H:%M}",
        "chapters": queries.chapters(recording),
        "people": people,
        "person": next((seat for seat in people if seat.public_id == one), None),
        "speeds": SPEEDS,
    }


def chosen_film(recording: Recording, user: User, public_id: str) -> Film | None:
    """The film a page is about: the whole one unless another is named. Raises `Http404`.

    A film that leaves somebody out belongs to the case it was made for; only leaders look at it.
    """
    if not public_id:
        return queries.whole_film(recording)
    film = or_404(queries.get_film(recording, public_id))
    if film.kind == FilmKind.REDACTED and not can_watch(user.roles):
        raise Http404
    return film


def film_address(film: Film) -> str:
    """The page that plays this film."""
    address = reverse("recording", args=[film.recording.public_id])
    return address if film.kind == FilmKind.WHOLE else f"{address}?film={film.public_id}"


def watcher(request: HttpRequest) -> User:
    """Whoever asks, if they may watch. Says no before it looks whether there is such a recording."""
    user = staff_of(request)
    if not can_watch(user.roles):
        raise PermissionDenied
    return user


def viewer(request: HttpRequest, public_id: str) -> tuple[User, Recording]:
    """Whoever asks, if they may watch this recording at this moment, and the recording.

    Who may watch none but what is open to them learns nothing of the others, not even that there are any.
    """
    user, found = staff_of(request), queries.get_recording(public_id)
    if not can_watch(user.roles) and (found is None or not watching.may_watch(found, user, time.now())):
        raise PermissionDenied
    return user, or_404(found)


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
