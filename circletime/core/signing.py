"""Signatures (Ed25519) with keys that are in files beside the database, and never in it."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from circletime.core import keyfiles


def sign(name: str, data: bytes, *, may_make_file: bool = False) -> str:
    """The signature of `data` by the key in the file `name`, in hex. Raises `KeyTrouble`.

    With `may_make_file` the file is made when there is none: right only while nothing was signed yet.
    """
    return _signer(name, may_make=may_make_file).sign(data).hex()


def public_key(name: str, *, may_make_file: bool = False) -> str:
    """The key that what is signed is checked with, in hex. Raises `KeyTrouble`."""
    return _signer(name, may_make=may_make_file).public_key().public_bytes_raw().hex()


def is_signed(data: str | bytes, signature: str, by: str) -> bool:
    """Whether `signature` is the one of `data` by the public key `by`."""
    raw = data.encode() if isinstance(data, str) else data
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(by)).verify(bytes.fromhex(signature), raw)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signer(name: str, *, may_make: bool) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(
        keyfiles.read_or_make(Path(settings.KEYS) / name, may_make=may_make)
    )
