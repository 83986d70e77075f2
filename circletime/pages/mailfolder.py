"""Mail as files: what is sent where there is no mail server, and what the demo's page shows of it."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from circletime.core import time


class FolderBackend(BaseEmailBackend):
    """Writes each mail into `MAIL_FOLDER`, named by its time, for this account's eyes only."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write them all; answers how many."""
        folder = Path(settings.MAIL_FOLDER)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            stem = f"{time.now():%Y%m%dT%H%M%S.%f}-{secrets.token_hex(3)}"
            # Whole under its last name or not there at all: the page may be looking.
            draft = folder / f".{stem}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(message.message().as_bytes())
            draft.rename(folder / f"{stem}.eml")
        return len(email_messages)


@dataclass(frozen=True)
class Letter:
    """One mail of the folder, as it is read."""

    name: str
    at: datetime
    sender: str
    to: str
    subject: str
    text: str
    entry: bytes | None
    """Its calendar entry, as a file for another program."""


def newest(most: int) -> list[Letter]:
    """The mails written last, the newest first."""
    paths = sorted(Path(settings.MAIL_FOLDER).glob("*.eml"), reverse=True)[:most]
    return [_letter(path) for path in paths]


def entry_of(name: str) -> bytes | None:
    """The calendar entry of the mail of this name, or None."""
    paths = {path.stem: path for path in Path(settings.MAIL_FOLDER).glob("*.eml")}
    return _letter(paths[name]).entry if name in paths else None


def _letter(path: Path) -> Letter:
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    plain = message.get_body(("plain",))
    entries = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return Letter(
        name=path.stem,
        at=message["Date"].datetime,
        sender=str(message["From"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=plain.get_content() if plain is not None else "",
        entry=bytes(entries[0].get_payload(decode=True)) if entries else None,
    )
