"""Links that were made public: what was seen where, and one press that burns and makes anew (T11)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.oversight.actions.leaks import burn_and_reissue, leave_leak
from circletime.oversight.models import Leak
from circletime.oversight.queries import leaks as queries
from circletime.oversight.rules.leaks import LEAK_READERS, Place, can_burn
from circletime.pages.found import or_404
from circletime.pages.who import staff_of
from circletime.people.models import Pupil, User
from circletime.people.rules import HOSTS


@dataclass(frozen=True)
class Row:
    """One alarm as a page shows it."""

    leak: Leak
    title: str
    children: str
    burns: bool
    button: str
    before: str


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What nobody has answered, softer notices, and what was done about the others."""
    user = _reader(request)
    context = {
        "open": [_row(each, user) for each in queries.list_open_alarms(user)],
        "notices": [_row(each, user) for each in queries.list_open_notices(user, time.now())],
        "answered": [_row(each, user) for each in queries.list_answered(user)],
    }
    return render(request, "pages/leaks/index.html", context)


@login_required
@never_cache
@require_GET
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """One of them, as the letter about it links to it."""
    user = _reader(request)
    return _page(request, user, or_404(queries.get_leak(user, public_id)))


@login_required
@never_cache
@require_POST
def burn(request: HttpRequest, public_id: str) -> HttpResponse:
    """Burn it and make it anew."""
    return _answer(request, public_id, burn_and_reissue)


@login_required
@never_cache
@require_POST
def leave(request: HttpRequest, public_id: str) -> HttpResponse:
    """Leave it as it is, and say why."""
    return _answer(request, public_id, leave_leak, note=request.POST.get("note", ""))


def _answer(request: HttpRequest, public_id: str, act: Callable[..., Leak], **said: str) -> HttpResponse:
    user = _reader(request)
    leak = or_404(queries.get_leak(user, public_id))
    try:
        act(leak=leak, by=user, now=time.now(), **said)
    except Refused as refusal:
        return _page(request, user, or_404(queries.get_leak(user, public_id)), refusal)
    return redirect("leak", public_id)


def _page(request: HttpRequest, user: User, leak: Leak, error: Refused | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "row": _row(leak, user),
        "error": error,
        "typed": request.POST.get("note", "")[:500],
    }
    return render(request, "pages/leaks/show.html", context, status=error.status if error else 200)


def _row(leak: Leak, user: User) -> Row:
    of = ", ".join(each.name for each in leak.classes.all())
    if leak.place == Place.CLASS:
        words = f"{of}'s address with its class ID"
        button = f"Give {of} a new ID and password"
        before = "The cards at home stop working at once. The office is asked to send new ones."
    else:
        words = f"A family's own link, {of}" if leak.place == Place.LINK else "The join page's address"
        button = "Burn it and mail a new one"
        before = "The link stops working at once. The family is mailed a new one."
    burns = can_burn(leak.place) and leak.answered_at is None
    return Row(leak, words, _children(leak, user), burns, button, before)


def _children(leak: Leak, user: User) -> str:
    """Whose link it is: the children as their class knows them, for each host those of the own classes."""
    if leak.link is None:
        return ""
    own = Pupil.objects.filter(households=leak.link.household)
    if not user.roles & LEAK_READERS:
        own = own.filter(school_class__staff=user)
    return ", ".join(pupil.label for pupil in own)


def _reader(request: HttpRequest) -> User:
    user = staff_of(request)
    if not user.roles & (LEAK_READERS | HOSTS):
        raise PermissionDenied
    return user
