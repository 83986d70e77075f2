"""A forgotten password: asked for on a page, answered by the worker.

The page does the same work whatever was typed: it writes one row. Whether that address has an account is
looked up by the worker, and the link is made there, so neither the page nor the time it takes tells who is
known, however slow the mail server is; and no link is ever kept in the database.
"""

import logging

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django import forms
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from circletime.core import time
from circletime.notices import post
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
    user, refusal = find_account(ask.email), None
    if user is not None:
        with post.connected() as connection:
            refusal = post.send(_mail(user), connection)
        if refusal is not None and not refusal.for_good:
            log.warning("a mail to %s was not sent and is tried again: %s", user.actor, refusal)
            return
        if refusal is not None:
            log.warning("a mail to %s was refused for good: %s", user.actor, refusal)
    answer_password_ask(ask=ask, user=user, sent=refusal is None, by=WORKER, now=time.now())


def link_for(user: User) -> str:
    """Where somebody sets a password, once, for `PASSWORD_RESET_TIMEOUT` seconds from now."""
    word = default_token_generator.make_token(user)
    place = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), word])
    return str(settings.PUBLIC_URL + place)


def _mail(user: User) -> EmailMessage:
    facts = {"name": user.name, "school": get_school().name, "link": link_for(user)}
    return EmailMessage(
        subject="A new password for Circletime",
        body=render_to_string("mail/new_password.txt", facts),
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
