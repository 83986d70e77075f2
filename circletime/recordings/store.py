"""Where the files of recordings are: the folder that the recorder writes to, then a bucket if there is one.

Without a bucket in the settings a recording stays in its folder. With one (S3-compatible, through
django-storages) its files are moved there once it has stopped (ADR 10); the rest of the program asks here
and does not know which. What a store has is encrypted like everything in the vault.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from django.conf import settings
from django.core.files.storage import storages

from circletime.recordings.vault import Source

NAME = "vault"
"""What the bucket is called in the setting STORAGES."""


class StoreTrouble(Exception):
    """The bucket did not do what it was asked; it is tried again. The text says why, in plain words."""


def folder_of(public_id: str) -> Path:
    """The folder of a recording on this machine."""
    return Path(settings.VAULT) / public_id


class Bucket(Protocol):
    """What is asked of the bucket; `bucket.Bucket` says it in full."""

    def open_source(self, public_id: str, name: str) -> Source: ...
    def sizes(self, public_id: str) -> dict[str, int]: ...
    def ids(self) -> set[str]: ...
    def put(self, path: Path, public_id: str, name: str) -> None: ...
    def remove(self, public_id: str, name: str = "") -> None: ...
    def keeps_versions(self) -> bool: ...


def bucket() -> Bucket | None:
    """The bucket, or None when recordings stay in the folder."""
    return cast(Bucket, storages[NAME]) if NAME in settings.STORAGES else None


def open_source(public_id: str, name: str) -> Source:
    """A file of a recording, encrypted as it is, to be read anywhere.

    Raises `FileNotFoundError` and `StoreTrouble`.
    """
    there = bucket()
    try:
        return (folder_of(public_id) / name).open("rb", buffering=0)
    except FileNotFoundError:
        if there is None:
            raise
    return there.open_source(public_id, name)


def sizes(public_id: str) -> dict[str, int]:
    """Every file of a recording and its bytes. Raises `StoreTrouble`."""
    # The folder first: what is moved meanwhile is then seen twice, and not left out.
    found, there = local_sizes(public_id), bucket()
    return found if there is None else there.sizes(public_id) | found


def local_sizes(public_id: str) -> dict[str, int]:
    """The files of a recording that are on this machine, with those of a film that is being made."""
    folder, found = folder_of(public_id), dict[str, int]()
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                found[path.relative_to(folder).as_posix()] = path.stat().st_size
    return found


def local_ids() -> set[str]:
    """The names of all recordings that have a folder on this machine. Raises `OSError`."""
    return {path.name for path in Path(settings.VAULT).iterdir()}


def stored_ids() -> set[str]:
    """The names of all recordings of which the bucket has something. Raises `StoreTrouble`."""
    there = bucket()
    return set() if there is None else there.ids()


def waiting(public_id: str) -> list[str]:
    """The finished files of a recording that are on this machine and would be moved."""
    return sorted(name for name in local_sizes(public_id) if "/" not in name)


@contextlib.contextmanager
def moving(public_id: str) -> Iterator[bool]:
    """Be the only one who moves this recording; False when another process does, or it has no folder."""
    try:
        folder = os.open(folder_of(public_id), os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(folder)


def put(public_id: str, name: str) -> None:
    """Copy a file into the bucket, whole or not at all. Raises `StoreTrouble` and `FileNotFoundError`."""
    there = bucket()
    if there is None:
        raise StoreTrouble("There is no bucket in the settings.")
    there.put(folder_of(public_id) / name, public_id, name)


def drop_local(public_id: str, name: str) -> None:
    """Remove a file that the bucket has. Doing it again changes nothing."""
    (folder_of(public_id) / name).unlink(missing_ok=True)


def drop(public_id: str, name: str) -> None:
    """Remove a file, here and in the bucket. Raises `OSError` and `StoreTrouble`."""
    drop_local(public_id, name)
    there = bucket()
    if there is not None:
        there.remove(public_id, name)


def remove(public_id: str) -> None:
    """Remove all there is of a recording, here and in the bucket. Raises `OSError` and `StoreTrouble`."""
    folder = folder_of(public_id)
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue  # another process removes it as well
    there = bucket()
    if there is not None:
        there.remove(public_id)
