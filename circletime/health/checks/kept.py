"""What is kept: keys, the bucket, the log, the days on which recordings end, and backups."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from circletime.audit.queries import last_checkpoint, last_done, log_key
from circletime.core.keyfiles import KeyTrouble
from circletime.health.rules.finding import Finding, Subject, well, wrong
from circletime.policy.limits import CHECKPOINT_EVERY
from circletime.recordings import outer, queries, store

BACKUP_EVERY = timedelta(days=8)
"""A week, and a day for whoever makes it by hand on a day that was a holiday."""


def bucket(now: datetime) -> Finding:
    """Whether the bucket, if there is one, takes and keeps what it should, and no more."""
    there = store.bucket()
    if there is None:
        return well(Subject.STORE, "Recordings stay in their folder: no CIRCLETIME_S3_BUCKET.")
    try:
        there.ids()
        versions = there.keeps_versions()
    except (store.StoreTrouble, FileNotFoundError) as trouble:
        what = str(trouble) if isinstance(trouble, store.StoreTrouble) else "There is no such bucket."
        return wrong(Subject.STORE, what, "Look at CIRCLETIME_S3_URL, _BUCKET, _ID and _SECRET.")
    if versions:
        says = "The bucket keeps older versions of what is removed."
        return wrong(Subject.STORE, says, "Switch that off for this bucket.")
    late = queries.count_unmoved(now - timedelta(days=1))
    if late:
        says = f"Recordings that wait to be moved to the bucket for over a day: {late}."
        return wrong(Subject.STORE, says)
    return well(
        Subject.STORE, f"Recordings are moved to the bucket {settings.S3_BUCKET} at {settings.S3_URL}."
    )


def keys(now: datetime) -> Finding:
    """Whether any other account of this machine reads a key."""
    loose = [path.name for path in sorted(Path(settings.KEYS).rglob("*")) if _others_read(path)]
    if loose:
        shown = ", ".join(loose[:5]) + (f" and {len(loose) - 5} more" if len(loose) > 5 else "")
        says = f"Other accounts can read {shown} in {settings.KEYS}."
        return wrong(Subject.KEYS, says, "Run chmod 600 on them.")
    return well(Subject.KEYS, "The keys can be read by this account only.")


def _others_read(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o077)
    except FileNotFoundError:
        return False  # a recording was destroyed meanwhile


def school_key(now: datetime) -> Finding:
    """Whether the key that all recordings are locked with can be read."""
    if not outer.path().exists() and not outer.is_rotating():
        return well(Subject.SCHOOL_KEY, "The school's key is made with the first recording.")
    try:
        outer.current()
    except KeyTrouble as trouble:
        return wrong(Subject.SCHOOL_KEY, str(trouble))
    if outer.is_rotating():
        says = "The school's key is being replaced, which did not end."
        return wrong(Subject.SCHOOL_KEY, says, "Run circletime vault rotate-key again.")
    if settings.KEK_IDENTITY and not outer.is_locked():
        says = "The school's key is not locked with the age identity yet."
        return wrong(Subject.SCHOOL_KEY, says, "Run circletime vault rotate-key.")
    return well(Subject.SCHOOL_KEY, "The school's key can be read.")


def locked_out() -> list[str]:
    """Why no meeting could start, in one sentence: an age identity that does not fit the school's key."""
    if not settings.KEK_IDENTITY or not outer.path().exists():
        return []
    try:
        outer.current()
    except KeyTrouble as trouble:
        return [str(trouble)]
    return []


def log(now: datetime) -> Finding:
    """Whether the end of the log is signed each day (C5)."""
    try:
        last = last_checkpoint()
        log_key()
    except DatabaseError:
        return well(Subject.LOG, "There is no database yet, and so no log.")
    except KeyTrouble as trouble:
        return wrong(Subject.LOG, f"The log cannot be signed. {trouble}")
    if last is None:
        return well(Subject.LOG, "The log was not signed yet; the worker does that every day.")
    day = f"{timezone.localtime(last.at):%-d %B %Y}"
    if now - last.at > 2 * CHECKPOINT_EVERY:
        do = "Run circletime audit verify; if it holds, look why the worker does not run."
        return wrong(Subject.LOG, f"The log was signed last on {day}.", do)
    return well(Subject.LOG, f"The log was signed on {day}, at row {last.number}.")


def destruction(now: datetime) -> Finding:
    """Whether recordings end on their day (T9)."""
    try:
        waits = queries.clock_sentence(now)
        left = queries.due(timezone.localtime(now).date() - timedelta(days=1)).count()
    except DatabaseError:
        return well(
            Subject.DESTRUCTION, "There is no database yet, and so no recording whose day could come."
        )
    if waits:
        return wrong(Subject.DESTRUCTION, waits)
    if left:
        says = f"Recordings past their day and still there: {left}."
        return wrong(Subject.DESTRUCTION, says, "Run circletime retention run.")
    return well(Subject.DESTRUCTION, "Recordings are destroyed on their day.")


def backup(now: datetime) -> Finding:
    """A school may have its backups made by something else; one that uses ours hears when it stopped."""
    try:
        last = last_done("backup.data.taken")
    except DatabaseError:
        return well(Subject.BACKUP, "There is no database yet, and so nothing to back up.")
    if last is None:
        says = (
            "Circletime was never asked for a backup. Make one, unless something else does: docs/running.md."
        )
        return well(Subject.BACKUP, says)
    day = f"{timezone.localtime(last):%-d %B %Y}"
    if now - last > BACKUP_EVERY:
        return wrong(Subject.BACKUP, f"The last backup was made on {day}.", "Run circletime backup.")
    return well(Subject.BACKUP, f"The last backup was made on {day}.")
