"""Sign-in with an account that staff have elsewhere, by OpenID Connect. Nobody new comes in by it.

What the provider says is believed when it is signed by its key; who it speaks of is looked for among the
accounts of the school (`people.actions.sign_in.by_school_account`). Nothing of it is kept but the subject.
"""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from circletime.core import time
from circletime.core.errors import NotAllowed
from circletime.people.actions.sign_in import by_school_account
from circletime.people.rules import check_school_account

CALLED_OFF = "You called it off. Sign in with your password, or try again."
TROUBLE = (
    "That did not work: the other place gave no answer that can be used. Try again, or use your password."
)


class Provider(OpenIDConnectOAuth2Adapter):
    """allauth's, which believes nothing that is not signed, and keeps nothing of what it was told."""

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **more: Any) -> SocialLogin:
        login: SocialLogin = super().complete_login(request, app, token, **more)
        request.school_claims = _claims(login.account.extra_data)  # type: ignore[attr-defined]
        login.account.extra_data = {}
        return login

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        found: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
            verify_signature=True,
        )
        return found


class SchoolAccountAdapter(DefaultSocialAccountAdapter):
    """allauth, with the door for new accounts closed and our own look at who comes."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find whose account it is; or a page that says why nobody was signed in."""
        account, claims = sociallogin.account, request.school_claims  # type: ignore[attr-defined]
        try:
            email = check_school_account(
                str(claims.get("email", "")), settings.SCHOOL_DOMAINS, verified=is_verified(claims)
            )
            user = by_school_account(
                provider=account.provider, subject=account.uid, email=email, now=time.now()
            )
        except NotAllowed as refusal:
            raise ImmediateHttpResponse(refused(request, str(refusal), 403)) from refusal
        sociallogin.user = user
        sociallogin.account = SocialAccount.objects.get(provider=account.provider, uid=account.uid)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        """Called off, a state that is not this browser's, a token that does not hold, or no answer at all."""
        words = CALLED_OFF if error == AuthError.CANCELLED else TROUBLE
        raise ImmediateHttpResponse(refused(request, words, 401))


def refused(request: HttpRequest, words: str, status: int) -> HttpResponse:
    """The page that says why nobody was signed in."""
    return render(request, "account/school_account.html", {"words": words}, status=status)


def is_verified(claims: dict[str, Any]) -> bool:
    """Whether the provider vouches for the address. Microsoft says so in a claim of its own (`xms_edov`).

    Google says it also of an address of another mail server, for which it cannot speak for long; the school's
    own is named in `hd`.
    """
    if claims.get("iss") == "https://accounts.google.com" and claims.get("hd") not in settings.SCHOOL_DOMAINS:
        return False
    return claims.get("email_verified") is True or str(claims.get("xms_edov", "")).lower() in ("true", "1")


def _claims(told: dict[str, Any]) -> dict[str, Any]:
    """What the signed token says, and what was asked for with it of the same subject."""
    signed, asked = told.get("id_token"), told.get("userinfo", {})
    if not signed or (asked and asked.get("sub") != signed.get("sub")):
        raise OAuth2Error("no signed token, or of somebody else")
    return {**asked, **signed}
