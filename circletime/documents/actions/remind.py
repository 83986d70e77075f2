"""Reminding whoever has not read a document: one press asks for it, the worker writes the letters (C4)."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.documents.models import Acceptance, Reminder, Version
from circletime.documents.queries import current, holds_for
from circletime.documents.readers import waiting_people
from circletime.documents.rules.kinds import check_publish
from circletime.notices.actions import enqueue
from circletime.notices.rules import Kind as LetterKind
from circletime.people.actions import make_family_link
from circletime.people.models import Adult, Household, User

BATCH = 25
"""Letters in one transaction, so that nothing else waits long for the database."""


@transaction.atomic
def remind_all(*, version: Version, by: User, now: datetime) -> int:
    """Have everybody reminded who has not read this version and is not being reminded; answers how many."""
    check_publish(by.roles)
    newest = current(version.document)
    if newest is None or newest.pk != version.pk:
        raise Refused("newer", "There is a newer version by now. Remind of that one.")
    users, adults = waiting_people(version)
    rows = [Reminder(version=version, user=user, asked_by=by, asked_at=now) for user in users]
    rows += [Reminder(version=version, adult=adult, asked_by=by, asked_at=now) for adult in adults]
    under_way = Reminder.objects.filter(version=version, done_at=None)
    known = set(under_way.values_list("user_id", "adult_id"))
    fresh = [row for row in rows if (row.user_id, row.adult_id) not in known]
    Reminder.objects.bulk_create(fresh, batch_size=200)
    record(
        "documents.reminders.asked",
        by=by.actor,
        subject=version.document.subject,
        now=now,
        version=version.public_id,
        people=len(fresh),
    )
    return len(fresh)


@transaction.atomic
def send_reminders(*, by: str, now: datetime) -> int:
    """Write the next letters; answers how many rows were dealt with. Who has read it meanwhile gets none."""
    rows = list(
        Reminder.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(done_at=None)
        .select_related("version", "user", "adult")[:BATCH]
    )
    for row in rows:
        row.done_at, row.sent = now, _still_waits(row) and _write(row, by, now)
    Reminder.objects.bulk_update(rows, ["done_at", "sent"])
    return len(rows)


def _still_waits(row: Reminder) -> bool:
    newest = current(row.version.document)
    if newest is None or newest.pk != row.version_id:
        return False
    if row.user is not None:
        return not Acceptance.objects.filter(holds_for(row.version), user=row.user).exists()
    return row.adult is not None and _home_that_waits(row.adult, row.version) is not None


def _home_that_waits(adult: Adult, version: Version) -> Household | None:
    said = Acceptance.objects.filter(holds_for(version), household__isnull=False).values("household")
    return adult.households.exclude(pk__in=said).order_by("pk").first()


def _write(row: Reminder, by: str, now: datetime) -> bool:
    to = row.user.email if row.user is not None else row.adult.email if row.adult is not None else ""
    kind = row.version.document
    until = f" Please do so by {row.version.due_on:%-d %B %Y}." if row.version.due_on else ""
    if row.adult is not None:
        home = _home_that_waits(row.adult, row.version)
        if home is None:
            return False
        token = make_family_link(household=home, by=by, now=now)
        text = (
            f"Dear parent or carer,\n\nplease read our {kind.words.lower()} and accept it.{until}\n\n"
            "This is your family's own link. Please keep it to yourselves:\n"
            f"{settings.PUBLIC_URL}/f/{token}\n\n"
            "It asks for nothing but your word that you have read it. If you would rather have it on paper, "
            "the school office has it for you.\n"
        )
    else:
        text = (
            f"Dear colleague,\n\nplease read our {kind.words.lower()} and say that you have.{until}\n\n"
            f"It is here:\n{settings.PUBLIC_URL}/policies/{kind.value}/\n"
        )
    try:
        enqueue(
            to=to,
            subject=f"Please read: {kind.words}",
            text=text,
            kind=LetterKind.POLICY,
            about=kind.subject,
            by=by,
            now=now,
        )
    except Refused:
        return False  # no address, or none that mail can be sent to: the page counts it
    return True
