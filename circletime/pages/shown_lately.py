"""Whoever watches, shows, hands out or deletes, or says who may: shows first, once more, that it is they.

Signed in is not enough for these: somebody else may sit at a machine that was left. With a passkey or a code;
with a password only who has nothing else. It holds for a quarter of an hour (`limits.SHOWN_LATELY`).
"""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate, suspend_request
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from circletime.core import time
from circletime.pages.sessions import began_at
from circletime.people.models import User
from circletime.policy.limits import SHOWN_LATELY

ANY: frozenset[str] = frozenset()

ASKED = {
    "recording": ANY,
    "recording-open": ANY,
    "recording-early": ANY,
    "supervised-open": ANY,
    "supervised-link": ANY,
    "redaction-sign-off": ANY,
    "log-export": ANY,
    "protection-export": ANY,
    "protection-person": ANY,
    "exception": frozenset({"grant"}),
    "people-staff-one": frozenset({"roles", "change", "reset", "on"}),
}
"""What is asked before, by the name of its address: each form sent there, or those with these verbs."""

FILES = {"log-export": "log", "protection-export": "protection-person"}
"""Where the answer is a file, its page is shown again first, so that nobody waits on one that stays."""


class ShownLately:
    """Asks, keeps what was sent meanwhile, and goes on with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Nothing for what may be done at any time."""
        name = request.resolver_match.url_name if request.resolver_match else None
        if request.method != "POST" or name is None or name not in ASKED:
            return None
        if ASKED[name] and request.POST.get("verb", "") not in ASKED[name]:
            return None
        return ask_again(request, back=reverse(FILES[name], kwargs=kwargs) if name in FILES else "")


def ask_again(request: HttpRequest, back: str = "") -> HttpResponse | None:
    """The page that asks, or nothing where it was shown lately, or nobody is signed in.

    Afterwards it goes on with what was asked for, or at `back`.
    """
    user = request.user
    if not isinstance(user, User):
        return None
    ways = get_adapter().get_reauthentication_methods(user)
    if not ways:
        return _sign_in_anew(request, back)
    if did_recently_reauthenticate(request):
        return None
    if back:
        return redirect(f"{ways[0]['url']}?{urlencode({'next': back})}")
    answer: HttpResponse = suspend_request(request, ways[0]["url"])
    return answer


def _sign_in_anew(request: HttpRequest, back: str) -> HttpResponse | None:
    # They have neither password nor passkey: the school's account elsewhere is all that they can show.
    began, now = began_at(request), time.now()
    if began is not None and now - began < SHOWN_LATELY:
        return None
    logout(request)
    place = back or (request.get_full_path() if request.method == "GET" else reverse("home"))
    return redirect(f"{reverse('account_login')}?{urlencode({'next': place})}")
