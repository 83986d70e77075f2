"""The vault's file format, CTV1: encrypted chunks in order, which can be sought and survive a crash.

docs/vault-format.md writes it down; the recorder (Go) writes it, this module reads and writes it.
A file is bound to its name inside its recording, so no chunk and no file can stand in for another.
"""

import io
import os
import secrets
import struct
from bisect import bisect_right
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"CTV1"
HEADER = 28
CHUNK = 64 * 1024
FINAL = 1 << 31
TAG = 16
KEY_INFO = b"circletime/vault/v1\x00"
KEPT_CHUNKS = 8


class VaultDamaged(Exception):
    """A part of a file is not what was written. `file` and `chunk` say where."""

    def __init__(self, file: str, chunk: int, what: str) -> None:
        super().__init__(f"{file}, chunk {chunk}: {what}")
        self.file = file
        self.chunk = chunk


def _file_key(key: bytes, salt: bytes, name: str) -> AESGCM:
    derived = HKDF(hashes.SHA256(), 32, salt, KEY_INFO + name.encode()).derive(key)
    return AESGCM(derived)


def _nonce(header: bytes, index: int, final: bool) -> bytes:
    return header[20:27] + struct.pack(">IB", index, final)


class VaultWriter(io.RawIOBase):
    """Encrypts what is written. `name` is `<recording>/<file>`; `close` marks the file as whole."""

    def __init__(
        self, out: BinaryIO, name: str, key: bytes, *, salt: bytes | None = None, prefix: bytes | None = None
    ) -> None:
        super().__init__()
        salt = salt or secrets.token_bytes(16)
        self._header = MAGIC + salt + (prefix or secrets.token_bytes(7)) + b"\0"
        self._aead = _file_key(key, salt, name)
        self._out = out
        self._index = 0
        self._buffer = bytearray()
        out.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        self._buffer += data
        while len(self._buffer) >= CHUNK:
            self._seal(bytes(self._buffer[:CHUNK]), final=False)
            del self._buffer[:CHUNK]
        return len(data)

    def flush(self) -> None:
        """Write out what is waiting, as a chunk that a crash cannot take back."""
        if self._buffer:
            self._seal(bytes(self._buffer), final=False)
            self._buffer.clear()
            self._out.flush()

    def close(self) -> None:
        if not self.closed:
            self._seal(bytes(self._buffer), final=True)
            self._buffer.clear()
            self._out.close()
            super().close()

    def _seal(self, plain: bytes, *, final: bool) -> None:
        length = len(plain) | (FINAL if final else 0)
        sealed = self._aead.encrypt(_nonce(self._header, self._index, final), plain, self._header)
        self._out.write(struct.pack(">I", length) + sealed)
        self._index += 1


def create(path: Path, name: str, key: bytes) -> VaultWriter:
    """A new file of the vault, readable by this account only. Raises `FileExistsError`."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    return VaultWriter(os.fdopen(handle, "wb"), name, key)


class VaultReader(io.RawIOBase):
    """Decrypts on demand, from anywhere in the file. After a crash all whole chunks are there.

    `complete` tells whether the final chunk is there, and is the one that was written. Raises
    `VaultDamaged` for a file that is no CTV1 file, and for a chunk that was changed, moved, or
    written under another key or name.
    """

    def __init__(self, source: BinaryIO, name: str, key: bytes) -> None:
        super().__init__()
        self._source = source
        self._name = name
        self._header = source.read(HEADER)
        if len(self._header) != HEADER or self._header[:4] != MAGIC:
            raise VaultDamaged(name, 0, "this is no recording of ours")
        self._aead = _file_key(key, self._header[4:20], name)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._position = 0
        self._scan()

    def _scan(self) -> None:
        size = self._source.seek(0, os.SEEK_END)
        self._places: list[tuple[int, int, bool]] = []
        self._starts: list[int] = []
        self.complete = False
        at, plain = HEADER, 0
        while at + 4 <= size and not self.complete:
            self._source.seek(at)
            (word,) = struct.unpack(">I", self._source.read(4))
            length, final = word & (FINAL - 1), bool(word & FINAL)
            if length > CHUNK or at + 4 + length + TAG > size:
                break
            self._places.append((at + 4, length, final))
            self._starts.append(plain)
            at, plain = at + 4 + length + TAG, plain + length
            self.complete = final
        self.size = plain
        if self.complete:
            self.complete = self._is_sound(len(self._places) - 1)  # anybody can set a bit

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        end = self.size if size is None or size < 0 else min(self.size, self._position + size)
        parts = []
        while self._position < end:
            index = bisect_right(self._starts, self._position) - 1
            plain = self._chunk(index)
            start = self._position - self._starts[index]
            part = plain[start : start + end - self._position]
            parts.append(part)
            self._position += len(part)
        return b"".join(parts)

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def check(self) -> list[VaultDamaged]:
        """Every damaged chunk of the file."""
        found = []
        for index in range(len(self._places)):
            try:
                self._chunk(index)
            except VaultDamaged as damage:
                found.append(damage)
        return found

    def _is_sound(self, index: int) -> bool:
        try:
            self._chunk(index)
        except VaultDamaged:
            return False
        return True

    def close(self) -> None:
        self._source.close()
        super().close()

    def _chunk(self, index: int) -> bytes:
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        at, length, final = self._places[index]
        self._source.seek(at)
        sealed = self._source.read(length + TAG)
        try:
            plain = self._aead.decrypt(_nonce(self._header, index, final), sealed, self._header)
        except InvalidTag:
            raise VaultDamaged(self._name, index, "it was changed, or the key is another") from None
        self._kept[index] = plain
        if len(self._kept) > KEPT_CHUNKS:
            self._kept.popitem(last=False)
        return plain


def read(path: Path, name: str, key: bytes) -> VaultReader:
    """Open a file of the vault. Raises `FileNotFoundError` and `VaultDamaged`."""
    return VaultReader(path.open("rb"), name, key)
