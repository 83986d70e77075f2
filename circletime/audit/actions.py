"""Writing the log. Every action calls `record` inside its own transaction."""

from datetime import datetime
from typing import Any

from django.db import transaction

from circletime.audit.models import Head, Row
from circletime.audit.rules import GENESIS, canonical, digest


def record(kind: str, /, *, by: str, subject: str, now: datetime, **data: Any) -> None:
    """Add one row: `by` did `kind` to `subject`.

    `data` holds numbers, states and public ids, never a name, an address or a free text about a
    person. Raises `TransactionManagementError` outside a transaction, because a row that is not
    written together with its change proves nothing.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("audit.record needs the action's own transaction")
    head, _ = Head.objects.select_for_update().get_or_create(pk=1, defaults={"number": 0, "digest": GENESIS})
    text = canonical(data)
    number = head.number + 1
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
