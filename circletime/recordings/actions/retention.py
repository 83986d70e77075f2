"""The end of a recording (T9): the wrapped key, then its key file, then the bytes; a certificate stays."""

import shutil
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from circletime.audit.actions import record
from circletime.recordings import keys
from circletime.recordings.actions import certificates
from circletime.recordings.models import Recording
from circletime.recordings.queries import folder_of, is_held
from circletime.recordings.rules import CAPTURING, GONE, Rule, State, is_past


def destroy(*, recording: Recording, by: str, now: datetime, today: date | None = None) -> bool:
    """Destroy a recording whose day has come; begun again after a crash, it goes on where it was.

    Once the keys are gone nothing that is left of the files, here or in any copy, can be read. What is held,
    not due on `today`, or still being made, is left alone. Answers whether it is gone. Raises `OSError` and
    `KeyTrouble` when it could not be ended; then it is tried again.
    """
    if _destroy_key(recording, by, now, today or timezone.localtime(now).date()):
        forget_old_pages()
    return go_on(recording=recording, by=by, now=now)


def go_on(*, recording: Recording, by: str, now: datetime) -> bool:
    """End what was begun: the recording's key file, its folder, and the certificate."""
    if Recording.objects.filter(pk=recording.pk, state=State.DESTROYING).exists():
        clear(recording.public_id)
        _finish(recording, by, now)
    return Recording.objects.filter(pk=recording.pk, state=State.DESTROYED).exists()


def clear(public_id: str) -> None:
    """Remove what the disk has of a recording whose key is destroyed. Raises `OSError`."""
    keys.forget(public_id)
    folder = folder_of(public_id)
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue  # another process removes it as well


@transaction.atomic
def _destroy_key(recording: Recording, by: str, now: datetime, today: date) -> bool:
    overwrite_freed_pages()
    fresh = Recording.objects.select_for_update(of=("self",)).select_related("meeting").get(pk=recording.pk)
    if fresh.state in (*GONE, *CAPTURING):
        return False
    if not is_past(fresh.destroy_on, today, held=is_held(fresh)):
        return False
    rule = Rule.DAY if fresh.meeting.live_at is not None else Rule.NEVER_BEGAN
    take_key(fresh, rule, by=by, now=now)
    return True


def take_key(locked: Recording, rule: Rule, *, by: str, now: datetime, **more: Any) -> None:
    """Destroy the wrapped key of a locked recording. Nothing leads back from here."""
    held_once = locked.holds.exists()
    seen = certificates.look_at(folder_of(locked.public_id))
    locked.ending = {**seen, "rule": rule.value, "was_held": held_once, **more}
    locked.wrapped_key, locked.state = b"", State.DESTROYING
    locked.save(update_fields=["wrapped_key", "state", "ending"])
    locked.films.all().delete()
    record("recordings.key.destroyed", by=by, subject=locked.subject, now=now, rule=rule.value)


def overwrite_freed_pages() -> None:
    """From here on SQLite overwrites what it frees with zeroes."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")


def forget_old_pages() -> None:
    """SQLite's log keeps pages as they were; empty it, now or at the next checkpoint."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@transaction.atomic
def _finish(recording: Recording, by: str, now: datetime) -> None:
    fresh = (
        Recording.objects.select_for_update(of=("self",))
        .select_related("meeting__school_class")
        .get(pk=recording.pk)
    )
    if fresh.state != State.DESTROYING:
        return
    fresh.state, fresh.destroyed_at = State.DESTROYED, now
    fresh.save(update_fields=["state", "destroyed_at"])
    record("recordings.recording.destroyed", by=by, subject=fresh.subject, now=now)
    certificates.sign(fresh, by=by, now=now)
