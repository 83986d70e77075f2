"""Codes for families, mailed by the worker: it looks up whose an address is, and no page does.

They do not go through the outbox, whose letters are kept for weeks and read by the office: whoever reads a
code while it works could sign in with it.
"""

import logging

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from circletime.core import time
from circletime.core.addresses import check_address
from circletime.notices import post
from circletime.people.codes import code_ask_answered, new_code, take_code_ask
from circletime.people.families import find_adults
from circletime.people.models import Adult, MailCode
from circletime.people.queries import get_school

log = logging.getLogger(__name__)

WORKER = "system:worker"


def answer_code_asks() -> None:
    """Answer everybody who is due."""
    while (ask := take_code_ask(now=time.now())) is not None:
        _answer(ask)


def _answer(ask: MailCode) -> None:
    adults, refusal = find_adults(ask.email), None
    if adults:
        with post.connected() as connection:
            refusal = post.send(_mail(ask, adults[0]), connection)
        if refusal is not None and not refusal.for_good:
            log.warning("a code to adult:%s was not sent and is tried again: %s", adults[0].pk, refusal)
            return
        if refusal is not None:
            log.warning("a code to adult:%s was refused for good: %s", adults[0].pk, refusal)
    code_ask_answered(ask=ask, adults=adults, sent=refusal is None, by=WORKER, now=time.now())


def _mail(ask: MailCode, adult: Adult) -> EmailMessage:
    code = new_code(ask=ask)
    facts = {
        "code": f"{code[:5]} {code[5:]}",
        "school": get_school().name,
        "page": settings.PUBLIC_URL + reverse("family-code"),
    }
    with translation.override(adult.language):
        return EmailMessage(
            subject=_("Your code for Circletime"),
            body=render_to_string("mail/family_code.txt", facts),
            to=[check_address(adult.email)],
            headers={"Auto-Submitted": "auto-generated"},
        )
