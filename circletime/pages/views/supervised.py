"""The leader's page of a viewing: they open it, play, pause, go on, and close it (T10)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from circletime.access.actions import viewing as actions
from circletime.access.models import Invitation
from circletime.access.queries import viewing as queries
from circletime.access.queries.redaction import seconds_of
from circletime.access.rules.redaction import can_mark
from circletime.access.rules.viewing import Light, opens_at
from circletime.core import time
from circletime.core.errors import NotAllowed, Refused
from circletime.pages.found import or_404
from circletime.pages.views.redaction import send
from circletime.pages.who import staff_of
from circletime.people.models import User


@login_required
@never_cache
@require_GET
def supervised(request: HttpRequest, public_id: str) -> HttpResponse:
    """Before it: what to do. While it is open: the player. After it: who was there, and what was shown."""
    user, found = _leader(request, public_id)
    return _page(request, found, user)


def _beside(*, typed: QueryDict, **who: Any) -> None:
    name, checked = typed.get("name", "")[:200], typed.get("checked") == "yes"
    actions.beside(name=name, checked=checked, **who)


def _plain(action: Callable[..., Any]) -> Callable[..., Any]:
    def act(*, typed: QueryDict, **who: Any) -> None:
        action(**who)

    return act


VERBS: dict[str, Callable[..., Any]] = {
    "open": _plain(actions.open_viewing),
    "close": _plain(actions.close),
    "longer": _plain(actions.longer),
    "burn": _plain(actions.burn_link),
    "beside": _beside,
}
"""What each button of the page does."""


@login_required
@never_cache
@require_POST
def change(request: HttpRequest, public_id: str, verb: str) -> HttpResponse:
    """Press one of its buttons."""
    user, found = _leader(request, public_id)
    try:
        VERBS[verb](typed=request.POST, invitation=found, by=user, now=time.now())
    except NotAllowed as refusal:
        raise PermissionDenied from refusal
    except Refused as refusal:
        return _page(request, found, user, refusal)
    return redirect("supervised", found.public_id)


@login_required
@never_cache
@require_POST
def link(request: HttpRequest, public_id: str) -> HttpResponse:
    """A fresh personal link. It is on the answer to this and nowhere else."""
    user, found = _leader(request, public_id)
    try:
        secret = actions.make_link(invitation=found, by=user, now=time.now())
    except Refused as refusal:
        return _page(request, found, user, refusal)
    return _page(request, found, user, link=request.build_absolute_uri(reverse("see", args=[secret])))


@login_required
@never_cache
@require_POST
def here(request: HttpRequest, public_id: str) -> JsonResponse:
    """What the leader's page says every two seconds: it is open, and its player is there."""
    user, found = _leader(request, public_id)
    now = time.now()
    try:
        at = float(request.POST.get("at", ""))
    except ValueError:
        return JsonResponse({"error": "That is no place in a film."}, status=400)
    try:
        session = actions.here(
            invitation=found,
            recording=request.POST.get("recording", ""),
            at=at,
            playing=request.POST.get("playing") == "yes",
            by=user,
            now=now,
        )
    except Refused as refusal:
        return JsonResponse({"error": str(refusal)}, status=refusal.status)
    told = {
        "playing": session.playing,
        "viewer": queries.viewer_is_there(session, now),
        "strangers": session.strangers,
        "left": max(0, round((session.ends_at - now).total_seconds())),
    }
    return JsonResponse(told)


@login_required
@require_safe
def film(request: HttpRequest, public_id: str, recording_id: str) -> HttpResponseBase:
    """The bytes of an approved film, for the leader, while their viewing is open."""
    user, found = _leader(request, public_id)
    now, session = time.now(), queries.session_of(found)
    if session is None or session.leader_id != user.pk:
        raise PermissionDenied
    if session.opened_at is None or queries.light_of(session, now) not in (Light.ON, Light.AWAY):
        raise Http404
    films = {row.recording.public_id: made for row, made in queries.to_show(session, now)}
    return send(request, or_404(films.get(recording_id)))


def _leader(request: HttpRequest, public_id: str) -> tuple[User, Invitation]:
    """Whoever asks, if they may lead viewings. The actions look whether it is they who lead this one."""
    user = staff_of(request)
    if not can_mark(user.roles):
        raise PermissionDenied
    return user, or_404(queries.get_invitation(public_id))


def _page(
    request: HttpRequest, found: Invitation, user: User, error: Refused | None = None, link: str = ""
) -> HttpResponse:
    now, session = time.now(), queries.session_of(found)
    is_lit = queries.light_of(session, now) if session is not None else queries.light_before(found, now)
    context: dict[str, Any] = {
        "invitation": found,
        "case": found.case,
        "session": session,
        "light": is_lit.value,
        "mine": found.leader_id == user.pk,
        "opens_at": opens_at(found.starts_at),
        "open": session is not None and session.opened_at is not None and is_lit != Light.OVER,
        "over": is_lit == Light.OVER,
        "films": [
            {
                "recording": row.recording,
                "meeting": row.recording.meeting,
                "seconds": seconds_of(row, now),
            }
            for row, _ in queries.films_of(found.case, now)
        ],
        "link": link,
        "error": error,
        "wrong": error.field if error else None,
        "typed": request.POST.get("name", "")[:200] or found.case.asker_name,
    }
    if session is not None:
        context["account"] = queries.account_of(session)
        stamp = timezone.localtime(now)
        context["mark"] = f"{queries.mark_of(session)} · {user.name} · {stamp:%-d %b %H:%M}"
        context["ends_at"] = session.ends_at if session.opened_at is not None else found.ends_at
        context["lasts"] = timedelta(minutes=found.minutes)
    return render(request, "pages/access/supervised.html", context, status=error.status if error else 200)
