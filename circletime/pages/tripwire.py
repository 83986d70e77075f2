"""The tripwire on the families' addresses: a network's program learns nothing, and staff hear of it (T11)."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from circletime.core import time
from circletime.oversight.actions.leaks import note_sighting
from circletime.oversight.rules.leaks import Place, is_noted
from circletime.oversight.rules.networks import NETWORKS, How, recognise
from circletime.people.queries import token_hash

View = Callable[..., HttpResponse]

NOTHING = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Circletime</title>'
    '<meta name="robots" content="noindex, nofollow"></head><body></body></html>'
)
"""What a program that makes previews is shown, whatever it asked for."""

UNSEEN = "noindex, nofollow"


def tripwired(place: Place) -> Callable[[View], View]:
    """Watch one of the families' addresses.

    A network's program never comes as far as the view: whether a link works is not looked up for it, and no
    session begins. A person who comes from there goes on to the view as everybody does.
    """

    def around(view: View) -> View:
        @wraps(view)
        def watched(request: HttpRequest, **parts: str) -> HttpResponse:
            seen = recognise(
                agent=request.headers.get("User-Agent", ""),
                referer=request.headers.get("Referer", ""),
                query=request.META.get("QUERY_STRING", ""),
            )
            if seen is None:
                return view(request, **parts)
            if is_noted(place, seen.network.sort):
                written = "".join(parts.values())
                key = token_hash(written if place == Place.LINK else written.lower()) if written else ""
                note_sighting(place=place, key=key, network=seen.network.key, how=seen.how, now=time.now())
            return _nothing() if seen.how == How.FETCHED else view(request, **parts)

        return watched

    return around


def _nothing() -> HttpResponse:
    answer = HttpResponse(NOTHING)
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "no-store"
    return answer


class Unindexed:
    """Every answer asks search engines to stay away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        answer.headers.setdefault("X-Robots-Tag", UNSEEN)
        return answer


@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Nobody is to come; but a program whose coming tells of a leak is not kept from the families' addresses.

    One that keeps to this page would otherwise never ask for them, and nobody would hear that they are out.
    What it is shown there is nothing.
    """
    known = sorted({_name(sign) for each in NETWORKS for sign in each.crawlers})
    lines = [f"User-agent: {name}" for name in known]
    lines += ["Allow: /join/", "Allow: /f/", "Disallow: /", "", "User-agent: *", "Disallow: /", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def _name(sign: str) -> str:
    return sign.rsplit(" + ", 1)[-1].split("/")[0]
