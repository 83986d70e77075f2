"""What may be done with a letter. The worker does the sending: see `tasks`."""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from circletime.audit.actions import record
from circletime.core.ids import public_id
from circletime.notices.entry import write_entry
from circletime.notices.models import Letter
from circletime.notices.rules import Calendar, Kind, check_address, check_calendar, check_words
from circletime.people.models import User


@transaction.atomic
def enqueue(
    *,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    calendar: Calendar | None = None,
    kind: Kind,
    about: str,
    reply_to: str = "",
    by: User | str,
    now: datetime,
) -> Letter:
    """Put a letter into the outbox, in the transaction of whatever it tells of: both are, or neither.

    `about` is what the log names it under, as: case:…; `kind` decides who of the staff may read it. It is
    kept for a while, so no password may stand in it. Raises `Refused` when it could never be sent.
    """
    address = check_address(to)
    tidy_subject, tidy_text, tidy_html = check_words(subject, text, html)
    if calendar is not None:
        check_calendar(calendar)
    name = public_id()
    letter = Letter.objects.create(
        public_id=name,
        message_id=f"<{name}@{_host()}>",
        kind=kind,
        about=about,
        to=address,
        reply_to=check_address(reply_to, name="reply_to") if reply_to else "",
        subject=tidy_subject,
        text=tidy_text,
        html=tidy_html,
        calendar=write_entry(calendar, to=address, now=now) if calendar is not None else "",
        made_at=now,
        queued_at=now,
        due_at=now,
    )
    _record("queued", letter, by=by, now=now, letter_kind=kind)
    return letter


def _record(verb: str, letter: Letter, *, by: User | str, now: datetime, **data: object) -> None:
    actor = by.actor if isinstance(by, User) else by
    record(f"notices.letter.{verb}", by=actor, subject=letter.about, now=now, letter=letter.public_id, **data)


def _host() -> str:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"[IPv6:{host}]" if ":" in host else host
