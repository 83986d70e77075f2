"""Making the film: all tracks step through time together, so memory does not grow with its length.

One thread decodes and paints the next second while another mixes and encodes this one.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame

from circletime.recordings.film.canvas import Canvas
from circletime.recordings.film.layout import HEIGHT, WIDTH
from circletime.recordings.film.output import HEAD_BYTES_PER_FRAME, HeadFirst, Sink
from circletime.recordings.film.script import FPS, Scene, Script, Track, scenes
from circletime.recordings.film.source import RATE, Open, Pictures, Samples, Sound

AAC_FRAME = 1024


@dataclass(frozen=True)
class Rendered:
    """A film's first bytes, and how many bytes of picture and sound its first 1, 2, 3 … seconds are."""

    head: bytes
    places: list[int]


def render(script: Script, opened: Open, rest: Sink, progress: Callable[[int], None]) -> Rendered:
    """Make the film; answers its first bytes, while all that follows them was written to `rest`.

    `opened` opens a track decrypted. `progress` is told the percentage about once a second of film
    and may raise, to stop.
    """
    seconds = max(1, math.ceil(script.seconds))
    index = (seconds * FPS + seconds * RATE // AAC_FRAME) * HEAD_BYTES_PER_FRAME + 65536
    file = HeadFirst(index + 4096, rest)
    container = av.open(
        file, "w", format="mp4", options={"moov_size": str(index), "fflags": "+bitexact"}, buffer_size=1 << 18
    )
    with container, ThreadPoolExecutor(1) as painting:
        studio, desk = _Pictures(script, opened), _Sounds(script, opened)
        writer = _Writer(container)
        try:
            painted = painting.submit(studio.paint_second, 0)
            for second in range(seconds):
                frames = painted.result()
                if second + 1 < seconds:
                    painted = painting.submit(studio.paint_second, second + 1)
                writer.write(second, frames, desk.mix(second))
                progress(min(99, 100 * (second + 1) // seconds))
            writer.finish()
        finally:
            wait([painted])
            studio.close()
            desk.close()
    return Rendered(file.whole_head, writer.places)


class _Writer:
    """The two encoders and the muxer."""

    def __init__(self, container: OutputContainer) -> None:
        self._container = container
        self._video = container.add_stream("libx264", rate=FPS)
        self._video.width, self._video.height, self._video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        self._video.codec_context.time_base = Fraction(1, FPS)
        self._video.codec_context.gop_size = 2 * FPS
        self._video.codec_context.thread_count = 2
        self._video.options = {"preset": "superfast", "crf": "27", "tune": "zerolatency"}
        self._audio = container.add_stream("aac", rate=RATE, layout="mono", format="fltp")
        self._audio.bit_rate = 64_000
        self._bytes = 0
        self.places: list[int] = []

    def write(self, second: int, frames: list[VideoFrame], mix: Samples) -> None:
        """One second of picture and of sound, as one piece."""
        for index, frame in enumerate(frames):
            frame.pts, frame.time_base = second * FPS + index, Fraction(1, FPS)
            self._mux(self._video.encode(frame))
        sound = AudioFrame.from_ndarray(mix[np.newaxis, :], format="fltp", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = RATE, second * RATE, Fraction(1, RATE)
        self._mux(self._audio.encode(sound))
        self.places.append(self._bytes)

    def finish(self) -> None:
        """Write what the encoders still hold."""
        self._mux(self._video.encode(None))
        self._mux(self._audio.encode(None))
        self.places[-1:] = [self._bytes]

    def _mux(self, packets: "Sequence[Packet[Any]]") -> None:
        self._bytes += sum(packet.size for packet in packets)
        self._container.mux(packets)


class _Pictures:
    """Paints the film; used by one thread."""

    def __init__(self, script: Script, opened: Open) -> None:
        self._script = script
        self._opened = opened
        self._canvas = Canvas(script)
        self._scenes = scenes(script)
        self._scene: Scene | None = None
        self._pictures: dict[Track, Pictures] = {}
        self._shown: dict[str, VideoFrame | None] = {}
        self._canvas.set_scene(Scene(script.begins, (), None, None, ()))

    def paint_second(self, second: int) -> list[VideoFrame]:
        """The pictures of one second; asked for in order."""
        painted = []
        for number in range(second * FPS, (second + 1) * FPS):
            moment = self._script.begins + number / FPS
            self._cut(moment)
            self._paint(moment)
            self._canvas.tick(moment)
            painted.append(self._canvas.frame())
        return painted

    def close(self) -> None:
        """Let go of every track."""
        for source in self._pictures.values():
            source.close()

    def _cut(self, moment: float) -> None:
        """Go to the scene that stands at `moment`."""
        due: Scene | None = None
        while self._scenes and self._scenes[0].begins <= moment:
            due = self._scenes.pop(0)
        if due is None:
            return
        self._scene = due
        self._canvas.set_scene(due)
        self._shown = {}
        wanted = [track for track in due.tracks if track.is_picture and track.identity in due.people]
        for track in list(self._pictures):
            if track not in wanted:
                self._pictures.pop(track).close()
        for track in wanted:
            if track not in self._pictures:
                unseen = self._script.unseen(track.identity)
                self._pictures[track] = Pictures(track, self._opened, unseen)

    def _paint(self, moment: float) -> None:
        if self._scene is None:
            return
        standing: dict[str, VideoFrame | None] = dict.fromkeys(self._scene.people)
        for track, pictures in sorted(self._pictures.items(), key=_screens_last):
            standing[track.identity] = pictures.at(moment) or standing[track.identity]
        for person, frame in standing.items():
            before = self._shown.get(person)
            if frame is before:
                continue
            self._shown[person] = frame
            if frame is None:
                self._canvas.plain(person)
            else:
                self._canvas.show(person, frame)


class _Sounds:
    """Mixes the film's sound."""

    def __init__(self, script: Script, opened: Open) -> None:
        self._script = script
        self._opened = opened
        self._waiting = [track for track in script.tracks if not track.is_picture]
        self._playing: dict[Track, Sound] = {}

    def mix(self, second: int) -> Samples:
        """One second of everybody's sound; asked for in order."""
        begins = self._script.begins
        until = begins + second + 1
        for track in [track for track in self._waiting if track.begins < until]:
            self._waiting.remove(track)
            unheard = self._script.unheard(track.identity)
            self._playing[track] = Sound(track, self._opened, begins, unheard)
        mix: Samples = np.zeros(RATE, np.float32)
        for track in list(self._playing):
            self._playing[track].add_to(mix, second * RATE)
            if track.ends < until - 1:
                self._playing.pop(track).close()
        return np.tanh(mix)  # many voices at once are pressed together, not cut off

    def close(self) -> None:
        """Let go of every track."""
        for source in self._playing.values():
            source.close()


def _screens_last(item: tuple[Track, Pictures]) -> tuple[bool, float]:
    return item[0].source == "screen", item[0].begins
