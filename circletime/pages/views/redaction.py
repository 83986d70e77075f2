"""Leaving others out of a film for one request: marks, the film, its approval, and the copy (T10)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from circletime.access.actions import copy as copies
from circletime.access.actions import redaction as actions
from circletime.access.models import CaseRecording, Redaction
from circletime.access.queries import redaction as queries
from circletime.access.queries.viewing import copies_of
from circletime.access.rules.redaction import Why, can_approve, can_mark, can_sign_off, clock, read_clock
from circletime.core import time
from circletime.core.errors import Refused
from circletime.pages import film_bytes
from circletime.pages.found import or_404
from circletime.pages.who import staff_of
from circletime.people.models import User
from circletime.recordings.actions.viewing import begin_viewing
from circletime.recordings.film.playback import FilmReader
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Film
from circletime.recordings.queries import last_viewing, may_be_seen, whole_film
from circletime.recordings.rules import VIEWING_LASTS, FilmState
from circletime.recordings.vault import VaultDamaged

TYPED = ("begins", "ends", "seat", "why", "note")
LONGEST_TYPED = 300
"""Of what was typed, so many characters come back to the page."""


@login_required
@never_cache
@require_GET
def redaction(request: HttpRequest, case_id: str, recording_id: str) -> HttpResponse:
    """The film as it would be seen, what is marked in it, and who agreed.

    A reader that wants JSON is told how far the film is.
    """
    user, found = _marker(request, case_id, recording_id)
    if request.headers.get("Accept") == "application/json":
        film = _film_of(queries.redaction_of(found))
        return JsonResponse({"state": film.state if film else "", "percent": film.percent if film else 0})
    return _page(request, found, user)


def _mark(*, typed: QueryDict, **who: Any) -> None:
    actions.mark(
        begins=read_clock(typed.get("begins", ""), field="begins"),
        ends=read_clock(typed.get("ends", ""), field="ends"),
        seat=typed.get("seat", ""),
        picture="picture" in typed,
        sound="sound" in typed,
        why=typed.get("why", ""),
        note=typed.get("note", "")[:LONGEST_TYPED],
        **who,
    )


def _compare(*, typed: QueryDict, case_recording: CaseRecording, by: User, now: datetime) -> None:
    """Have the whole recording beside it; that is written down as every watching is (T8)."""
    why = f"Request {case_recording.case_id}: to see what has to be left out"
    begin_viewing(recording=case_recording.recording, why=why, by=by, now=now)


def _call_back(*, typed: QueryDict, case_recording: CaseRecording, by: User, now: datetime) -> None:
    named = {copy.public_id: copy for copy in copies_of(case_recording)}
    copies.call_back(copy=or_404(named.get(typed.get("copy", ""))), by=by, now=now)


VERBS: dict[str, Callable[..., Any]] = {
    "mark": _mark,
    "unmark": lambda *, typed, **who: actions.unmark(mark=typed.get("mark", ""), **who),
    "make": lambda *, typed, **who: actions.make(**who),
    "approve": lambda *, typed, **who: actions.approve(film=typed.get("film", ""), **who),
    "compare": _compare,
    "call-back": _call_back,
}
"""What each button of the page does."""


@login_required
@never_cache
@require_POST
def change(request: HttpRequest, case_id: str, recording_id: str, verb: str) -> HttpResponse:
    """Press one of its buttons."""
    user, found = _marker(request, case_id, recording_id)
    try:
        VERBS[verb](typed=request.POST, case_recording=found, by=user, now=time.now())
    except Refused as refusal:
        return _page(request, found, user, refusal)
    return redirect("redaction", found.case.public_id, found.recording.public_id)


@login_required
@never_cache
@require_POST
def sign_off(request: HttpRequest, case_id: str, recording_id: str) -> HttpResponse:
    """Let a copy leave the school. Its link and its passphrase are on the answer to this and nowhere else."""
    user, found = _marker(request, case_id, recording_id)
    try:
        copy, secret, passphrase = copies.sign_off(case_recording=found, by=user, now=time.now())
    except Refused as refusal:
        return _page(request, found, user, refusal)
    link = request.build_absolute_uri(reverse("take", args=[secret]))
    return _page(request, found, user, given={"link": link, "passphrase": passphrase, "copy": copy})


@login_required
@require_safe
def film(request: HttpRequest, case_id: str, recording_id: str) -> HttpResponseBase:
    """The bytes of the film that is worked on, for those who may work on it."""
    _, found = _marker(request, case_id, recording_id)
    made = _film_of(queries.redaction_of(found))
    if made is None or made.state != FilmState.READY or not may_be_seen(found.recording, time.now()):
        raise Http404
    return send(request, made)


def send(request: HttpRequest, made: Film) -> HttpResponseBase:
    """A film, or the part of it that was asked for. Who asks was checked."""
    try:
        opened = FilmReader(made)
    except (KeyTrouble, VaultDamaged, OSError) as trouble:
        raise Http404 from trouble
    return film_bytes.answer_with(request, opened)


def _marker(request: HttpRequest, case_id: str, recording_id: str) -> tuple[User, CaseRecording]:
    """Whoever asks, if they may work on films. Says no before it looks whether there is such a request."""
    user = staff_of(request)
    if not can_mark(user.roles):
        raise PermissionDenied
    return user, or_404(queries.get_case_recording(case_id, recording_id))


def _film_of(decided: Redaction | None) -> Film | None:
    return decided.film if decided is not None else None


def _page(
    request: HttpRequest,
    found: CaseRecording,
    user: User,
    error: Refused | None = None,
    given: dict[str, Any] | None = None,
) -> HttpResponse:
    now = time.now()
    decided = queries.redaction_of(found)
    made = _film_of(decided)
    own = set(found.seats)
    length = queries.seconds_of(found, now)
    marks = queries.open_marks(decided) if decided is not None else []
    makers = set(decided.makers.values_list("pk", flat=True)) if decided is not None else set[int]()
    approved = queries.approved_film(found, now)
    said = last_viewing(found.recording, user, since=now - VIEWING_LASTS)
    whole = whole_film(found.recording)
    context: dict[str, Any] = {
        "case": found.case,
        "recording": found.recording,
        "meeting": found.recording.meeting,
        "gone": not may_be_seen(found.recording, now),
        "film": made,
        "making": made is not None and made.state in (FilmState.WAITING, FilmState.MAKING),
        "failed": made is not None and made.state == FilmState.FAILED,
        "ready": made is not None and made.state == FilmState.READY,
        "current": decided is not None and queries.is_current(decided),
        "decided": decided,
        "approved": approved,
        "mine": user.pk in makers,
        "may_approve": can_approve(user.roles, user.pk, makers),
        "may_sign_off": can_sign_off(user.roles, user.pk, makers),
        "marks": [
            {
                "mark": each,
                "begins": clock(each.begins),
                "ends": clock(each.ends),
                "width": each.ends - each.begins,
                "whom": queries.whom_words(each.seat, own),
                "what": queries.what_words(each),
            }
            for each in marks
        ],
        "people": [(seat.public_id, queries.whom_words(seat, own)) for seat in queries.kept_seats(found)],
        "reasons": list(Why),
        "length": length,
        "over": clock(length),
        "beside": said is not None and whole is not None and whole.state == FilmState.READY,
        "may_compare": whole is not None and whole.state == FilmState.READY,
        "copies": copies_of(found),
        "now": now,
        "given": given,
        "typed": {name: request.POST.get(name, "")[:LONGEST_TYPED] for name in TYPED}
        | {name: name in request.POST or request.method == "GET" for name in ("picture", "sound")},
        "error": error,
        "wrong": error.field if error else None,
    }
    return render(request, "pages/access/redaction.html", context, status=error.status if error else 200)
