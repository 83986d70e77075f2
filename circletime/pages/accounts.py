"""Staff sign-in: accounts are made by the school, never by sign-up."""

import logging
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.core.internal import ratelimit
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from circletime.core import time
from circletime.pages import second_step, sessions
from circletime.people.actions import set_password
from circletime.people.actions.sign_in import note_sign_in
from circletime.people.models import User
from circletime.people.queries import find_account

log = logging.getLogger(__name__)

AGAIN = {"mfa_reauthenticate:webauthn": "Use a passkey", "mfa_reauthenticate": "Use a code"}
"""The ways, better than a password, in which somebody shows once more that it is they; the best first."""

APP, HERE = "allauth.account", "login_failed_here"


class StaffAdapter(DefaultAccountAdapter):
    """allauth, with the front door for new accounts closed, our words, and the log told."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "That did not work. Check the e-mail address and the password.",
        "too_many_login_attempts": "That was wrong too often. Please wait five minutes, then try again.",
        "enter_current_password": "That is not your password.",
        "incorrect_password": "That is not your password.",
        "passkey": "That passkey is not known here. Sign in with your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **more: Any) -> None:
        """Our pages say themselves what has happened."""

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_reset_password_from_key_done")

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        own = cast(User, user)
        set_password(user=own, password=password, by=own, now=time.now())

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try as a wrong one until it proves right, here first: who has to wait does not use up
        what the account has left for others."""
        self._here = ratelimit.consume(
            request, app=APP, action=HERE, key=self._account_here(request, **credentials)
        )
        if not self._here:
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Signed in, under a new session key. What was shown for it counts as shown just now."""
        super().login(request, user)
        sessions.begin(request)
        shown = get_authentication_records(request, user)
        if shown:
            shown[-1]["reauthenticated"] = True
            request.session[AUTHENTICATION_METHODS_SESSION_KEY] = shown
        if any(each["method"] == "mfa" for each in shown):
            second_step.passed(request)
        ways = [str(each.get("type") or each.get("provider") or each["method"]) for each in shown]
        note_sign_in(user=cast(User, user), ways=ways, now=time.now())

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Somebody typed what is wrong. The log says for whom it was tried, and never what was typed."""
        super().authentication_failed(request, **credentials)
        user = find_account(str(credentials.get("email", "")))
        log.warning("a sign-in failed: %s", user.actor if user is not None else "no such account")

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """A passkey first, then a code; a password only of who has nothing else."""
        ways = {each["id"]: each for each in super().get_reauthentication_methods(user)}
        better = [ways[name] | {"description": words} for name, words in AGAIN.items() if name in ways]
        return better or list(ways.values())

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Whether this is the account's password. allauth looks in its own table of addresses, which
        the school's accounts are not in."""
        return self.authenticate(self.request, email=cast(User, user).email, password=password) == user

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        if self._here:
            self._here.rollback()

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        super()._delete_login_attempts_cached_email(request, **credentials)
        ratelimit.clear(request, app=APP, action=HERE, key=self._account_here(request, **credentials))

    def _account_here(self, request: HttpRequest, **credentials: Any) -> str:
        return f"{ratelimit.get_ip(request)} {self._get_login_attempts_cache_key(request, **credentials)}"


def shut(request: HttpRequest, **parts: str) -> HttpResponse:
    """Not here: who an account belongs to is changed by the school."""
    raise Http404
