"""Letters: what was mailed, what waits, what failed and why, for the office and senior leaders (R2)."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.notices import queries
from circletime.notices.actions import give_up, resend
from circletime.notices.models import Letter
from circletime.notices.rules import State, can_read_letter, can_resend, can_see_letters, can_stop
from circletime.pages.found import or_404
from circletime.pages.who import staff_of
from circletime.people import links
from circletime.people.models import User
from circletime.people.queries import find_unreviewed

SHOWN = 50


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every letter, the newest first, or those that stand in one state."""
    user = _keeper(request)
    state = request.GET.get("state", "")
    chosen = State(state) if state in list(State) else None
    letters = queries.list_letters(user)
    if chosen is not None:
        letters = letters.filter(state=chosen)
    page = Paginator(letters, SHOWN).get_page(request.GET.get("page"))
    context = {
        "rows": [_row(letter, user) for letter in page],
        "page": page,
        "chosen": chosen,
        "counts": [(each, number) for each, number in queries.count_by_state().items() if number],
        "ours": queries.our_trouble(),
    }
    return render(request, "pages/letters/index.html", context)


def _row(letter: Letter, user: User) -> dict[str, Any]:
    emptied = letter.emptied_at is not None
    return {
        "letter": letter,
        "readable": can_read_letter(user.roles, letter.kind) and not emptied,
        "may_resend": can_resend(letter.state, emptied=emptied),
        "may_stop": can_stop(letter.state),
    }


@login_required
@never_cache
@require_GET
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """One letter: where it stands and, for those who may read it, what it says."""
    user = _keeper(request)
    return _page(request, or_404(queries.get_letter(public_id)), user)


@login_required
@never_cache
@require_POST
def again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send it again."""
    return _change(request, public_id, resend)


@login_required
@never_cache
@require_POST
def stop(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send it no more."""
    return _change(request, public_id, give_up)


def _change(request: HttpRequest, public_id: str, act: Callable[..., Letter | None]) -> HttpResponse:
    user = _keeper(request)
    letter = or_404(queries.get_letter(public_id))
    try:
        made = act(letter=letter, by=user, now=time.now())
    except Refused as refusal:
        return _page(request, or_404(queries.get_letter(public_id)), user, refusal)
    return redirect("letter", (made or letter).public_id)


def _page(request: HttpRequest, letter: Letter, user: User, error: Refused | None = None) -> HttpResponse:
    # Nobody of the staff needs a family's link; the letter itself has only the place where it comes.
    context = _row(letter, user) | {
        "error": error,
        "said": links.hide(letter.text),
        "unreviewed": find_unreviewed(letter.language),
    }
    return render(request, "pages/letters/show.html", context, status=error.status if error else 200)


def _keeper(request: HttpRequest) -> User:
    """Whoever asks, if they look after letters. Says no before it looks whether there is such a letter."""
    user = staff_of(request)
    if not can_see_letters(user.roles):
        raise PermissionDenied
    return user
