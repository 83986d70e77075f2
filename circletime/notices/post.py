"""Handing one e-mail to the mail server, for letters and for all other mail of the program."""

import contextlib
from collections.abc import Iterator
from typing import Protocol

from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection

from circletime.notices.entry import fill_entry, method_of
from circletime.notices.models import Letter
from circletime.notices.trouble import Refusal, Trouble, read_refusal
from circletime.people import links


class Connection(Protocol):
    """What Django's mail backends have in common."""

    def open(self) -> bool | None: ...
    def close(self) -> None: ...
    def send_messages(self, email_messages: list[EmailMessage]) -> int | None: ...


@contextlib.contextmanager
def connected() -> Iterator[Connection]:
    """A connection to the mail server for several mails; it is made when the first is sent."""
    connection: Connection = get_connection()
    try:
        yield connection
    finally:
        _hang_up(connection)


def send(message: EmailMessage, connection: Connection) -> Refusal | None:
    """Hand over one mail. Answers why it was not taken, or None.

    A server may hang up between two mails, so one that stood open is tried once more from the start.
    """
    refusal, opened = _once(message, connection)
    again = refusal is not None and refusal.trouble in (Trouble.AWAY, Trouble.BUSY) and not opened
    if refusal is not None and again and not refusal.unsure:
        refusal, _ = _once(message, connection)
    return refusal


def _once(message: EmailMessage, connection: Connection) -> tuple[Refusal | None, bool]:
    opened = True
    try:
        opened = bool(connection.open())
        connection.send_messages([message])
    except OSError as error:
        _hang_up(connection)
        return read_refusal(error), opened
    return None, opened


def _hang_up(connection: Connection) -> None:
    with contextlib.suppress(OSError):  # what was taken was taken
        connection.close()


def write(letter: Letter) -> EmailMessage:
    """The letter as an e-mail, the same at each try, with the families' links filled in."""
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=links.fill(letter.text),
        to=[letter.to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers={"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated"},
    )
    if letter.html:
        message.attach_alternative(links.fill(letter.html), "text/html")
    if letter.calendar:
        # As a part, for mail programs that show an invitation; as a file, for those that only open files.
        entry = fill_entry(letter.calendar)
        message.attach_alternative(entry, f"text/calendar; method={method_of(entry)}")
        message.attach("invitation.ics", entry, "application/ics")
    return message
