"""The end of a recording on its day (T9): first the key, then the bytes."""

import shutil
from datetime import datetime

from django.db import connection, transaction

from circletime.audit.actions import record
from circletime.recordings.models import Recording
from circletime.recordings.queries import folder_of
from circletime.recordings.rules import CAPTURING, GONE, Film, State


def destroy(*, recording: Recording, by: str, now: datetime) -> None:
    """Destroy a recording; begun again after a crash, it goes on where it was.

    Once the key is gone nothing that is left of the files, here or in any copy, can be read.
    A recording that is still being made is left alone.
    """
    if _destroy_key(recording, by, now):
        _forget_old_pages()
    if not Recording.objects.filter(pk=recording.pk, state=State.DESTROYING).exists():
        return
    folder = folder_of(recording.public_id)
    if folder.exists():
        shutil.rmtree(folder)
    _finish(recording, by, now)


@transaction.atomic
def _destroy_key(recording: Recording, by: str, now: datetime) -> bool:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")  # freed bytes are overwritten with zeroes
    fresh = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
    if fresh.state in (*GONE, *CAPTURING):
        return False
    fresh.wrapped_key, fresh.state, fresh.film_state = b"", State.DESTROYING, Film.NONE
    fresh.save(update_fields=["wrapped_key", "state", "film_state"])
    record("recordings.key.destroyed", by=by, subject=fresh.subject, now=now)
    return True


def _forget_old_pages() -> None:
    """SQLite's log keeps pages as they were; empty it, now or at the next checkpoint."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@transaction.atomic
def _finish(recording: Recording, by: str, now: datetime) -> None:
    fresh = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
    if fresh.state != State.DESTROYING:
        return
    fresh.state, fresh.destroyed_at = State.DESTROYED, now
    fresh.save(update_fields=["state", "destroyed_at"])
    record("recordings.recording.destroyed", by=by, subject=fresh.subject, now=now)
