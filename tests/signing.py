"""A browser that somebody has just signed in with, as if by a passkey, without the pages it takes."""

import time
from typing import Any

from django.test import Client

from circletime.people.models import User


def sign_in(client: Client, user: User, *, seconds_ago: float = 0, second_step: bool = True) -> Client:
    """Sign somebody in; with a password alone where there is no `second_step`."""
    from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY  # needs the apps

    from circletime.pages.second_step import PASSED

    client.force_login(user)
    session: Any = client.session
    method = {"method": "mfa", "type": "webauthn"} if second_step else {"method": "password"}
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        method | {"at": time.time() - seconds_ago, "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    if second_step:
        session[PASSED] = True
    session.save()
    return client
