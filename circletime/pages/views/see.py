"""The other page of a viewing, and the page where a copy is taken: for somebody with a personal link (T10).

An address that is unknown, burned, over, or open in another browser is answered alike.
"""

from collections.abc import AsyncIterator, Iterator
from functools import wraps

from asgiref.sync import sync_to_async
from cryptography.exceptions import InvalidTag
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from circletime.access import copy as pages
from circletime.access.actions import copy as copies
from circletime.access.actions import viewing as actions
from circletime.access.models import Copy, ViewingSession
from circletime.access.queries import viewing as queries
from circletime.access.rules.viewing import Light
from circletime.core import time
from circletime.core.errors import Refused
from circletime.core.words import N_, _
from circletime.pages.views.join import View
from circletime.recordings.film import pieces
from circletime.recordings.film.playback import FilmReader
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Film
from circletime.recordings.queries import key_of
from circletime.recordings.vault import VaultDamaged

COOKIE = "viewing"
COPY_COOKIE = "copy"
WORDS = {
    "early": N_("It is not time yet"),
    "waiting": N_("Waiting for the member of staff"),
    "away": N_("The member of staff is away. It goes on when they are back"),
    "over": N_("This viewing is over"),
    "lost": N_("The connection is gone for a moment"),
    "old": N_("This browser cannot show it. Use a newer one, or ask the school to watch there"),
    "late": N_("The film does not come just now. It is asked for again and goes on by itself"),
    "playing": N_("Playing"),
    "paused": N_("Paused"),
}
"""What the page's script says."""


def hidden(view: View) -> View:
    """Keep nothing of the answer, and stay out of search engines."""

    @wraps(view)
    def hid(request: HttpRequest, *args: str, **named: str) -> HttpResponse:
        answer = view(request, *args, **named)
        answer["X-Robots-Tag"] = "noindex, nofollow"
        return answer

    return never_cache(hid)


@require_http_methods(["GET", "POST"])
@hidden
def see(request: HttpRequest, secret: str) -> HttpResponse:
    """The dark page. Opening it by hand binds it to this browser; a program that only looks binds nothing."""
    session, now = queries.session_by_link(secret), time.now()
    if session is None:
        return _nothing(request)
    if queries.is_bound_to(session, _remembered(request, COOKIE)):
        words = {name: _(sentence) for name, sentence in WORDS.items()}
        context = {"secret": secret, "mark": queries.mark_of(session), "session": session, "words": words}
        return render(request, "pages/access/see.html", context)
    if session.browser_hash:
        actions.stranger(session=session, now=now)
        return _nothing(request)
    light = queries.light_of(session, now)
    if light == Light.OVER:
        return _nothing(request)
    if request.method == "GET" or light == Light.EARLY:
        context = {"early": light == Light.EARLY, "invitation": session.invitation}
        return render(request, "pages/access/see_begin.html", context)
    try:
        browser = actions.bind(session=session, now=now)
    except Refused:
        return _nothing(request)
    answer = redirect("see", secret)
    _remember(request, answer, COOKIE, browser, reverse("see", args=[secret]))
    return answer


@require_GET
@hidden
def state(request: HttpRequest, secret: str) -> HttpResponse:
    """What the page has to show at this moment. It asks every second."""
    session, now = _bound(request, secret), time.now()
    if session is None:
        return JsonResponse({"light": Light.OVER}, status=404)
    told = queries.state_for_viewer(session, now)
    if told["light"] != Light.OVER:
        actions.viewer_asked(session=session, now=now)
    return JsonResponse(told)


@require_GET
@hidden
def piece(request: HttpRequest, secret: str, film_id: str, number: int) -> HttpResponse:
    """A piece of the film, when the leader is there and near that place; else nothing at all.

    It is asked for whole: a range is no part of what this address knows.
    """
    session, now = _bound(request, secret), time.now()
    film = queries.piece_now(session, film_id, number, now) if session is not None else None
    if film is None:
        return HttpResponse(status=404)
    try:
        with FilmReader(film) as opened:
            body = pieces.piece(opened, number)
    except (pieces.NoPiece, KeyTrouble, VaultDamaged, OSError):
        return HttpResponse(status=404)
    answer = HttpResponse(body, content_type="video/mp4", status=200 if body else 204)
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


@require_http_methods(["GET", "POST"])
@hidden
def take(request: HttpRequest, secret: str) -> HttpResponse:
    """A copy: what it is, and a button that begins to send it. It is made while it is sent."""
    copy, now = queries.copy_by_link(secret), time.now()
    browser = _remembered(request, COPY_COOKIE)
    if copy is None or queries.copy_film(copy, browser, now) is None:
        return _nothing(request)
    if request.method == "GET":
        return render(request, "pages/access/take.html", {"copy": copy, "again": copy.begun_at is not None})
    try:
        stretched = pages.unwrap(
            bytes(copy.wrapped), key_of(copy.redaction.case_recording.recording), copy.public_id
        )
        film, known = copies.begin(copy=copy, browser=browser, now=now)
        opened = FilmReader(film)
    except (Refused, KeyTrouble, VaultDamaged, OSError, InvalidTag):
        return _nothing(request)
    parts = pages.page(opened.pieces(), stretched, bytes(copy.salt), copy.public_id)
    answer = StreamingHttpResponse(_sent(copy, film, opened, parts), content_type="application/octet-stream")
    answer["Content-Disposition"] = 'attachment; filename="recording.html"'
    _remember(request, answer, COPY_COOKIE, known, reverse("take", args=[secret]))
    return answer  # type: ignore[return-value]


async def _sent(copy: Copy, film: Film, opened: FilmReader, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The page; once its last byte was taken, the copy counts as taken.

    Between two parts it is looked whether it may still be sent.
    """
    following = sync_to_async(lambda: next(parts, None))
    going = sync_to_async(queries.copy_goes_on)
    try:
        while (part := await following()) is not None:
            if not await going(copy.pk, time.now()):
                return
            yield part
        await sync_to_async(copies.taken)(copy=copy, now=time.now())
    finally:
        opened.close()


def _bound(request: HttpRequest, secret: str) -> ViewingSession | None:
    """The viewing of this link, if this is the browser it is bound to."""
    session = queries.session_by_link(secret)
    if session is None or not queries.is_bound_to(session, _remembered(request, COOKIE)):
        return None
    return session


def _name(request: HttpRequest, name: str) -> str:
    # A browser takes a cookie of such a name over https alone. It is of one path, so __Host- would not do.
    return f"__Secure-{name}" if request.is_secure() else name


def _remembered(request: HttpRequest, name: str) -> str:
    return request.COOKIES.get(_name(request, name), "")


def _remember(request: HttpRequest, answer: HttpResponseBase, name: str, value: str, path: str) -> None:
    answer.set_cookie(
        _name(request, name),
        value,
        max_age=60 * 60 * 24,
        path=path,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def _nothing(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/access/nothing.html", status=404)
