"""The keys, copied apart from the data: a mirror, so that what was destroyed here is destroyed there (ADR 5).

No older state of a recording's own key is kept anywhere: then no backup of the data brings it back.
"""

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction

from circletime.audit.actions import record
from circletime.backup.place import KEYS_MARK, check_apart
from circletime.backup.rules import Trouble
from circletime.core import keyfiles
from circletime.recordings import outer
from circletime.recordings.models import Recording
from circletime.recordings.rules import GONE
from config.env import SECRETS

FORMAT = "circletime-keys/1"
OWN = "recordings/"
PASSING = ("vault_kek.old", "vault_kek.next")
"""There only while the school's key is being replaced."""


@dataclass
class Mirrored:
    """What came of it."""

    copied: int = 0
    destroyed: int = 0
    kept: list[str] = field(default_factory=list)
    """Keys that are gone here and were not destroyed by Circletime: the copy is the only one."""


def mirror(folder: Path, *, by: str, now: datetime) -> Mirrored:
    """Make the copy in `folder` what the key folder is now. Raises `Trouble` and `OSError`."""
    target = folder.expanduser().resolve()
    _check_ours(target)
    came = Mirrored()
    here, there = _files(Path(settings.KEYS)), _files(target)
    for name, path in here.items():
        if name not in there or there[name].read_bytes() != path.read_bytes():
            _replace(target / name, path.read_bytes())
            came.copied += 1
    ended = _ended()
    for name in sorted(set(there) - set(here)):
        if name in PASSING or (name.startswith(OWN) and name.removeprefix(OWN) in ended):
            keyfiles.destroy(target / name)
            came.destroyed += 1
        else:
            came.kept.append(name)
    with transaction.atomic():
        counts: dict[str, Any] = {"copied": came.copied, "destroyed": came.destroyed, "kept": len(came.kept)}
        record("backup.keys.taken", by=by, subject="backup", now=now, **counts)
    return came


def put_back(folder: Path) -> int:
    """Put the keys back into a key folder in which none was used; answers how many. Raises `Trouble`."""
    source = folder.expanduser().resolve()
    if not (source / KEYS_MARK).exists():
        raise Trouble(f"There is no copy of keys in {source}.")
    keys, there = Path(settings.KEYS), _files(source)
    for name, path in _files(keys).items():
        if name not in SECRETS and (name not in there or there[name].read_bytes() != path.read_bytes()):
            raise Trouble(
                f"There is a key {name} in {keys} already. Nothing is overwritten: name another folder."
            )
    for name, path in there.items():
        _replace(keys / name, path.read_bytes())
    return len(there)


def is_locked() -> bool:
    """Whether the school's key needs an age identity that the settings do not name."""
    return outer.path().exists() and outer.is_locked() and not settings.KEK_IDENTITY


def _check_ours(target: Path) -> None:
    mark, ours = target / KEYS_MARK, {"format": FORMAT, "of": _whose()}
    if mark.exists():
        if json.loads(mark.read_text()) != ours:
            raise Trouble(f"{target} has the keys of another school. Name another place.")
        return
    check_apart(target)
    if target.exists() and any(target.iterdir()):
        raise Trouble(f"The folder {target} has something else in it. Name an empty or a new one.")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.chmod(0o700)
    _replace(mark, (json.dumps(ours) + "\n").encode())


def _whose() -> str:
    # Tells one installation's keys from another's, and gives nothing of the secret away.
    return hashlib.sha256(b"circletime keys of" + settings.SECRET_KEY.encode()).hexdigest()[:16]


def _files(folder: Path) -> dict[str, Path]:
    found = {
        path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()
    }
    return {name: path for name, path in found.items() if not path.name.startswith(".") and name != KEYS_MARK}


def _ended() -> set[str]:
    """The recordings whose keys Circletime itself destroyed."""
    try:
        return set(Recording.objects.filter(state__in=GONE).values_list("public_id", flat=True))
    except DatabaseError:
        raise Trouble("The database does not answer, which says what was destroyed.") from None


def _replace(target: Path, data: bytes) -> None:
    """Write a file whole; what it had before is overwritten and removed."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    with _old(target):
        draft.replace(target)
        keyfiles.keep_folder(target.parent)


@contextlib.contextmanager
def _old(target: Path) -> Iterator[None]:
    before = target.with_name(f".{target.name}.{secrets.token_hex(4)}.old")
    with contextlib.suppress(FileNotFoundError):
        os.link(target, before)
    yield
    keyfiles.destroy(before)
