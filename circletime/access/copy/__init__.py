"""The copy somebody takes home (ADR 16): a page that holds the film encrypted, and opens it in any browser.

The film in it is a stream of the vault's own format (docs/vault-format.md) in base64, under a key that is
stretched from the passphrase. It is made while it is sent; nothing of it is ever on our disk.
"""

import base64
import hashlib
import io
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from circletime.core.ids import readable
from circletime.recordings.vault import CHUNK, VaultWriter

ROUNDS = 600_000
"""Of PBKDF2-HMAC-SHA256, the only stretching that every browser has."""

GROUPS, LETTERS = 4, 5
_HERE = Path(__file__).parent
_BLOCK = 16 * CHUNK
"""Bytes of one block of the page: a browser decodes and forgets one at a time."""


def new_passphrase() -> str:
    """Twenty letters and digits in four groups (95 bits), to be read out and typed."""
    return "-".join(readable(LETTERS) for _ in range(GROUPS))


def new_salt() -> bytes:
    """What makes two copies with one passphrase differ."""
    return secrets.token_bytes(16)


def stretch(passphrase: str, salt: bytes) -> bytes:
    """The key of a copy. Case, spaces and hyphens in what was typed do not matter."""
    plain = "".join(passphrase.lower().replace("-", " ").split())
    return hashlib.pbkdf2_hmac("sha256", plain.encode(), salt, ROUNDS)


def wrap(stretched: bytes, key: bytes, name: str) -> bytes:
    """The key of a copy as it is kept: only the recording's own key opens it."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, stretched, b"circletime/copy/" + name.encode())


def unwrap(wrapped: bytes, key: bytes, name: str) -> bytes:
    """The key of a copy. Raises `InvalidTag` with any other recording's key."""
    return AESGCM(key).decrypt(wrapped[:12], wrapped[12:], b"circletime/copy/" + name.encode())


def page(pieces: Iterable[bytes], stretched: bytes, salt: bytes, name: str) -> Iterator[bytes]:
    """The page, piece by piece. A page that was cut off says that it is not whole."""
    script, style = ((_HERE / file).read_text() for file in ("open.js", "open.css"))
    before, after = (_HERE / "page.html").read_text().split("<!-- film -->")
    filled = {
        "{{script-hash}}": _hash(script),
        "{{style-hash}}": _hash(style),
        "{{style}}": style,
        "{{script}}": script,
        "{{name}}": name,
        "{{salt}}": base64.b64encode(salt).decode(),
        "{{rounds}}": str(ROUNDS),
    }
    yield _fill(before, filled)
    yield from _blocks(_sealed(pieces, stretched, name))
    yield _fill(after, filled)


def _sealed(pieces: Iterable[bytes], stretched: bytes, name: str) -> Iterator[bytes]:
    out = _Kept()
    writer = VaultWriter(cast(BinaryIO, out), f"copy/{name}", stretched)
    for part in pieces:
        writer.write(part)
        yield out.take()
    writer.close()
    yield out.last


def _blocks(sealed: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for part in sealed:
        waiting += part
        while len(waiting) >= _BLOCK:
            yield _block(bytes(waiting[:_BLOCK]))
            del waiting[:_BLOCK]
    yield _block(bytes(waiting))


def _block(data: bytes) -> bytes:
    return b'<script type="text/plain" class="film">' + base64.b64encode(data) + b"</script>\n"


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _fill(text: str, filled: dict[str, str]) -> bytes:
    for mark, value in filled.items():
        text = text.replace(mark, value)
    return text.encode()


class _Kept(io.BytesIO):
    """What was written and not yet taken; its last bytes are there after it is closed."""

    last = b""

    def take(self) -> bytes:
        found = self.getvalue()
        self.seek(0)
        self.truncate()
        return found

    def close(self) -> None:
        self.last = self.getvalue()
        super().close()
