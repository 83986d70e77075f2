"""The pages of the second step: set up, used, taken away. allauth does it; here it is logged and told."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from circletime.core import time
from circletime.pages import second_step, sign_in
from circletime.pages.who import staff_of
from circletime.people.actions.sign_in import note_second_steps
from circletime.people.second_steps import list_second_steps

View = Callable[..., HttpResponseBase]
Sort = Authenticator.Type


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """How this person signs in: password, passkeys, app and codes on paper."""
    user = staff_of(request)
    kept = list_second_steps(user)
    context = {
        "passkeys": [each for each in kept if each.sort == Sort.WEBAUTHN],
        "app": next((each for each in kept if each.sort == Sort.TOTP), None),
        "paper": next((each for each in kept if each.sort == Sort.RECOVERY_CODES), None),
    }
    return render(request, "mfa/index.html", context)


def told(view: View) -> View:
    """Around a page that changes somebody's second steps: one transaction, the log, and a letter to them."""

    @login_required
    @never_cache
    @wraps(view)
    def around(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, **parts)
        user, now = staff_of(request), time.now()
        with transaction.atomic():
            before = list_second_steps(user)
            answer = view(request, **parts)
            changes = note_second_steps(user=user, before=before, now=now)
            sign_in.tell(user=user, changes=changes, now=now)
        if any(what == "added" and sort != Sort.RECOVERY_CODES for what, sort in changes):
            second_step.passed(request)
        second_step.look_again(request, user)
        return answer

    return around


class Add(webauthn.AddWebAuthnView):
    """A passkey, which the browser keeps: it can sign in without the e-mail address and the password."""

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**more)
        found["js_data"] = {
            "creation_options": auth.begin_registration(staff_of(self.request), passwordless=True)
        }
        return found


class Authenticate(base.AuthenticateView):
    """At sign-in, after the password. Shows the ways that this person has."""

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**more)
        sorts = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        return found | {"has_passkey": Sort.WEBAUTHN in sorts, "has_code": bool(sorts - {Sort.WEBAUTHN})}


class AgainByPasskey(webauthn.ReauthenticateWebAuthnView):
    """Says what was wrong where it was."""

    def form_invalid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return answer

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**more)
        return found | more


class ByPasskey(webauthn.LoginWebAuthnView):
    """Sign in with a passkey and nothing else. What was wrong is said on the sign-in page."""

    def form_invalid(self, form: Any) -> HttpResponse:
        context = {"form": LoginForm(), "passkey_error": get_adapter().error_messages["passkey"]}
        return render(self.request, "account/login.html", context)


def again(view: View) -> View:
    """Around a page where somebody shows once more that it is they: their session goes on under a new key."""

    @login_required
    @never_cache
    @wraps(view)
    def around(request: HttpRequest) -> HttpResponseBase:
        shown = second_step.shown(request)
        answer = view(request)
        if second_step.shown(request) != shown:
            request.session.cycle_key()
            if second_step.shown(request)[-1]["method"] == "mfa":
                second_step.passed(request)
        return answer

    return around


authenticate = never_cache(Authenticate.as_view())
by_passkey = never_cache(ByPasskey.as_view())
again_by_password = again(account.reauthenticate)
again_by_code = again(base.reauthenticate)
again_by_passkey = again(AgainByPasskey.as_view())
add_passkey = told(Add.as_view())
remove_passkey = told(webauthn.remove_webauthn)
set_up_app = told(totp.activate_totp)
remove_app = told(totp.deactivate_totp)
see_codes = login_required(never_cache(codes.view_recovery_codes))
new_codes = told(codes.generate_recovery_codes)
