"""Reading one track in step with the film's clock. What is damaged is skipped, not fatal."""

import math
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.video.frame import VideoFrame

from circletime.recordings.film.script import Span, Track
from circletime.recordings.vault import VaultDamaged

RATE = 48_000
"""Samples a second of the film's sound; Opus has no other."""
SLACK = int(0.04 * RATE)
"""Samples. Packets arrive unevenly; within this they follow one another, beyond it there is a gap."""
CAMERA_STILL_FOR = 3.0
"""Seconds: a camera that sends no picture for so long is shown as a plain tile."""

_UNREADABLE = (av.error.FFmpegError, OSError, VaultDamaged)
Open = Callable[[Path], BinaryIO]
Samples = npt.NDArray[np.float32]


class Pictures:
    """The pictures of one track; `at` is asked for later and later moments.

    What was taken in one of the spans `unseen` is not shown, then or later.
    """

    def __init__(self, track: Track, opened: Open, unseen: tuple[Span, ...] = ()) -> None:
        self.track = track
        self._unseen = unseen
        self._frames = _video(track, opened)
        self._next = next(self._frames, None)
        self._shown: tuple[float, VideoFrame] | None = None

    def at(self, moment: float) -> VideoFrame | None:
        """The picture that stands at `moment`, the very same object while it does not change."""
        while self._next is not None and self._next[0] <= moment:
            self._shown = self._next
            self._next = next(self._frames, None)
        if self._shown is None:
            return None
        taken, picture = self._shown
        still = self.track.source == "camera" and moment - taken > CAMERA_STILL_FOR
        return None if still or self._is_unseen(taken) or self._is_unseen(moment) else picture

    def _is_unseen(self, moment: float) -> bool:
        return any(begins <= moment < ends for begins, ends in self._unseen)

    def close(self) -> None:
        """Let go of the file."""
        self._frames.close()


class Sound:
    """The sound of one track, added to the film's second by second, and silent in the spans `unheard`."""

    def __init__(self, track: Track, opened: Open, begins: float, unheard: tuple[Span, ...] = ()) -> None:
        self.track = track
        self._silent = [
            (math.floor((first - begins) * RATE), math.ceil((last - begins) * RATE))
            for first, last in unheard
        ]
        self._chunks = _audio(track, opened)
        self._begins = begins
        self._left: Samples = np.zeros(0, np.float32)
        self._at = 0
        self._ended = False

    def add_to(self, mix: Samples, start: int) -> None:
        """Add what this track says in the samples `start` to `start + len(mix)` of the film."""
        silent = [(first - start, last - start) for first, last in self._silent]
        silent = [(max(0, first), last) for first, last in silent if first < len(mix) and last > 0]
        if not silent:
            self._add(mix, start)
            return
        own: Samples = np.zeros_like(mix)
        self._add(own, start)
        for first, last in silent:
            own[first:last] = 0
        mix += own

    def _add(self, mix: Samples, start: int) -> None:
        end = start + len(mix)
        while True:
            self._pour(mix, start)
            if self._left.size or self._ended:  # what is left begins behind this stretch
                return
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
                return
            self._take(*chunk)
            if self._at >= end:
                return

    def close(self) -> None:
        """Let go of the file."""
        self._chunks.close()

    def _take(self, moment: float, samples: Samples) -> None:
        placed = round((moment - self._begins) * RATE)
        late = self._at - placed
        if -SLACK <= late <= SLACK:
            placed = self._at  # the timestamp only trembles: go on where the last chunk ended
        elif late > SLACK:
            samples = samples[min(late, samples.size) :]
            placed = self._at
        self._at, self._left = placed, samples

    def _pour(self, mix: Samples, start: int) -> None:
        if not self._left.size:
            return
        skip = max(0, start - self._at)
        first = max(0, self._at - start)
        part = self._left[skip : skip + max(0, len(mix) - first)]
        mix[first : first + part.size] += part
        taken = min(self._left.size, skip + part.size)
        self._left = self._left[taken:]
        self._at += taken


def _open(track: Track, opened: Open) -> InputContainer | None:
    try:
        return av.open(opened(track.path), "r", format="matroska", buffer_size=65536)
    except _UNREADABLE:
        return None  # a track that was begun and never got a picture or a sound


def _video(track: Track, opened: Open) -> Generator[tuple[float, VideoFrame], None, None]:
    container = _open(track, opened)
    if container is None or not container.streams.video:
        return
    with container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1  # there are many tracks; threads each would only wait
        for frame in _frames(container, stream):
            if isinstance(frame, VideoFrame) and frame.time is not None:
                yield track.begins + frame.time, frame


def _audio(track: Track, opened: Open) -> Generator[tuple[float, Samples], None, None]:
    container = _open(track, opened)
    if container is None or not container.streams.audio:
        return
    with container:
        stream = container.streams.audio[0]
        for frame in _frames(container, stream):
            if isinstance(frame, AudioFrame) and frame.time is not None and frame.sample_rate == RATE:
                yield track.begins + frame.time, _mono(frame)


def _frames(container: InputContainer, stream: av.stream.Stream) -> Iterator[VideoFrame | AudioFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except _UNREADABLE:
            return  # the file ends where its writer was killed, or is damaged from here on
        if packet is None:
            return
        try:
            for frame in packet.decode():
                if isinstance(frame, VideoFrame | AudioFrame):
                    yield frame
        except av.error.FFmpegError:
            continue  # one broken packet; the next whole picture mends it


def _mono(frame: AudioFrame) -> Samples:
    channels = frame.layout.nb_channels
    if channels == 1 and frame.format.name in ("flt", "fltp"):
        return np.frombuffer(memoryview(frame.planes[0]), np.float32, frame.samples)
    values = frame.to_ndarray()
    if not frame.format.is_planar and channels > 1:
        values = values.reshape(-1, channels).T
    if values.dtype == np.int16:
        values = values.astype(np.float32) / 32768
    mono: Samples = values.mean(axis=0, dtype=np.float32)
    return mono
