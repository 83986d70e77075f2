"""Reminding whoever has not read a document: one press asks for it, the worker writes the letters (C4)."""

from collections import defaultdict
from datetime import datetime

from django.conf import settings
from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.dispatch.actions.telling import tell_conduct
from circletime.dispatch.queries.reach import told_by_letter
from circletime.documents.models import Acceptance, Reminder, Version
from circletime.documents.queries import current, holds_for
from circletime.documents.readers import waiting_people
from circletime.documents.rules.kinds import check_publish
from circletime.notices.actions import enqueue
from circletime.notices.rules import Kind as LetterKind
from circletime.people.models import Household, User

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
    families: dict[Version, list[Reminder]] = defaultdict(list)
    for row in rows:
        row.done_at = now
        if row.user is None:
            families[row.version].append(row)
        elif _user_still_waits(row.version, row.user):
            row.sent = _write_to(row.user, row.version, by, now)
    for version, theirs in families.items():
        _tell_families(version, theirs, by, now)
    Reminder.objects.bulk_update(rows, ["done_at", "sent"])
    return len(rows)


def _is_newest(version: Version) -> bool:
    newest = current(version.document)
    return newest is not None and newest.pk == version.pk


def _user_still_waits(version: Version, user: User) -> bool:
    return _is_newest(version) and not Acceptance.objects.filter(holds_for(version), user=user).exists()


def _tell_families(version: Version, rows: list[Reminder], by: str, now: datetime) -> None:
    """In each family's own language; the office prints the letters of those without an address."""
    if not _is_newest(version):
        return
    said = Acceptance.objects.filter(holds_for(version), household__isnull=False).values("household")
    homes = Household.objects.filter(adults__in=[row.adult_id for row in rows]).exclude(pk__in=said)
    notice = tell_conduct(
        title=version.document.words,
        due_on=version.due_on,
        homes=homes.distinct(),
        version=version.public_id,
        by=by,
        now=now,
    )
    written = told_by_letter(notice)
    for row in rows:
        row.sent = row.adult_id in written


def _write_to(user: User, version: Version, by: str, now: datetime) -> bool:
    kind = version.document
    until = f" Please do so by {version.due_on:%-d %B %Y}." if version.due_on else ""
    try:
        enqueue(
            to=user.email,
            subject=f"Please read: {kind.words}",
            text=(
                f"Dear colleague,\n\nplease read our {kind.words.lower()} and say that you have.{until}\n\n"
                f"It is here:\n{settings.PUBLIC_URL}/policies/{kind.value}/\n"
            ),
            kind=LetterKind.POLICY,
            about=kind.subject,
            by=by,
            now=now,
        )
    except Refused:
        return False  # no address, or none that mail can be sent to: the page counts it
    return True
