"""The keys of recordings: one for each, wrapped by two keys that are in files and never in the database.

One file is the school's (`vault_kek`), the other the recording's own (`recordings/<public id>`). A copy of
the database alone opens nothing; neither does a copy of the vault. Destroying a recording is destroying
its wrapped key and its own file: then no older copy of the database brings it back.
"""

import hashlib
import re
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from circletime.core import keyfiles, signing
from circletime.core.keyfiles import KEY_BYTES, KeyTrouble
from circletime.core.signing import is_signed
from circletime.recordings import outer

__all__ = [
    "KEY_BYTES",
    "KeyTrouble",
    "forget",
    "is_current",
    "is_signed",
    "new_key",
    "own_names",
    "public_key",
    "sign",
    "unwrap",
    "wrap",
]

_SCHOOL_ALONE = b"\x01"
"""How keys were wrapped at first, without a file of the recording's own. Still read, never written."""
_VERSION = b"\x02"
_MARK_BYTES = 4
_NONCE_BYTES = 12
_SEALED_BYTES = _NONCE_BYTES + KEY_BYTES + 16
_INFO = b"circletime/recording key/v2"
CERTIFICATES = "certificate_key"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


def new_key() -> bytes:
    """A fresh data key."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(key: bytes, public_id: str, *, may_make_file: bool = False) -> bytes:
    """`key` as the database keeps it, bound to the recording `public_id`, whose own file is made.

    With `may_make_file` the school's key file is made when there is none: right only while nothing was ever
    wrapped, since a new file opens none of the old keys.
    """
    school, own = (
        outer.current(may_make=may_make_file),
        keyfiles.read_or_make(_own_path(public_id), may_make=True),
    )
    nonce = secrets.token_bytes(_NONCE_BYTES)
    head = _VERSION + _mark(school) + _mark(own)
    return head + nonce + _outer(school, own).encrypt(nonce, key, head + public_id.encode())


def is_current(wrapped: bytes) -> bool:
    """Whether it is wrapped with the school's key of now, in the form of now. Raises `KeyTrouble`."""
    return bytes(wrapped)[: 1 + _MARK_BYTES] == _VERSION + _mark(outer.current())


def unwrap(wrapped: bytes, public_id: str) -> bytes:
    """The data key of the recording `public_id`. Raises `KeyTrouble`."""
    wrapped = bytes(wrapped)
    if not wrapped:
        raise KeyTrouble("The key of this recording was destroyed.")
    marks = {_SCHOOL_ALONE: 1, _VERSION: 2}.get(wrapped[:1], 0)
    head, sealed = wrapped[: 1 + marks * _MARK_BYTES], wrapped[1 + marks * _MARK_BYTES :]
    if not marks or len(sealed) != _SEALED_BYTES:
        raise KeyTrouble("The key of this recording is damaged in the database.")
    school = next((key for key in outer.all_keys() if _mark(key) == head[1 : 1 + _MARK_BYTES]), None)
    if school is None:
        raise KeyTrouble(f"The key file {outer.path()} is not the one this recording was made with.")
    opener = AESGCM(school) if marks == 1 else _with_own(school, head[1 + _MARK_BYTES :], public_id)
    try:
        return opener.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], head + public_id.encode())
    except InvalidTag:
        raise KeyTrouble("The key of this recording is damaged in the database.") from None


def forget(public_id: str) -> None:
    """Destroy the recording's own key file. Doing it again changes nothing. Raises `OSError`."""
    keyfiles.destroy(_own_path(public_id))


def own_names() -> list[str]:
    """The recordings that have a key file of their own."""
    folder = Path(settings.KEYS) / "recordings"
    return sorted(path.name for path in folder.glob("*") if _NAME.fullmatch(path.name))


def sign(text: str, *, may_make_file: bool = False) -> str:
    """The signature of a certificate (Ed25519), in hex. Raises `KeyTrouble`."""
    return signing.sign(CERTIFICATES, text.encode(), may_make_file=may_make_file)


def public_key(*, may_make_file: bool = False) -> str:
    """The key that certificates are checked with, in hex. Raises `KeyTrouble`."""
    return signing.public_key(CERTIFICATES, may_make_file=may_make_file)


def _outer(school: bytes, own: bytes) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), KEY_BYTES, None, _INFO).derive(school + own))


def _with_own(school: bytes, mark: bytes, public_id: str) -> AESGCM:
    path = _own_path(public_id)
    if not path.exists():
        raise KeyTrouble(
            f"The key file {path} is not there: this recording was destroyed, or the key folder is not whole."
        )
    own = keyfiles.read(path)
    if mark != _mark(own):
        raise KeyTrouble(f"The key file {path} is not the one this recording was made with.")
    return _outer(school, own)


def _mark(key: bytes) -> bytes:
    # Tells a wrong key file from a damaged row; four bytes of a hash give nothing of the key away.
    return hashlib.sha256(b"circletime vault_kek" + key).digest()[:_MARK_BYTES]


def _own_path(public_id: str) -> Path:
    if not _NAME.fullmatch(public_id):
        raise KeyTrouble("The name of this recording is damaged in the database.")
    return Path(settings.KEYS) / "recordings" / public_id
