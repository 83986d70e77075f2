"""Keys as files: made once, whole or not at all, readable by one account, overwritten when they end."""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

KEY_BYTES = 32


class KeyTrouble(Exception):
    """A key cannot be had; the text says why, in plain words."""


def read(path: Path, unlock: Callable[[bytes], bytes] = bytes) -> bytes:
    """The key in the file, whose text `unlock` makes readable. Raises `KeyTrouble`."""
    try:
        key = bytes.fromhex(unlock(path.read_bytes()).decode("ascii").strip())
    except FileNotFoundError:
        raise KeyTrouble(f"The key file {path} is missing. Put it back from where it is kept safe.") from None
    except OSError as trouble:
        raise KeyTrouble(f"The key file {path} cannot be read: {trouble.strerror}.") from None
    except ValueError:
        raise KeyTrouble(f"The key file {path} is damaged.") from None
    if len(key) != KEY_BYTES:
        raise KeyTrouble(f"The key file {path} is damaged.")
    return key


def make(path: Path, lock: Callable[[bytes], bytes] = bytes) -> None:
    """A fresh key in a new file, or nothing when the file is there. Raises `OSError`.

    Written whole under another name and linked into place, so that two processes agree on one key.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(lock(secrets.token_bytes(KEY_BYTES).hex().encode()))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
        keep_folder(path.parent)


def read_or_make(path: Path, *, may_make: bool) -> bytes:
    """The key in the file, which is made first when there is none and that is right. Raises `KeyTrouble`."""
    if may_make and not path.exists():
        try:
            make(path)
        except OSError as trouble:
            raise KeyTrouble(f"The key file {path} cannot be made: {trouble.strerror}.") from None
    return read(path)


def destroy(path: Path) -> None:
    """Overwrite the file and remove it. Doing it again changes nothing. Raises `OSError`."""
    try:
        handle = os.open(path, os.O_WRONLY)
    except FileNotFoundError:
        return
    with os.fdopen(handle, "wb") as file:
        size = os.fstat(file.fileno()).st_size
        file.write(b"-" * max(size, 2 * KEY_BYTES))  # what the disk makes of it is the disk's: see ADR 5
        file.flush()
        os.fsync(file.fileno())
    path.unlink(missing_ok=True)
    keep_folder(path.parent)


def keep_folder(folder: Path) -> None:
    """What was made or removed in the folder outlasts a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
