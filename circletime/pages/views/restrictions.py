"""Contact restrictions: noted by the safeguarding lead and the office, ended by the safeguarding lead."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from circletime.access.actions.stopping import note_restriction
from circletime.core import time
from circletime.core.errors import Refused
from circletime.pages.forms import Field, Form, all_pupils, chosen_pupil, pupil_field, read_day
from circletime.pages.found import or_404
from circletime.pages.who import staff_of
from circletime.people.actions import end_restriction
from circletime.people.models import Pupil, User
from circletime.people.queries import adults_of, get_restriction, list_restrictions
from circletime.people.rules import RESTRICTION_ENDERS, RESTRICTION_NOTERS, RESTRICTION_READERS

END = Form(
    "end",
    "It does not hold any more",
    (Field("end_reason", "Why does it not hold any more?", "textarea"),),
)


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What is noted, and for whom."""
    return _list(request, _reader(request))


def _list(request: HttpRequest, user: User, pk: str = "", error: Refused | None = None) -> HttpResponse:
    today, rows = timezone.localtime(time.now()).date(), []
    for each in list_restrictions():
        form = END
        if error is not None and each.public_id == pk:
            form = END.filled(request.POST, error.field, str(error))
        rows.append((each, _holds(each, today), form))
    context = {
        "rows": rows,
        "may_note": bool(user.roles & RESTRICTION_NOTERS),
        "may_end": bool(user.roles & RESTRICTION_ENDERS),
    }
    return render(request, "pages/restrictions/index.html", context, status=error.status if error else 200)


def _holds(each: Any, today: date) -> bool:
    return each.ended_at is None and (each.until is None or each.until >= today)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Note one: first the child, then whom it is about."""
    user = _reader(request)
    if not user.roles & RESTRICTION_NOTERS:
        raise PermissionDenied
    pupil = chosen_pupil(request.POST if request.method == "POST" else request.GET)
    form, status = _form(pupil), 200
    if request.method == "POST" and pupil is not None:
        try:
            note_restriction(pupil=pupil, by=user, now=time.now(), **_typed(request.POST, pupil))
            return redirect("restrictions")
        except Refused as refusal:
            form, status = form.filled(request.POST, refusal.field, str(refusal)), refusal.status
    return render(request, "pages/restrictions/new.html", {"form": form, "pupil": pupil}, status=status)


def _form(pupil: Pupil | None) -> Form:
    if pupil is None:
        return Form("child", "Next", (pupil_field(all_pupils(), required=True),))
    adults = adults_of(pupil)
    homes = {each.pk: f"Everybody in the household {each}" for each in pupil.households.all()}
    options = (
        *((f"adult-{each.pk}", each.name) for each in adults),
        *((f"household-{pk}", words) for pk, words in homes.items()),
        ("everybody", "Everybody"),
    )
    said = "As: family court order of May, no contact; the order is in the safe."
    return Form(
        "note",
        "Note it",
        (
            Field("whom", "Whom it is about", "select", options=options),
            Field("what", "What is restricted, and who ordered it", "textarea", hint=said),
            Field("since", "From", "date", timezone.localtime(time.now()).date().isoformat()),
            Field(
                "until",
                "Until",
                "date",
                hint="Empty where no end is known.",
                required=False,
                aside="the last day",
            ),
        ),
    )


def _typed(typed: QueryDict, pupil: Pupil) -> dict[str, Any]:
    whom, adults = typed.get("whom", ""), adults_of(pupil)
    adult = next((each for each in adults if whom == f"adult-{each.pk}"), None)
    home = next((each for each in pupil.households.all() if whom == f"household-{each.pk}"), None)
    if adult is None and home is None and whom != "everybody":
        raise Refused("whom", "Choose whom it is about.", field="whom", status=400)
    until = typed.get("until", "").strip()
    if until and read_day(until) is None:
        raise Refused("until", "Choose a day, or leave it empty.", field="until", status=400)
    return {
        "adult": adult,
        "household": home,
        "what": typed.get("what", ""),
        "since": read_day(typed.get("since", "")),
        "until": read_day(until),
    }


@login_required
@never_cache
@require_POST
def end(request: HttpRequest, public_id: str) -> HttpResponse:
    """It does not hold any more."""
    user = _reader(request)
    if not user.roles & RESTRICTION_ENDERS:
        raise PermissionDenied
    found = or_404(get_restriction(public_id))
    try:
        end_restriction(restriction=found, reason=request.POST.get("end_reason", ""), by=user, now=time.now())
    except Refused as refusal:
        return _list(request, user, public_id, refusal)
    return redirect("restrictions")


def _reader(request: HttpRequest) -> User:
    user = staff_of(request)
    if not user.roles & RESTRICTION_READERS:
        raise PermissionDenied
    return user
