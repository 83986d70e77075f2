"""The field for a code, of an app or from paper. Guessing is slow, and no code works twice."""

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django import forms
from django.core.cache import cache

from circletime.core.keyfiles import KeyTrouble
from circletime.people.models import User

APP, ACTION = "allauth.account", "code_failed"


class _Counted(forms.Form):
    user: User

    def clean_code(self) -> str:
        """Count the try as a wrong one until it proves right; the wrong ones of before stay counted."""
        tried = ratelimit.consume(context.request, app=APP, action=ACTION, key=f"code {self.user.pk}")
        if tried is None:
            raise get_account_adapter().validation_error("too_many_login_attempts")
        try:
            code: str = super().clean_code()  # type: ignore[misc]  # of the form that stands beside this
        except KeyTrouble:
            # The doctor says so; a passkey still works.
            raise forms.ValidationError("Codes cannot be checked here just now. Use a passkey.") from None
        if not self._first_time(code):
            raise get_adapter().validation_error("incorrect_code")
        tried.rollback()
        return code

    def _first_time(self, code: str) -> bool:
        # allauth remembers a code for one of the three half minutes in which it is taken.
        lasts = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
        return bool(cache.add(f"code-used-{self.user.pk}-{normalize_user_code(code)}", True, lasts))


class CodeForm(_Counted, AuthenticateForm):
    """At sign-in."""


class CodeAgainForm(_Counted, ReauthenticateForm):
    """When somebody who is signed in shows once more that it is they."""
