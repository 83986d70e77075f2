"""The log's checkpoints leave the building: signed every day, and mailed to every governor (C5)."""

import logging
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from circletime.audit import queries
from circletime.audit.actions import note_break, sign_checkpoint
from circletime.audit.rules import Verdict, block, read_signed
from circletime.core.errors import Refused
from circletime.core.keyfiles import KeyTrouble
from circletime.notices.actions import enqueue
from circletime.notices.rules import Kind
from circletime.oversight.rules import checkpoints as words
from circletime.people.models import User
from circletime.people.queries import get_school, list_active_with
from circletime.people.rules import Role

log = logging.getLogger(__name__)
WORKER = "system:worker"


def watch_log(*, now: datetime, by: str = WORKER) -> None:
    """Once a day: check what was written since the last checkpoint, sign the end, and mail it.

    A chain that does not hold is not signed over; governors, the headteacher and the safeguarding lead are
    told each day until it is put right. A key that is missing is told by the doctor.
    """
    last = queries.last_checkpoint()
    today = timezone.localtime(now).date()
    if (last is not None and timezone.localtime(last.at).date() == today) or _told_on(today):
        return
    try:
        check_holds(by=by, now=now)
        sign_and_mail(by=by, now=now)
    except Refused as refusal:
        log.error("nothing is signed: %s", refusal)
    except KeyTrouble as trouble:
        log.error("the log's end cannot be signed: %s", trouble)


def check_holds(*, by: str, now: datetime) -> None:
    """Raise `Refused` when what was written since the last checkpoint does not hold: nothing is signed then.

    Whoever answers for the log is told, once a day.
    """
    found = queries.verify_since(queries.last_checkpoint())
    if found.holds:
        return
    if not _told_on(timezone.localtime(now).date()):
        tell_of_break(found=found, by=by, now=now)
    raise Refused("broken", f"The log does not hold, so nothing is signed over it: {found.wrong}.")


def _told_on(day: date) -> bool:
    told = queries.last_done("audit.log.broken")
    return told is not None and timezone.localtime(told).date() == day


@transaction.atomic
def sign_and_mail(*, by: str, now: datetime) -> None:
    """Sign the log's end as it is now and write to every governor, or neither. Raises `KeyTrouble`."""
    before = queries.last_checkpoint()
    made = sign_checkpoint(school=get_school().name, by=by, now=now)
    if made is None or (before is not None and before.pk == made.pk):
        return
    signed = read_signed(made.text, made.signature)
    text = words.letter(signed, block(made.text, made.signature), timezone.localtime(now))
    _write(list_active_with({Role.GOVERNOR}), words.subject(signed), text, by=by, now=now)


@transaction.atomic
def tell_of_break(*, found: Verdict, by: str, now: datetime) -> None:
    """The log does not hold: whoever answers for it hears where."""
    note_break(row=found.row or 0, by=by, now=now)
    told = list_active_with({Role.GOVERNOR, Role.HEADTEACHER, Role.DSL})
    _write(told, words.BREAK_SUBJECT, words.break_letter(found, get_school().name), by=by, now=now)


def _write(to: list[User], subject: str, text: str, *, by: str, now: datetime) -> None:
    for user in to:
        enqueue(
            to=user.email,
            subject=subject,
            text=f"Dear {user.name},\n\n{text}",
            kind=Kind.LOG,
            about="log",
            by=by,
            now=now,
        )
