"""Staff sign-in: accounts are made by the school, never by sign-up."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import Http404, HttpRequest, HttpResponse

log = logging.getLogger(__name__)

SHUT = (
    "email/",
    "confirm-email/",
    "confirm-email/<str:key>/",
    "password/set/",
    "login/code/confirm/",
)
"""allauth's addresses for changing who an account belongs to. The school does that."""


class StaffAdapter(DefaultAccountAdapter):
    """allauth, with the front door for new accounts closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mail goes to accounts only: a stranger is sent none and, like a post office that is down, it
        changes nothing on the page, so that nobody learns who has an account."""
        if template_prefix == "account/email/unknown_account":
            return
        try:
            super().send_mail(template_prefix, email, context)
        except OSError:  # every trouble of smtplib is one
            log.exception("a mail about an account could not be sent")


def shut(request: HttpRequest, **parts: str) -> HttpResponse:
    """Not here."""
    raise Http404
