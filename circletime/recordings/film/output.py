"""Where the finished film goes: two encrypted files that together are one MP4.

A player wants the index first, and the index is only known at the end. So the first bytes stay in
memory, the rest is encrypted and written as it comes, and the head is written last. A film without
its head was not finished.
"""

from typing import Protocol

HEAD_BYTES_PER_FRAME = 24
"""Room in the index for each picture and each packet of sound; measured at under half of it."""


class Sink(Protocol):
    """What the rest is written to, in order."""

    def write(self, data: bytes) -> object: ...


class HeadFirst:
    """A file object for the muxer: may be rewritten within its first `size` bytes, else only added to."""

    def __init__(self, size: int, rest: Sink) -> None:
        self.head = bytearray(size)
        self._rest = rest
        self._at = 0
        self._end = 0

    def write(self, data: bytes) -> int:
        """Write at the current place. Raises `OSError` when that would change what is out already."""
        data = bytes(data)
        room = max(0, min(len(self.head) - self._at, len(data)))
        self.head[self._at : self._at + room] = data[:room]
        if room < len(data):
            if self._at + room != max(self._end, len(self.head)):
                raise OSError("The film's writer went back behind its head.")
            self._rest.write(data[room:])
        self._at += len(data)
        self._end = max(self._end, self._at)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place, as files do."""
        self._at = offset + (0, self._at, self._end)[whence]
        return self._at

    def tell(self) -> int:
        """The current place."""
        return self._at

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    @property
    def whole_head(self) -> bytes:
        """The first bytes, once the muxer is done; shorter than `size` only for a tiny film."""
        return bytes(self.head[: min(self._end, len(self.head))])
