"""A forgotten password: asked for on a page, answered by the worker.

The page does the same work whatever was typed: it writes one row. Whether that address has an account is
looked up by the worker, and the link is made there, so neither the page nor the time it takes tells who is
known, however slow the mail server is; and no link is ever kept in the database.
"""

import logging
import smtplib

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django import forms
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from circletime.core import time
from circletime.people.actions import answer_password_ask, ask_for_password, take_password_ask
from circletime.people.models import PasswordAsk, User
from circletime.people.queries import find_account, get_school

log = logging.getLogger(__name__)

WORKER = "system:worker"


class ForgottenForm(forms.Form):
    """The address somebody signs in with."""

    email = forms.EmailField(max_length=254)

    def save(self, request: HttpRequest) -> None:
        """Called by allauth's page once the form is right and its throttle allows."""
        ask_for_password(email=self.cleaned_data["email"], now=time.now())


def answer_asks() -> None:
    """Answer everybody who is due."""
    while (ask := take_password_ask(now=time.now())) is not None:
        _answer(ask)


def _answer(ask: PasswordAsk) -> None:
    user, sent = find_account(ask.email), True
    if user is not None:
        try:
            _mail(user).send()
        except OSError as trouble:  # every trouble of smtplib is one; its text names the address
            sent = False
            what = f"{type(trouble).__name__} {getattr(trouble, 'smtp_code', '')}".strip()
            if not _refused_for_good(trouble):
                log.warning("a mail to %s was not sent and is tried again: %s", user.actor, what)
                return
            log.warning("a mail to %s was refused for good: %s", user.actor, what)
    answer_password_ask(ask=ask, user=user, sent=sent, by=WORKER, now=time.now())


def _refused_for_good(trouble: OSError) -> bool:
    """Whether the mail server said that it will never take this mail.

    A sign-in or a sender that it refuses is a setting of ours, which somebody may mend meanwhile.
    """
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in trouble.recipients.values())
    return isinstance(trouble, smtplib.SMTPDataError) and trouble.smtp_code >= 500


def _mail(user: User) -> EmailMessage:
    place = reverse(
        "account_reset_password_from_key",
        args=[user_pk_to_url_str(user), default_token_generator.make_token(user)],
    )
    facts = {"name": user.name, "school": get_school().name, "link": settings.PUBLIC_URL + place}
    return EmailMessage(
        subject="A new password for Circletime",
        body=render_to_string("mail/new_password.txt", facts),
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
