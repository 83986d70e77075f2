"""Which language a page speaks: staff read English, families what they choose or are known to read."""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from circletime.core.languages import ENGLISH, LANGUAGES, choose, known
from circletime.core.words import speaking, spoken
from circletime.people.models import Adult

CHOSEN, HOME = "language", "home_languages"
"""Where a session keeps what was chosen, and what the adults of its household read."""
STAFF_ONLY = ("/accounts/", "/mail/", "/hooks/", "/rtc/")


class LanguageMiddleware:
    """Speaks a family's language on every page but those of the staff: signed in, or about to be."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_for_staff(request):
            with speaking(ENGLISH.code):
                return self.get_response(request)
        with speaking(language_of(request)) as one:
            answer = self.get_response(request)
            answer.headers.setdefault("Content-Language", one.code)
        patch_vary_headers(answer, ["Accept-Language", "Cookie"])
        return answer


def is_for_staff(request: HttpRequest) -> bool:
    """Whether this is a page in English for the staff."""
    return request.path.startswith(STAFF_ONLY) or request.user.is_authenticated


def language_of(request: HttpRequest) -> str:
    """The language this browser is spoken to in."""
    asked = [code for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", ""))]
    home = request.session.get(HOME)
    return choose(
        chosen=str(request.session.get(CHOSEN, "")),
        home=home if isinstance(home, list) else [],
        browser=asked,
    )


def remember_home(request: HttpRequest, adults: Iterable[Adult]) -> None:
    """From now on this browser belongs to these adults, and is spoken to as they are."""
    request.session[HOME] = [code for each in adults if (code := known(each.language))]


def switcher(request: HttpRequest) -> dict[str, Any]:
    """Where the switcher of a family's page leads back to. Nothing that was typed stands in it."""
    return {"here": request.path}


@require_http_methods(["GET", "POST"])
@never_cache
def change(request: HttpRequest) -> HttpResponse:
    """Every language in its own name; the chosen one is spoken from now on, on the page one came from."""
    if request.method == "GET":
        context = {
            "every_language": LANGUAGES.values(),
            "now_spoken": spoken(),
            "back": _back(request.GET.get("next", "")),
        }
        return render(request, "pages/language.html", context)
    request.session[CHOSEN] = known(request.POST.get("language", ""))
    return redirect(_back(request.POST.get("next", "")))


def _back(address: str) -> str:
    safe = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if safe else reverse("join")
