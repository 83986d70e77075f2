"""A finished film a second at a time, each second a small file that a browser's player adds to the last.

Nothing is encoded anew: the packets of that second are put into a fragment of their own, with their own
times. So whoever may see one second of a film gets that second and no byte of the next.
"""

import io
import os
from typing import Protocol

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from circletime.recordings.rules import Span

SECONDS = 1
"""How long one piece is."""

LONGEST_PIECE = 512 * 1024
"""Bytes: far more than a second of any film of ours has."""

_FRAGMENT = {
    "movflags": "frag_custom+empty_moov+default_base_moof+frag_discont",
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",  # or each piece would begin at nought
}


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
    """The film's second number `number`, as fragmented MP4. Raises `NoPiece`, and `VaultDamaged`."""
    begins = number * SECONDS
    out = io.BytesIO()
    with av.open(_File(film), "r", format="mp4") as source:
        if number < 0 or begins * av.time_base >= (source.duration or 0):
            raise NoPiece
        with av.open(out, "w", format="mp4", options=_FRAGMENT) as made:
            _copy(source, made, begins, begins + SECONDS)
    found = out.getvalue()
    if len(found) > LONGEST_PIECE:
        raise NoPiece
    return found


def _copy(source: InputContainer, made: OutputContainer, begins: float, ends: float) -> None:
    streams: dict[int, Stream] = {s.index: made.add_stream_from_template(s) for s in source.streams}
    source.seek(int(begins * av.time_base), backward=True)
    over: set[int] = set()
    for packet in source.demux():
        index, at = packet.stream.index, _second(packet)
        if at is None or at < begins:
            continue
        if at >= ends:
            over.add(index)
            if len(over) == len(streams):
                return
            continue
        packet.stream = streams[index]
        made.mux_one(packet)


def _second(packet: Packet) -> float | None:
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
