"""Which family a browser belongs to: its session holds what it came in with; each request asks it again."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from circletime.core import time
from circletime.people.families import SESSION_LASTS, Family, find_family

DOOR = "door"

View = Callable[..., HttpResponse]


def come_in(request: HttpRequest, door: dict[str, Any], now: datetime) -> None:
    """From now on this browser has come by this door and no other, until the day is over."""
    if request.session.session_key is not None:  # one that begins here gets a key of its own anyway
        request.session.cycle_key()
    request.session[DOOR] = door | {"since": now.timestamp()}
    request.session.set_expiry(SESSION_LASTS)


def door_of(request: HttpRequest) -> dict[str, Any]:
    """What the browser came in with; nothing once it has been in for too long."""
    door = request.session.get(DOOR)
    if not isinstance(door, dict):
        return {}
    since = door.get("since")
    old = not isinstance(since, float) or since < (time.now() - SESSION_LASTS).timestamp()
    return {} if old else door


def family_of(request: HttpRequest) -> Family | None:
    """The family this browser belongs to at this moment, or None."""
    door = door_of(request)
    return find_family(door, time.now()) if "link" in door or "code" in door else None


def came_as_family(request: HttpRequest) -> bool:
    """Whether this browser was signed in as a family, even where that is over by now."""
    door = request.session.get(DOOR)
    return isinstance(door, dict) and bool(door.keys() & {"link", "code"})


def go_out(request: HttpRequest) -> None:
    """Forget the family, and the seats its children had."""
    if request.user.is_authenticated:
        request.session.pop(DOOR, None)
    else:
        request.session.flush()


def for_family(view: View) -> View:
    """A page for whoever is signed in as a family; others are told how to come in."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **parts: Any) -> HttpResponse:
        family = family_of(request)
        if family is None:
            return redirect("family-over" if came_as_family(request) else "family-sign-in")
        return view(request, family, *args, **parts)

    return asked
