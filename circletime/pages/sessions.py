"""When a browser of the staff is signed out by itself: unused, too long ago, or because somebody said so."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.utils.dateparse import parse_datetime

from circletime.core import time
from circletime.people.models import User
from circletime.people.rules import is_session_over

BEGAN, SEEN, OVER = "signed_in_at", "seen_at", "signed_out"
"""Where a session keeps when its owner signed in, when they did something last, and that it ended."""

IN_A_MEETING = frozenset({"room", "room-command"})
"""No host is put out of a running meeting by this clock; it has an end of its own, and asks for a key."""

BY_ITSELF = frozenset({"dispatch-progress", "policy-progress"})
"""What an open page asks for while nobody is there."""

WRITTEN_EVERY = 60
"""Seconds: a session is not written anew at each page."""


def begin(request: HttpRequest) -> None:
    """Somebody has signed in at this moment."""
    request.session.pop(OVER, None)
    request.session.set_expiry(0)  # a browser that is closed forgets it as well
    request.session[BEGAN] = request.session[SEEN] = time.now().isoformat()


class SessionLimits:
    """Ends the session of whoever is signed in, when it is over, before a page is shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """The page goes on as for somebody who is not signed in, where it is over."""
        user = request.user
        if not isinstance(user, User):
            return
        now, name = time.now(), request.resolver_match.url_name if request.resolver_match else None
        began, seen = began_at(request), _moment(request, SEEN)
        if began is None or seen is None:  # signed in before there were limits
            begin(request)
        elif name not in IN_A_MEETING and is_session_over(
            began=began, seen=seen, ended=user.sessions_from, now=now
        ):
            logout(request)
            request.session[OVER] = True
        elif name not in BY_ITSELF and (now - seen).total_seconds() >= WRITTEN_EVERY:
            request.session[SEEN] = now.isoformat()


def began_at(request: HttpRequest) -> datetime | None:
    """When whoever is signed in signed in."""
    return _moment(request, BEGAN)


def _moment(request: HttpRequest, name: str) -> datetime | None:
    return parse_datetime(request.session.get(name, ""))
