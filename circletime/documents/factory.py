"""The documents of an invented school: published, adopted by its board, and accepted by everybody in it."""

from datetime import datetime

from django.utils import timezone

from circletime.documents.actions.accept import note_paper
from circletime.documents.actions.adopt import adopt
from circletime.documents.actions.publish import Written, publish, write
from circletime.documents.models import Version
from circletime.documents.readers import asked_households, asked_users
from circletime.documents.rules.kinds import Kind
from circletime.documents.starters import starter
from circletime.people.models import User


def adopt_documents(now: datetime) -> None:
    """The invented school has adopted its documents; its staff and its families have accepted them."""
    if Version.objects.exists():
        return
    head = User.objects.get(email="head@larkfield.example")
    for kind in (Kind.VIDEO, Kind.CONDUCT):
        draft = write(kind=kind, written=Written(starter(kind)), by=head, now=now)
        version = publish(
            kind=kind,
            revision=draft.revision,
            asks=kind.usual,
            due_on=None,
            changes="",
            by=head,
            now=now,
        )
        adopt(
            version=version,
            met_on=timezone.localtime(now).date(),
            minute="Invented 1",
            signatories="Dr Mistry",
            by=head,
            now=now,
        )
        note_paper(
            version=version,
            households=asked_households(version),
            users=asked_users(version),
            by=head,
            now=now,
        )
