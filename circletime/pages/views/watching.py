"""Watching one recording: a film's bytes, what was played, one person's film, and who else may watch (T8)."""

from functools import partial

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from circletime.core import time
from circletime.core.errors import Refused
from circletime.pages import film_bytes
from circletime.pages.found import or_404
from circletime.pages.views import recordings
from circletime.pages.views.recordings import viewer, watcher
from circletime.people.models import User
from circletime.recordings import queries, spans, watching
from circletime.recordings.actions import film as film_actions
from circletime.recordings.actions import openings, viewing
from circletime.recordings.film.cut import Cut
from circletime.recordings.film.playback import FilmReader
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Recording, Viewing
from circletime.recordings.rules import VIEWING_LASTS, FilmKind, FilmState
from circletime.recordings.vault import VaultDamaged

LONGEST_TOLD = 20_000
"""Characters of one word about what was played."""


@login_required
@require_safe
def film(request: HttpRequest, public_id: str, film_id: str = "") -> HttpResponseBase:
    """The film's bytes, or a part of them. Who asks is looked at anew for each piece."""
    user, recording = viewer(request, public_id)
    said = _said(recording, user)
    found = recordings.chosen_film(recording, user, film_id)
    if found is None or found.state != FilmState.READY or not queries.may_be_seen(recording, time.now()):
        raise Http404
    try:
        opened = FilmReader(found)
    except (KeyTrouble, VaultDamaged, OSError) as trouble:
        raise Http404 from trouble
    noted = partial(viewing.note_sent, viewing=said, film=found, size=opened.size, now=time.now())
    return film_bytes.answer_with(request, opened, lambda part: noted(part=part))


@login_required
@never_cache
@require_POST
def watched(request: HttpRequest, public_id: str) -> HttpResponse:
    """The player says which seconds it played since it last said so."""
    user, recording = viewer(request, public_id)
    said = _said(recording, user)
    text = request.POST.get("played", "")
    try:
        if len(text) > LONGEST_TOLD:
            raise ValueError("too long")
        told = spans.read_told(text)
    except (ValueError, RecursionError, OverflowError):
        return HttpResponse(status=400)
    viewing.note_played(viewing=said, told=told, by=user, now=time.now())
    return HttpResponse(status=204)


@login_required
@require_POST
def make(request: HttpRequest, public_id: str) -> HttpResponse:
    """Have a film made that could not be made before."""
    user = watcher(request)
    recording = or_404(queries.get_recording(public_id))
    found = or_404(recordings.chosen_film(recording, user, request.POST.get("film", "")))
    try:
        film_actions.ask_again(film=found, by=user, now=time.now())
    except Refused:
        pass  # it is being made already, or is there: the page says so
    return redirect(recordings.film_address(found))


@login_required
@require_POST
def one_person(request: HttpRequest, public_id: str) -> HttpResponse:
    """Choose whose picture is shown; their film is made when there is none yet."""
    user, recording = viewer(request, public_id)
    _said(recording, user)
    wanted = request.POST.get("person", "")
    if not wanted:
        return redirect("recording", recording.public_id)
    if wanted not in {seat.public_id for seat in watching.list_people(recording)}:
        raise Http404
    if not queries.may_be_seen(recording, time.now()):
        return redirect("recording", recording.public_id)
    try:
        cut = Cut(keep=frozenset({wanted}))
        found = film_actions.ask(
            recording=recording, kind=FilmKind.PERSON, cut=cut, by=user.actor, now=time.now()
        )
    except Refused:
        return redirect("recording", recording.public_id)  # it is still recorded: the page says so
    return redirect(recordings.film_address(found))


@login_required
@never_cache
@require_POST
def open_it(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let whoever hosted the meeting watch, for some days."""
    user = watcher(request)
    recording = or_404(queries.get_recording(public_id))
    typed = {name: request.POST.get(name, "")[:400] for name in ("user", "reason", "days")}
    chosen = User.objects.filter(pk=_number(typed["user"]) or 0).first()
    try:
        openings.open_to_host(
            recording=recording,
            user=chosen,
            reason=typed["reason"],
            days=_number(typed["days"]),
            by=user,
            now=time.now(),
        )
    except Refused as refusal:
        whole = queries.whole_film(recording)
        return recordings.page(request, recording, user, film=whole, error=refusal, typed=typed)
    return redirect("recording", recording.public_id)


@login_required
@require_POST
def close_it(request: HttpRequest, public_id: str, opening_id: str) -> HttpResponse:
    """Close it again before its time."""
    user = watcher(request)
    recording = or_404(queries.get_recording(public_id))
    opening = or_404(recording.openings.filter(public_id=opening_id).first())
    openings.close(opening=opening, by=user, now=time.now())
    return redirect("recording", recording.public_id)


def _said(recording: Recording, user: User) -> Viewing:
    said = queries.last_viewing(recording, user, since=time.now() - VIEWING_LASTS)
    if said is None:
        raise PermissionDenied
    return said


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
