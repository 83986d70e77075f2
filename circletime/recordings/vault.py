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
from typing import BinaryIO, Protocol

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
FULL = 4 + CHUNK + TAG
"""The bytes of a chunk that is full."""
KEPT_CHUNKS = 8
TOGETHER = 4
"""So many chunks are read in one go."""
STEP = TOGETHER * CHUNK
_WORD = struct.Struct(">I")


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
        self._out.write(_WORD.pack(length) + sealed)
        self._index += 1


def create(path: Path, name: str, key: bytes) -> VaultWriter:
    """A new file of the vault, readable by this account only. Raises `FileExistsError`."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    return VaultWriter(os.fdopen(handle, "wb"), name, key)


class Source(Protocol):
    """Where the bytes of a file come from: a file of the disk, or one in a store."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def close(self) -> None: ...


class VaultReader(io.RawIOBase):
    """Decrypts on demand, from anywhere in the file. After a crash all whole chunks are there.

    `complete` tells whether the final chunk is there, and is the one that was written. Raises
    `VaultDamaged` for a file that is no CTV1 file, and for a chunk that was changed, moved, or
    written under another key or name.
    """

    def __init__(self, source: Source, name: str, key: bytes) -> None:
        super().__init__()
        self._source = source
        self._scratch, self._plain = bytearray(), bytearray()
        self._name = name
        self._header = bytes(self._sealed(0, HEADER))
        if len(self._header) != HEADER or self._header[:4] != MAGIC:
            raise VaultDamaged(name, 0, "this is no recording of ours")
        self._aead = _file_key(key, self._header[4:20], name)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._position, self.size, self.complete = 0, 0, False
        self._places: list[tuple[int, int, bool]] = []
        """Where each chunk is, how long it is in the clear, and whether it is the last."""
        self._starts: list[int] = []
        self._scan()

    def _scan(self) -> None:
        size = self._source.seek(0, os.SEEK_END)
        if self._scan_full(size):
            return
        self._places, self._starts, self.complete = [], [], False
        at, plain = HEADER, 0
        while at + 4 <= size and not self.complete:
            (word,) = _WORD.unpack(self._sealed(at, 4))
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

    def _scan_full(self, size: int) -> bool:
        """Whether all chunks but the last are full, as in a film: then one look tells where each one is.

        The last chunk proves it: it decrypts only as the one with this number, and before it there is no
        room for so many chunks that are not full.
        """
        before, last = divmod(size - HEADER, FULL)
        if last == 0:
            before, last = before - 1, FULL
        length = last - 4 - TAG
        if before < 0 or length < 0:
            return False
        if self._sealed(HEADER + before * FULL, 4) != _WORD.pack(length | FINAL):
            return False
        self._places = [(HEADER + index * FULL + 4, CHUNK, False) for index in range(before)]
        self._places.append((HEADER + before * FULL + 4, length, True))
        self._starts = [index * CHUNK for index in range(before + 1)]
        self.size = before * CHUNK + length
        self.complete = self._is_sound(before)
        return self.complete

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
        left = self.size if size is None or size < 0 else size
        left = max(0, min(left, self.size - self._position))
        if len(self._plain) < min(left, STEP):
            self._plain = bytearray(min(left, STEP))
        plain, out = memoryview(self._plain), io.BytesIO()
        if left <= STEP:
            return bytes(plain[: self.readinto(plain[:left])])
        while left:  # by small steps, which stay in the processor's own memory
            taken = self.readinto(plain[:left])
            out.write(plain[:taken])
            left -= taken
        return out.getvalue()

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        length = max(0, min(len(buffer), self.size - self._position))
        self._fill(memoryview(buffer)[:length])
        return length

    def _fill(self, out: memoryview) -> None:
        """Decrypt what follows into `out`, whole chunks straight to their place."""
        at = 0
        while at < len(out):
            index = bisect_right(self._starts, self._position) - 1
            start, length = self._position - self._starts[index], self._places[index][1]
            if start == 0 and length <= len(out) - at and index not in self._kept:
                taken = self._run(index, out[at:])
            else:
                part = self._chunk(index)[start : start + len(out) - at]
                taken = len(part)
                out[at : at + taken] = part
            at += taken
            self._position += taken

    def _run(self, index: int, out: memoryview) -> int:
        """Decrypt a few whole chunks from `index` on, as many as fit into `out`; answers their length."""
        last, plain = index, self._places[index][1]
        while last + 1 < len(self._places) and last + 1 - index < TOGETHER:
            following = self._places[last + 1][1]
            if plain + following > len(out):
                break
            last, plain = last + 1, plain + following
        first, (at, length, _) = self._places[index][0], self._places[last]
        sealed = self._sealed(first, at + length + TAG - first)
        done = 0
        for number in range(index, last + 1):
            at, length, _ = self._places[number]
            self._open(number, sealed[at - first :][: length + TAG], out[done : done + length])
            done += length
        return done

    def _sealed(self, at: int, length: int) -> memoryview:
        """These bytes of the file; fewer when it was cut off. They last until the next are asked for."""
        if len(self._scratch) < length:
            self._scratch = bytearray(length)
        room, filled = memoryview(self._scratch)[:length], 0
        self._source.seek(at)
        while filled < length and (taken := self._source.readinto(room[filled:])):
            filled += taken
        return room[:filled]

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
        at, length, _ = self._places[index]
        plain = bytearray(length)
        self._open(index, self._sealed(at, length + TAG), plain)
        self._kept[index] = bytes(plain)
        if len(self._kept) > KEPT_CHUNKS:
            self._kept.popitem(last=False)
        return self._kept[index]

    def _open(self, index: int, sealed: bytes | memoryview, out: bytearray | memoryview) -> None:
        nonce = _nonce(self._header, index, self._places[index][2])
        try:
            if len(sealed) != len(out) + TAG:
                raise InvalidTag  # cut off since it was opened
            self._aead.decrypt_into(nonce, sealed, self._header, out)
        except InvalidTag:
            raise VaultDamaged(self._name, index, "it was changed, or the key is another") from None


def read(path: Path, name: str, key: bytes) -> VaultReader:
    """Open a file of the vault. Raises `FileNotFoundError` and `VaultDamaged`."""
    return VaultReader(path.open("rb", buffering=0), name, key)
