"""A finished film in small pieces, each a file that a browser's player adds to the last.

Nothing is encoded anew. A picture that is whole by itself comes every two seconds at least; a piece is what
begins with such a picture within one second of the film, up to the next such picture. So whoever may see a
piece gets that and no byte of what comes after.
"""

import io
import math
import os
from typing import Protocol

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from circletime.recordings.rules import Span

SECONDS = 1
"""Pieces are numbered by the second in which they begin."""

LONGEST = 3.0
"""Seconds: a piece ends at most so long after the second begins that it is numbered by."""

LONGEST_PIECE = 1024 * 1024
"""Bytes: far more than a piece of any film of ours has."""

_FRAGMENT = {
    "movflags": "frag_custom+empty_moov+default_base_moof+frag_discont",
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",  # or each piece would begin at nought
}


_EDGE = 1e-6
"""Seconds: two ways to reckon the same moment may differ by less."""


class Readable(Protocol):
    """A film whose bytes can be read anywhere."""

    size: int

    def read(self, span: Span) -> bytes: ...


class NoPiece(Exception):
    """There is nothing of the film at that second."""


def length_of(film: Readable) -> float:
    """How long the film is, in seconds."""
    with av.open(_File(film), "r", format="mp4") as source:
        return (source.duration or 0) / av.time_base


def piece(film: Readable, number: int) -> bytes:
    """What begins in second `number` of the film, as fragmented MP4; empty when nothing begins there.

    Raises `NoPiece` where there is no film, and `VaultDamaged`.
    """
    out = io.BytesIO()
    with av.open(_File(film), "r", format="mp4") as source:
        if number < 0 or number * SECONDS * av.time_base >= (source.duration or 0):
            raise NoPiece
        begins, ends = _between(source, number * SECONDS, (number + 1) * SECONDS)
        if begins is None:
            return b""
        with av.open(out, "w", format="mp4", options=_FRAGMENT) as made:
            _copy(source, made, begins, ends)
    found = out.getvalue()
    if len(found) > LONGEST_PIECE:
        raise NoPiece
    return found


def _between(source: InputContainer, first: int, last: int) -> tuple[float | None, float]:
    """The first whole picture in these seconds, or None, and the first one after them."""
    video = source.streams.video[0]
    base = float(video.time_base or 0)
    whole = [entry.timestamp * base for entry in video.index_entries if entry.is_keyframe]
    begins = next((at for at in whole if first <= at < last), None)
    return begins, next((at for at in whole if at >= last), math.inf)


def _copy(source: InputContainer, made: OutputContainer, begins: float, ends: float) -> None:
    streams: dict[int, Stream] = {s.index: made.add_stream_from_template(s) for s in source.streams}
    source.seek(int(begins * av.time_base), backward=True)
    over: set[int] = set()
    for packet in source.demux():
        index, at = packet.stream.index, _second(packet)
        if at is None or at < begins - _EDGE:
            continue
        if at >= ends - _EDGE:
            over.add(index)
            if len(over) == len(streams):
                return
            continue
        packet.stream = streams[index]
        made.mux_one(packet)


def _second(packet: "Packet[Stream]") -> float | None:
    if packet.pts is None or packet.time_base is None:
        return None
    return float(packet.pts * packet.time_base)


class _File(io.RawIOBase):
    """A film as PyAV reads it."""

    def __init__(self, film: Readable) -> None:
        super().__init__()
        self._film = film
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = max(0, offset + (0, self._at, self._film.size)[whence])
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        last = self._film.size - 1 if size < 0 else min(self._film.size, self._at + size) - 1
        if last < self._at:
            return b""
        found = self._film.read(Span(self._at, last))
        self._at += len(found)
        return found
