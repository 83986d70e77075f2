"""Taking a report away: it is signed, with the end of the log in it (C5)."""

from datetime import datetime

from django.db import transaction

from circletime.audit import queries as audit
from circletime.audit.actions import record
from circletime.audit.rules import LOG_KEY, canonical, stamp
from circletime.core import signing
from circletime.oversight.actions.checkpoints import check_holds, sign_and_mail
from circletime.oversight.evidence.report import TITLE, Report
from circletime.oversight.rules.reports import (
    NEW_CHECKPOINT_AFTER,
    check_read_report,
    check_take_log,
    last_line,
    sha256,
)
from circletime.people.models import User


def sign_report(*, body: bytes, kind: str, report: Report, by: User | str, now: datetime) -> bytes:
    """The file, signed. Raises `NotAllowed`; `Refused` when the log does not hold; and `KeyTrouble`
    when it cannot be signed.

    `by` is a person, whose roles are checked, or the program's own name. A report brings a checkpoint of the
    log along, so that the end of the log that stands in it is known elsewhere as well.
    """
    if isinstance(by, User):
        check_read_report(by.roles)
    actor = by.actor if isinstance(by, User) else by
    check_holds(by=actor, now=now)  # not in the transaction: who is told of a break stays told
    return _sign(body=body, kind=kind, report=report, actor=actor, now=now)


@transaction.atomic
def _sign(*, body: bytes, kind: str, report: Report, actor: str, now: datetime) -> bytes:
    digest = sha256(body)
    about = f"report:{report.period.first}..{report.period.last}"
    record("oversight.report.signed", by=actor, subject=about, now=now, file=kind, sha256=digest)
    last = audit.last_checkpoint()
    if last is None or not last.at <= now < last.at + NEW_CHECKPOINT_AFTER:
        sign_and_mail(by=actor, now=now)
    text = canonical(
        {
            "format": 1,
            "title": TITLE,
            "school": report.school,
            "from": report.period.first.isoformat(),
            "to": report.period.last.isoformat(),
            "at": stamp(report.at),
            "row": report.row,
            "digest": report.digest,
            "sha256": digest,
            "public_key": signing.public_key(LOG_KEY),
        }
    )
    return body + last_line(kind, text, signing.sign(LOG_KEY, text.encode()))


@transaction.atomic
def note_export(*, by: User, now: datetime) -> None:
    """Somebody takes the whole log away."""
    check_take_log(by.roles)
    record("oversight.log.exported", by=by.actor, subject="log", now=now)
