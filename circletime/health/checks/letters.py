"""Whether letters go out, and who would be written to about Circletime itself."""

import socket
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError

from circletime.health.queries import whom_to_tell
from circletime.health.rules.finding import Finding, Subject, well, wrong
from circletime.notices import queries
from circletime.notices.rules import Kind
from circletime.people.models import User


def mail(now: datetime) -> Finding:
    """Whether the mail server is there at all."""
    if not settings.EMAIL_HOST or settings.DEMO:
        says = f"Mail is written into {settings.MAIL_FOLDER} and reaches nobody: no CIRCLETIME_SMTP_HOST."
        return well(Subject.MAIL, says)
    place = f"The mail server {settings.EMAIL_HOST} at port {settings.EMAIL_PORT}"
    try:
        socket.create_connection((settings.EMAIL_HOST, settings.EMAIL_PORT), timeout=3).close()
    except OSError:
        do = "Look at CIRCLETIME_SMTP_HOST and CIRCLETIME_SMTP_PORT."
        return wrong(Subject.MAIL, f"{place} does not answer.", do)
    return well(Subject.MAIL, f"{place} answers.")


def letters(now: datetime) -> Finding:
    """Letters about Circletime itself are left out: an alarm about an alarm would never end."""
    try:
        found = queries.worries(now, but=Kind.HEALTH)
    except DatabaseError:
        return well(Subject.LETTERS, "There is no database yet, and so no letter that could wait.")
    if found.ours is not None:
        return wrong(Subject.LETTERS, found.ours.words)
    if found.failed:
        says = f"Letters that could not be sent: {found.failed}."
        return wrong(Subject.LETTERS, says, "The page Letters says why.")
    if found.late:
        says = f"Letters that have waited for more than an hour: {found.late}."
        return wrong(Subject.LETTERS, says, "The page Letters says why.")
    return well(Subject.LETTERS, "No letter has failed, and none waits for long.")


def told(now: datetime) -> Finding:
    """Whether an alarm would reach anybody."""
    try:
        people, addresses = whom_to_tell()
        failed = queries.count_failed(Kind.HEALTH)
    except DatabaseError:
        return well(Subject.TOLD, "There is no database yet, and so nobody to tell.")
    if failed:
        says = f"Letters about Circletime itself that could not be sent: {failed}."
        return wrong(Subject.TOLD, says, "The page Letters says why.")
    if not people and not addresses and not User.objects.exists():
        return well(Subject.TOLD, "There is nobody yet who could be told.")
    if not people and not addresses:
        says = "Nobody would hear of it if something went wrong: nobody who should has an e-mail address."
        return wrong(Subject.TOLD, says, "Look at CIRCLETIME_ALARMS_TO.")
    number = len(people) + len(addresses)
    says = f"If something goes wrong, {number} {'person is' if number == 1 else 'people are'} written to."
    return well(Subject.TOLD, says)
