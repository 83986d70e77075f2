"""Writing the log. Every action calls `record` inside its own transaction."""

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from circletime.audit.models import Checkpoint, Head, Row, Salt
from circletime.audit.rules import GENESIS, LOG_KEY, canonical, checkpoint_text, commitment, digest
from circletime.core import signing


def record(
    kind: str, /, *, by: str, subject: str, now: datetime, words: str | None = None, **data: Any
) -> None:
    """Add one row: `by` did `kind` to `subject`.

    `data` holds numbers, states and public ids, never a name, an address or a free text about a
    person. Of `words` about a person the row has only a commitment: they are shown to be what was written
    for as long as its salt is kept (`forget_words`). Raises `TransactionManagementError` outside a
    transaction, because a row that is not written together with its change proves nothing.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("audit.record needs the action's own transaction")
    head, _ = Head.objects.select_for_update().get_or_create(pk=1, defaults={"number": 0, "digest": GENESIS})
    number = head.number + 1
    if words is not None:
        salt = secrets.token_hex(16)
        Salt.objects.create(row=number, salt=salt)
        data["words"] = commitment(salt, words)
    text = canonical(data)
    own = digest(number, now, kind, by, subject, text, head.digest)
    Row.objects.create(
        number=number,
        at=now,
        kind=kind,
        by=by,
        subject=subject,
        data=text,
        previous=head.digest,
        digest=own,
    )
    Head.objects.filter(pk=1).update(number=number, digest=own)


@transaction.atomic
def forget_words(*, subject: str, by: str, now: datetime) -> int:
    """Nothing in the log shows any more what was written about `subject`; the chain stays whole.

    Answers how many commitments lost their salt.
    """
    rows = Row.objects.filter(subject=subject).values("number")
    gone, _ = Salt.objects.filter(row__in=rows).delete()
    if gone:
        record("audit.words.forgotten", by=by, subject=subject, now=now, count=gone)
    return gone


@transaction.atomic
def sign_checkpoint(*, school: str, by: str, now: datetime) -> Checkpoint | None:
    """Sign the end of the log as it is now; None while it has no row. Raises `KeyTrouble`.

    The key is in a file beside the database. The same end is signed once. The caller has checked the chain.
    """
    head = Head.objects.select_for_update().filter(pk=1).first()
    if head is None:
        return None
    there = Checkpoint.objects.filter(number=head.number).first()
    if there is not None:
        return there
    first = not Checkpoint.objects.exists()
    text = checkpoint_text(
        number=head.number,
        digest=head.digest,
        at=now,
        school=school,
        public_key=signing.public_key(LOG_KEY, may_make_file=first),
    )
    made = Checkpoint.objects.create(
        number=head.number, at=now, text=text, signature=signing.sign(LOG_KEY, text.encode())
    )
    record("audit.checkpoint.signed", by=by, subject="log", now=now, row=made.number)
    return made


@transaction.atomic
def note_break(*, row: int, by: str, now: datetime) -> None:
    """It was found that the chain does not hold at `row`. What is written from here on still follows."""
    record("audit.log.broken", by=by, subject="log", now=now, row=row)
