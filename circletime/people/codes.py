"""Codes by e-mail, with which an adult of a family signs in (R2).

The page writes one row whatever was typed; only the worker looks whether the address is anybody's, makes the
code and mails it. Of the code only a keyed hash is kept. It works once, for a quarter of an hour, and only in
the browser that asked for it.
"""

import hashlib
import hmac
import secrets
import unicodedata
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import Adult, MailCode
from circletime.people.rules import answered_again_after

DIGITS = 10
LASTS = timedelta(minutes=15)
TRIES = 5
"""So many wrong ones, and a code is worth nothing."""

WINDOW = timedelta(hours=1)
PER_PLACE = 30
PER_ADDRESS_HERE = 5
PER_ADDRESS = 15
"""Codes asked for in an hour: from one place, for one address from one place, and for one address at all. So
nobody's mailbox is flooded, and one place alone keeps nobody from asking."""

KEPT = timedelta(days=1)
"""A row stays until the sign-in it gave is over (`people.families`), and is then forgotten."""


@transaction.atomic
def ask_for_code(*, email: str, place: str, now: datetime) -> MailCode:
    """Somebody asks for a code to be mailed to this address, which may be nobody's.

    `place` is where they are, as a keyed hash. Raises `Refused` (429) where too many were asked for, whether
    or not the address is known.
    """
    tidy = email.strip().lower()
    lately = MailCode.objects.filter(asked_at__gt=now - WINDOW)
    mine = lately.filter(email=tidy)
    if (
        lately.filter(place=place).count() >= PER_PLACE
        or mine.filter(place=place).count() >= PER_ADDRESS_HERE
        or mine.count() >= PER_ADDRESS
    ):
        said = _("Too many codes were asked for. Please wait an hour, or ask the school office.")
        raise Refused("slow_down", said, field="email", status=429)
    return MailCode.objects.create(email=tidy, place=place, asked_at=now, expires_at=now + LASTS, due_at=now)


def take_code_ask(*, now: datetime) -> MailCode | None:
    """Take the ask that is due, or None. Should its taker die, it is due again a little later."""
    MailCode.objects.filter(asked_at__lt=now - KEPT).delete()
    for ask in MailCode.objects.filter(due_at__lte=now, expires_at__gt=now).order_by("due_at", "pk"):
        mine = MailCode.objects.filter(pk=ask.pk, tries=ask.tries)
        if mine.update(tries=ask.tries + 1, due_at=now + answered_again_after(ask.tries)):
            return ask
    return None


def new_code(*, ask: MailCode) -> str:
    """Give an ask a code, in place of any before it. What is answered is kept nowhere else."""
    code = "".join(secrets.choice("0123456789") for _each in range(DIGITS))
    MailCode.objects.filter(pk=ask.pk, used_at=None).update(code_hash=_hashed(ask.public_id, code))
    return code


@transaction.atomic
def code_ask_answered(*, ask: MailCode, adults: list[Adult], sent: bool, by: str, now: datetime) -> None:
    """The ask is done with: the code was mailed, the address refused it for good, or it is nobody's."""
    MailCode.objects.filter(pk=ask.pk).update(due_at=None)
    if adults:
        kind = "people.family_code.sent" if sent else "people.family_code.refused"
        record(kind, by=by, subject=ask.subject, now=now, adults=[each.pk for each in adults])


@transaction.atomic
def use_code(*, public_id: str, typed: str, now: datetime) -> MailCode | None:
    """Sign in with what was typed, or None. A wrong one is counted; five of them are the end of the code."""
    row = (
        MailCode.objects.select_for_update()
        .filter(public_id=public_id, used_at=None, expires_at__gt=now, wrong__lt=TRIES)
        .first()
    )
    wanted = row.code_hash if row is not None else ""
    right = hmac.compare_digest(_hashed(public_id, read_code(typed)), wanted or "none")
    if row is None:
        return None
    if not right:
        row.wrong += 1
        row.save(update_fields=["wrong"])
        return None
    row.used_at, row.code_hash = now, ""
    row.save(update_fields=["used_at", "code_hash"])
    record("people.family_code.used", by=row.subject, subject=row.subject, now=now)
    return row


@transaction.atomic
def end_sign_in(*, public_id: str, now: datetime) -> None:
    """Sign out: the code's sign-in is over everywhere."""
    row = MailCode.objects.filter(public_id=public_id, ended_at=None).first()
    if row is not None and MailCode.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now):
        record("people.family_code.ended", by=row.subject, subject=row.subject, now=now)


def read_code(typed: str) -> str:
    """The digits of what was typed, in whichever script a phone writes them; all else is left out."""
    found = (unicodedata.digit(c, None) for c in typed[:60])
    return "".join(str(digit) for digit in found if digit is not None)


def _hashed(public_id: str, code: str) -> str:
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"family code {public_id} {code}".encode(), hashlib.sha256).hexdigest()
