"""How a household signs in: an address, a code that comes by mail, and the page is theirs (R2)."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.meetings.throttle import check_door, place_of, wrong_try
from circletime.pages.family_door import come_in, door_of, family_of, go_out
from circletime.pages.language import remember_home
from circletime.pages.views.join import address_of, steady
from circletime.people.codes import LASTS, ask_for_code, end_sign_in, use_code
from circletime.people.families import by_code

ASKED, TYPED = "code_asked", "code_email"
"""Where a session keeps which code it waits for, and the address as it was typed."""
CODES = "family-code"
"""What the throttle counts guesses at codes under."""
WRONG = N_("That code does not work. Look at the newest e-mail, or ask for a new code.")
LONGEST = 254


@require_http_methods(["GET", "POST"])
@steady
def sign_in(request: HttpRequest) -> HttpResponse:
    """Type an address. The answer, and the time it takes, are the same whether or not the school knows it."""
    if request.method == "GET":
        if family_of(request) is not None:
            return redirect("family-home")
        return render(request, "pages/family/sign_in.html", {"email": ""})
    email = request.POST.get("email", "")[:LONGEST].replace("\0", "").strip()
    try:
        _check_email(email)
        asked = ask_for_code(email=email, place=place_of(address_of(request)), now=time.now())
    except Refused as refusal:
        context = {"email": email, "error": str(refusal)}
        return render(request, "pages/family/sign_in.html", context, status=refusal.status)
    request.session[ASKED], request.session[TYPED] = asked.public_id, email
    return redirect("family-code")


@require_http_methods(["GET", "POST"])
@steady
def code(request: HttpRequest) -> HttpResponse:
    """Type the code that came."""
    asked = request.session.get(ASKED)
    if not isinstance(asked, str):
        return redirect("family-sign-in")
    context = {
        "email": request.session.get(TYPED, ""),
        "minutes": int(LASTS.total_seconds() // 60),
        "code": "",
    }
    if request.method == "GET":
        return render(request, "pages/family/code.html", context)
    typed, now, address = request.POST.get("code", "")[:60], time.now(), address_of(request)
    try:
        if not typed.strip():
            raise Refused("empty", _("Type the code from the e-mail."), field="code", status=400)
        check_door(address, CODES, now)
        used = use_code(public_id=asked, typed=typed, now=now)
        if used is None:
            wrong_try(address, CODES, now)
            raise Refused("wrong", _(WRONG), field="code", status=403)
    except Refused as refusal:
        context |= {"error": str(refusal), "code": typed}
        return render(request, "pages/family/code.html", context, status=refusal.status)
    for name in (ASKED, TYPED):
        request.session.pop(name, None)
    come_in(request, {"code": used.public_id}, now)
    family = by_code(used.public_id, now)
    if family is not None:
        remember_home(request, family.adults)
    return redirect("family-home")


@require_GET
@never_cache
def over(request: HttpRequest) -> HttpResponse:
    """What is read by whoever was signed in and is not any more: what to do now."""
    return render(request, "pages/family/over.html")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Out, on this browser; and a code's sign-in everywhere."""
    door = door_of(request)
    if "code" in door:
        end_sign_in(public_id=str(door["code"]), now=time.now())
    go_out(request)
    return redirect("family-sign-in")


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        said = _("Type your e-mail address, as: name@home.example.")
        raise Refused("email", said, field="email", status=400) from None
