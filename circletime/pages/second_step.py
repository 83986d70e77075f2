"""The second step of signing in: who has to have one, and what a session knows of it (C6, T8).

A password alone opens nothing for whoever may watch recordings: they use a passkey, or a code of an app on
their telephone, or one of the codes they wrote down. What is kept of these is allauth's.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from circletime.core import keyfiles
from circletime.people.models import User
from circletime.people.rules import needs_second_step
from circletime.people.second_steps import has_second_step

PASSED = "second_step"
"""Where a session keeps that its owner showed more than a password."""

OPEN = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "account_change_password",
        "account_reset_password_from_key_done",
        "mfa_index",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_add_webauthn",
        "mfa_activate_totp",
        "mfa_view_recovery_codes",
        "room",
        "room-command",
    }
)
"""What is open without it: setting one up, leaving, and the meeting that somebody is in already."""

SECRETS_KEY = "second_step_key"


def is_required(user: User) -> bool:
    """Whether this person does nothing here without a second step."""
    return settings.SECOND_STEP == "required" and needs_second_step(user.roles)


def has_passed(request: HttpRequest) -> bool:
    """Whether more than a password was shown in this session."""
    return bool(request.session.get(PASSED))


def waits(request: HttpRequest) -> bool:
    """Whether whoever is signed in here has to show more than a password before anything else."""
    user = request.user
    return isinstance(user, User) and not has_passed(request) and is_required(user)


def passed(request: HttpRequest) -> None:
    """Whoever sits at this browser has shown more than a password."""
    request.session[PASSED] = True


def shown(request: HttpRequest) -> list[dict[str, Any]]:
    """What was shown in this session so far, to be signed in or to stay so; the newest last."""
    user = request.user if isinstance(request.user, User) else None
    found: list[dict[str, Any]] = get_authentication_records(request, user)
    return found


def look_again(request: HttpRequest, user: User) -> None:
    """What this session may do after somebody's second steps changed: nothing where none is left."""
    if not has_second_step(user):
        request.session.pop(PASSED, None)


class SecondStepMiddleware:
    """Leads who has to have a second step to where it is set up, or used, whatever they ask for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """Nothing for anybody who is not signed in, or need not, or has."""
        if not waits(request):
            return None
        if request.resolver_match is not None and request.resolver_match.url_name in OPEN:
            return None
        if not has_second_step(cast(User, request.user)):
            return redirect("mfa_index")
        # It was set up in another browser, while this one was signed in with a password.
        back = request.get_full_path() if request.method == "GET" else reverse("home")
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")


class SecondStepAdapter(DefaultMFAAdapter):
    """allauth's second step, in our words, with what is secret locked by a key beside the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That did not work. A code works once, and for half a minute.",
    }

    def encrypt(self, text: str) -> str:
        return _lock(may_make=True).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises `KeyTrouble` when the key is gone, or is another."""
        try:
            return _lock(may_make=False).decrypt(encrypted_text).decode()
        except InvalidToken:
            raise keyfiles.KeyTrouble("The key of the second steps is not the one it was.") from None

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """A passkey belongs to the address that the school gave, whatever a browser says."""
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": "Circletime"}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, Any]:
        own = cast(User, user)
        return super().get_public_key_credential_user_entity(user) | {
            "name": own.email,
            "display_name": own.name,
        }

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return "Passkey" if not number else f"Passkey {number + 1}"


def _lock(*, may_make: bool) -> Fernet:
    path = Path(settings.KEYS) / SECRETS_KEY
    return Fernet(base64.urlsafe_b64encode(keyfiles.read_or_make(path, may_make=may_make)))
