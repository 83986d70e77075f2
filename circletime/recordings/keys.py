"""The keys of recordings: one for each, wrapped by a key that is in a file and never in the database.

A copy of the database alone opens nothing; neither does a copy of the vault. Destroying a
recording is destroying its wrapped key.
"""

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

KEY_BYTES = 32
_VERSION = b"\x01"
_MARK_BYTES = 4
_NONCE_BYTES = 12
_WRAPPED_BYTES = 1 + _MARK_BYTES + _NONCE_BYTES + KEY_BYTES + 16


class KeyTrouble(Exception):
    """A recording's key cannot be had; the text says why, in plain words."""


def new_key() -> bytes:
    """A fresh data key."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(key: bytes, public_id: str, *, may_make_file: bool = False) -> bytes:
    """`key` as the database keeps it, bound to the recording `public_id`.

    With `may_make_file` the key file is made when there is none: right only while nothing was ever
    wrapped, since a new file opens none of the old keys.
    """
    outer = _read_file(make=may_make_file)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    head = _VERSION + _mark(outer)
    return head + nonce + AESGCM(outer).encrypt(nonce, key, head + public_id.encode())


def unwrap(wrapped: bytes, public_id: str) -> bytes:
    """The data key of the recording `public_id`. Raises `KeyTrouble`."""
    wrapped = bytes(wrapped)
    if not wrapped:
        raise KeyTrouble("The key of this recording was destroyed.")
    outer = _read_file(make=False)
    head, rest = wrapped[: 1 + _MARK_BYTES], wrapped[1 + _MARK_BYTES :]
    if len(wrapped) != _WRAPPED_BYTES or head[:1] != _VERSION:
        raise KeyTrouble("The key of this recording is damaged in the database.")
    if head[1:] != _mark(outer):
        raise KeyTrouble(f"The key file {_path()} is not the one this recording was made with.")
    try:
        return AESGCM(outer).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], head + public_id.encode())
    except InvalidTag:
        raise KeyTrouble("The key of this recording is damaged in the database.") from None


def _mark(outer: bytes) -> bytes:
    # Tells a wrong key file from a damaged row; four bytes of a hash give nothing of the key away.
    return hashlib.sha256(b"circletime vault_kek" + outer).digest()[:_MARK_BYTES]


def _path() -> Path:
    return Path(settings.KEYS) / "vault_kek"


def _read_file(*, make: bool) -> bytes:
    path = _path()
    try:
        if make and not path.exists():
            _make_file(path)
        key = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        raise KeyTrouble(f"The key file {path} is missing. Put it back from where it is kept safe.") from None
    except OSError as trouble:
        raise KeyTrouble(f"The key file {path} cannot be read: {trouble.strerror}.") from None
    except ValueError:
        raise KeyTrouble(f"The key file {path} is damaged.") from None
    if len(key) != KEY_BYTES:
        raise KeyTrouble(f"The key file {path} is damaged.")
    return key


def _make_file(path: Path) -> None:
    """Written whole under another name and linked into place, so that two processes agree on one key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_bytes(KEY_BYTES).hex())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
