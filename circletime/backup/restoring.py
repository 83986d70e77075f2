"""Putting a backup back into a place that is empty, and saying what of it is dead."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from circletime.audit import queries as audit
from circletime.audit.actions import record
from circletime.audit.verify_log import Broken
from circletime.backup import database
from circletime.backup.place import Place
from circletime.backup.rules import Manifest, Piece, Trouble
from circletime.core.keyfiles import KeyTrouble
from circletime.health import tasks as health_tasks
from circletime.notices.actions import stop_all
from circletime.recordings import keys
from circletime.recordings.models import Recording
from circletime.recordings.rules import GONE

Say = Callable[[str], None]

STAGE = ".restoring"
"""Where files wait in the vault's folder until all are there."""


@dataclass(frozen=True)
class Restored:
    """What came of it."""

    manifest: Manifest
    broken: str
    """What is wrong with the log, or nothing."""
    stopped: int
    """Letters that waited to be sent."""
    dead: int
    """Recordings whose own key is not here: nothing opens them."""


def restore(folder: Path, *, state: str = "", by: str, now: datetime, say: Say) -> Restored:
    """Put a state back, the newest unless one is named.

    Nothing is put in its place before every file was read and found to be what it was. Raises `Trouble` and
    `OSError`.
    """
    place = Place(folder, make=False)
    with place.alone():
        names = place.states()
        if not names:
            raise Trouble(f"There is no whole state in {place.folder}: the backup never ended.")
        name = state or names[-1]
        manifest = place.manifest(name)
        check_empty(manifest)
        say(f"Reading the state {name} of {manifest.school}.")
        _stage(place, manifest)
        say(f"All of {len(manifest.files)} files are what they were.")
        _database()
        _unstage()
    broken = _log_trouble()
    say(broken or f"The log is whole: {manifest.log_row} rows, none changed, dropped or reordered.")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    health_tasks.stopped(datetime.fromisoformat(manifest.at))
    return Restored(manifest, broken, _settle(manifest, name, by=by, now=now), count_dead())


def check_empty(manifest: Manifest) -> None:
    """Raise `Trouble` unless there is nothing here that would be overwritten."""
    if manifest.engine != database.engine():
        raise Trouble(
            f"This backup is of {manifest.engine}, and the settings here say {database.engine()}. "
            "Set up the same database first."
        )
    if strange := database.unknown(manifest.migrations):
        raise Trouble(f"This backup was made by a newer Circletime ({strange}). Install that version first.")
    if not database.is_empty():
        raise Trouble(
            "There is a database here already. Nothing is overwritten: name another CIRCLETIME_VAR."
        )
    vault = Path(settings.VAULT)
    if any(path.name != STAGE for path in vault.iterdir()):
        raise Trouble(
            f"There is something in {vault} already. Nothing is overwritten: empty it, or name another."
        )


def _stage(place: Place, manifest: Manifest) -> None:
    """Copy every file beside its place, each held against its hash on the way."""
    stage = Path(settings.VAULT) / STAGE
    shutil.rmtree(stage, ignore_errors=True)  # of a run that was cut off
    stage.mkdir(mode=0o700)
    try:
        for piece in manifest.files:
            target = stage / piece.path
            target.parent.mkdir(mode=0o700, exist_ok=True)
            _fetch(place, piece, target)
        _fetch(place, manifest.database, stage / "database")
    except (Trouble, OSError):
        shutil.rmtree(stage, ignore_errors=True)
        raise


def _fetch(place: Place, piece: Piece, target: Path) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        place.read(piece.sha256, out)
        out.flush()
        os.fsync(out.fileno())


def _database() -> None:
    stage = Path(settings.VAULT) / STAGE
    database.put_back(stage / "database")
    (stage / "database").unlink()


def _unstage() -> None:
    vault = Path(settings.VAULT)
    for recording in (vault / STAGE).iterdir():
        recording.rename(vault / recording.name)
    (vault / STAGE).rmdir()


def _log_trouble() -> str:
    """What is wrong with the log, in a sentence; empty when it holds."""
    try:
        _, broken = audit.verify()
    except KeyTrouble as trouble:
        return f"The log's checkpoints cannot be checked. {trouble}"
    except Broken as found:
        return f"The log is broken: {found}."
    return f"The log is broken: {broken[1]}." if broken is not None else ""


@transaction.atomic
def _settle(manifest: Manifest, state: str, *, by: str, now: datetime) -> int:
    stopped = stop_all(by=by, now=now)
    told: dict[str, Any] = {"state": state, "row": manifest.log_row, "letters": stopped}
    record("backup.data.restored", by=by, subject="backup", now=now, **told)
    return stopped


def count_dead() -> int:
    """How many recordings are in the database whose own key is not here."""
    there = set(keys.own_names())
    kept = Recording.objects.exclude(state__in=GONE).values_list("public_id", flat=True)
    return sum(public_id not in there for public_id in kept)
