"""Writing a document, and publishing it (C4). What was published is never changed."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.documents.models import Version, Wording
from circletime.documents.pdf import Pdf
from circletime.documents.queries import ENGLISH, current
from circletime.documents.rules.kinds import Asks, Audience, Gate, Kind, check_asks, check_publish
from circletime.documents.rules.words import check_text
from circletime.people.models import User
from circletime.people.rules import check_said


@dataclass(frozen=True)
class Written:
    """A document in one language: words, or a PDF."""

    text: str = ""
    pdf: Pdf | None = None


@transaction.atomic
def write(
    *, kind: Kind, written: Written, by: User, now: datetime, revision: int = 0, language: str = ENGLISH
) -> Version:
    """Keep a draft of a document in one language. Nobody is asked anything by it.

    `revision` is that of the draft which was being changed, or 0 where there was none: what somebody else
    wrote meanwhile is not overwritten, `Refused` says so.
    """
    check_publish(by.roles)
    found = _lock_draft(kind, revision)
    if found is None:
        found = Version(kind=kind, revision=0)
    found.revision += 1
    found.changed_at, found.changed_by = now, by
    found.save()
    values: dict[str, Any]
    if written.pdf is None:
        values = {"text": check_text(written.text), "pdf": None, "pages": 0, "size": 0}
    else:
        pdf = written.pdf
        values = {"text": pdf.text, "pdf": pdf.content, "pages": pdf.pages, "size": len(pdf.content)}
    Wording.objects.update_or_create(version=found, language=language, defaults=values)
    record(
        "documents.draft.written",
        by=by.actor,
        subject=kind.subject,
        now=now,
        revision=found.revision,
        language=language,
        pdf=written.pdf is not None,
    )
    return found


@transaction.atomic
def drop_draft(*, kind: Kind, revision: int, by: User, now: datetime) -> None:
    """Throw a draft away."""
    check_publish(by.roles)
    found = _lock_draft(kind, revision)
    if found is None:
        return
    found.delete()
    record("documents.draft.dropped", by=by.actor, subject=kind.subject, now=now, revision=revision)


@transaction.atomic
def publish(
    *,
    kind: Kind,
    revision: int,
    asks: Asks,
    due_on: date | None,
    changes: str,
    by: User,
    now: datetime,
    asks_again: bool = True,
) -> Version:
    """Publish the draft: from this moment it holds, and whoever it is for is asked to read it.

    A small correction does not ask again, whom the version before had asked; it says why. It cannot
    ask somebody new, nor refuse something new. Raises `Refused` where the draft is another by now.
    """
    check_publish(by.roles)
    found = _lock_draft(kind, revision)
    if found is None:
        raise Refused("no_draft", "There is no draft of this document. Write it first.")
    if not found.wordings.filter(language=ENGLISH).exists():
        raise Refused("english", "Write it in English as well: that is the wording that holds.", field="text")
    before = current(kind)
    if before is None and not asks_again:
        raise Refused("first", "The first version corrects nothing.", field="asks_again", status=400)
    check_asks(asks, due_on, timezone.localtime(now).date())
    if before is None:
        found.changes = " ".join(changes.split())[:500]
    else:
        ask = (
            "Say what is new in it."
            if asks_again
            else "Say what was corrected, and why nobody is asked again."
        )
        found.changes = check_said(changes, ask, field="changes")
    if not asks_again and before is not None:
        _check_small(before, asks)
    _ask(found, asks)
    found.number = (before.number or 0) + 1 if before is not None else 1
    found.base = found.number if asks_again or before is None else before.base
    found.due_on, found.digest = due_on, _digest(found)
    found.published_at = found.changed_at = now
    found.changed_by = by
    found.save()
    record(
        "documents.version.published",
        by=by.actor,
        subject=kind.subject,
        now=now,
        version=found.public_id,
        number=found.number,
        asks_again=asks_again,
        digest=found.digest,
        of=sorted(asks.of),
        gates=sorted(asks.gates),
        due_on=due_on.isoformat() if due_on else None,
    )
    return found


def _check_small(before: Version, asks: Asks) -> None:
    if asks.of - set(before.audiences):
        raise Refused(
            "of",
            "Who was not asked before has to be asked now, so this is a new version.",
            field="of",
            status=400,
        )


def _ask(version: Version, asks: Asks) -> None:
    version.for_staff = Audience.STAFF in asks.of
    version.for_households = Audience.HOUSEHOLDS in asks.of
    version.for_governors = Audience.GOVERNORS in asks.of
    version.before_hosting = Gate.HOSTING in asks.gates
    version.before_joining = Gate.JOINING in asks.gates
    version.before_watching = Gate.WATCHING in asks.gates


def _digest(version: Version) -> str:
    """One hash over all wordings; it stands in the audit log, so that a change afterwards shows."""
    whole = hashlib.sha256()
    for wording in version.wordings.order_by("language"):
        content = bytes(wording.pdf) if wording.pdf is not None else wording.text.encode()
        for part in (wording.language.encode(), content):
            whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


def _lock_draft(kind: Kind, revision: int) -> Version | None:
    found = Version.objects.select_for_update().filter(kind=kind, number=None).first()
    if (found.revision if found is not None else 0) != revision:
        raise Refused(
            "meanwhile",
            "Somebody else has changed this draft meanwhile. Look at theirs, and put yours in again.",
            field="text",
        )
    return found
