"""The school's key, which wraps those of all recordings (ADR 5): where it is, how it is replaced (ADR 9).

The file `vault_kek` has it. With an age identity in the settings the file is written encrypted to that
identity, whose own file may be on another disk; which of the two a file is, is seen from its text. While
a rotation goes on, `vault_kek.old` has the key of before, which what is not wrapped anew still needs.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pyrage
from django.conf import settings

from circletime.core import keyfiles
from circletime.core.keyfiles import KeyTrouble

_AGE = b"age-encryption.org/"


def current(*, may_make: bool = False) -> bytes:
    """The key that is wrapped with. Raises `KeyTrouble`."""
    if may_make and not path().exists():
        _make(path())
    return keyfiles.read(path(), _unlock)


def all_keys() -> Iterator[bytes]:
    """The key that is wrapped with, then the one of before while there is one. Raises `KeyTrouble`."""
    yield current()
    if not _old().exists():
        return
    try:
        before = keyfiles.read(_old(), _unlock)
    except KeyTrouble:
        return  # it is being destroyed at this moment: nothing is wrapped with it any more
    yield before


def path() -> Path:
    """Where the school's key is."""
    return Path(settings.KEYS) / "vault_kek"


def is_rotating() -> bool:
    """Whether a rotation was begun and is not ended."""
    return _old().exists() or _next().exists()


def is_locked() -> bool:
    """Whether the key's file is encrypted to an age identity."""
    return path().read_bytes().startswith(_AGE)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One rotation at a time on this machine. Raises `KeyTrouble` while another goes on."""
    folder = os.open(settings.KEYS, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise KeyTrouble("The school's key is being replaced already, by another command.") from None
    finally:
        os.close(folder)


def replace() -> None:
    """Put a new key in its place and keep the old one beside it; begun again, it goes on.

    Raises `KeyTrouble` and `OSError`. Called within `alone`.
    """
    if not is_rotating():
        current()  # not over a key that cannot be read: that would have to be put back first
        _make(_next())
    if _next().exists():
        with contextlib.suppress(FileExistsError):
            os.link(path(), _old())
        keyfiles.keep_folder(path().parent)
        _next().replace(path())
        keyfiles.keep_folder(path().parent)


def retire() -> None:
    """Destroy the key of before. Nothing may be wrapped with it any more. Raises `OSError`."""
    if _old().exists() and _old().samefile(path()):
        raise KeyTrouble("The new key is not in its place yet.")
    keyfiles.destroy(_old())


def _make(place: Path) -> None:
    try:
        keyfiles.make(place, _lock)
    except OSError as trouble:
        raise KeyTrouble(f"The key file {place} cannot be made: {trouble.strerror}.") from None


def _old() -> Path:
    return path().with_name("vault_kek.old")


def _next() -> Path:
    return path().with_name("vault_kek.next")


def _lock(text: bytes) -> bytes:
    return bytes(pyrage.encrypt(text, [_identity().to_public()])) if settings.KEK_IDENTITY else text


def _unlock(text: bytes) -> bytes:
    if not text.startswith(_AGE):
        return text
    if not settings.KEK_IDENTITY:
        raise KeyTrouble(
            f"The key file {path()} is locked with an age identity. "
            "Say where that is: CIRCLETIME_KEK=age:PATH."
        )
    try:
        return bytes(pyrage.decrypt(text, [_identity()]))
    except pyrage.DecryptError:
        raise KeyTrouble(
            f"The age identity {settings.KEK_IDENTITY} does not open the key file {path()}."
        ) from None


def _identity() -> pyrage.x25519.Identity:
    try:
        return read_identity(Path(settings.KEK_IDENTITY or ""))
    except (OSError, ValueError):
        raise KeyTrouble(f"The age identity {settings.KEK_IDENTITY} cannot be read.") from None


def read_identity(place: Path) -> pyrage.x25519.Identity:
    """The identity in a file as `age-keygen` writes it. Raises `OSError` and `ValueError`."""
    lines = [line.strip() for line in place.read_text().splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if len(found) != 1:
        raise ValueError("not one identity")
    try:
        return pyrage.x25519.Identity.from_str(found[0])
    except pyrage.IdentityError as trouble:
        raise ValueError("no identity") from trouble
