"""Making a backup: the database of one moment, then the encrypted files of its recordings. Never a key."""

import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from circletime.audit.actions import record
from circletime.backup import database
from circletime.backup.place import Fingerprint, Place
from circletime.backup.rules import KEPT_STATES, Manifest, Piece, state_name
from circletime.recordings import store

Say = Callable[[str], None]


def back_up(
    folder: Path, *, by: str, now: datetime, say: Say, keep: int = KEPT_STATES
) -> tuple[str, Manifest]:
    """Add a state to the backup in `folder`, and drop the oldest beyond `keep`. Answers its name and list.

    Meetings go on meanwhile. Cut off anywhere and begun again it goes on. Raises `Trouble` and `OSError`.
    """
    place = Place(folder, make=True)
    with place.alone():
        place.read_known()
        piece, facts = _database(place)
        say(f"The database is copied, with the log up to row {facts.log_row}.")
        files, missing, seen = _recordings(place, facts.kept, say)
        manifest = Manifest(
            school=facts.school,
            at=now.isoformat(),
            engine=database.engine(),
            database=piece,
            log_row=facts.log_row,
            log_digest=facts.log_digest,
            migrations=facts.migrations,
            recordings=len(facts.kept),
            files=files,
            missing=missing,
            bucket=settings.S3_BUCKET,
        )
        name = state_name(now)
        place.add_state(name, manifest)
        place.forget_but(seen)
        dropped = place.prune(keep)
    with transaction.atomic():
        counts: dict[str, Any] = {"recordings": len(facts.kept), "files": len(files), "dropped": dropped}
        record("backup.data.taken", by=by, subject="backup", now=now, row=facts.log_row, **counts)
    return name, manifest


def _database(place: Place) -> tuple[Piece, database.Facts]:
    draft = place.folder / f".database-{secrets.token_hex(4)}"
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        facts = database.copy_into(draft)
        with draft.open("rb") as file:
            sha256, size = place.add(file)
    finally:
        draft.unlink(missing_ok=True)
    return Piece("database", size, sha256), facts


def _recordings(place: Place, kept: list[str], say: Say) -> tuple[list[Piece], list[str], set[Fingerprint]]:
    """The files of these recordings. A film that is being made is left out: it is made again."""
    pieces, missing, seen, read = list[Piece](), list[str](), set[Fingerprint](), 0
    for public_id in kept:
        for name in store.waiting(public_id):
            path, inside = store.folder_of(public_id) / name, f"{public_id}/{name}"
            try:
                with path.open("rb") as file:
                    stands = os.fstat(file.fileno())
                    mark = (inside, stands.st_size, stands.st_mtime_ns)
                    sha256, size = place.known(mark), stands.st_size
                    if sha256 is None:
                        sha256, size = place.add(file)
                        place.note((inside, size, stands.st_mtime_ns), sha256)
                        read += 1
            except FileNotFoundError:
                missing.append(inside)  # destroyed, or moved to the bucket, since the database was copied
                continue
            pieces.append(Piece(inside, size, sha256))
            seen.add((inside, size, stands.st_mtime_ns))
    say(f"{len(pieces)} files of {len(kept)} recordings, of which {read} were read now.")
    return pieces, missing, seen


def check(folder: Path, *, say: Say) -> int:
    """Read every file of every state and hold it against its hash; answers how many states are whole.

    Raises `Trouble` for the first that is not, and `OSError`.
    """
    place = Place(folder, make=False)
    read = dict[str, int]()
    for name in place.states():
        manifest = place.manifest(name)
        for sha256 in manifest.hashes() - read.keys():
            read[sha256] = place.read(sha256)
        say(f"{name}: {len(manifest.files)} files of {manifest.recordings} recordings are whole.")
    return len(place.states())
