"""Who is seen and heard in a film, or on a screen: by the colour of a shirt and the pitch of a voice."""

import io
from functools import cached_property

import av
import numpy as np

from tests.harness import COLOURS, PITCHES

EVERY = 3
"""Of the pixels each way so many-th is looked at."""
NEAR = 0.045
"""Of the circle of colours: what is further from somebody's is not theirs."""


def shares(image: np.ndarray) -> dict[str, float]:
    """How much of a picture (RGB) has each person's colour."""
    few = image[::EVERY, ::EVERY].astype(np.float32).reshape(-1, 3)
    most, least = few.max(axis=1), few.min(axis=1)
    span = most - least
    strong = (most > 90) & (span > 0.55 * most)
    red, green, blue = few[strong].T
    top, span = most[strong], span[strong]
    hue = np.where(
        top == red,
        ((green - blue) / span) % 6,
        np.where(top == green, (blue - red) / span + 2, (red - green) / span + 4),
    )
    away = {who: np.abs(hue / 6 - colour) for who, colour in COLOURS.items()}
    return {who: float((np.minimum(far, 1 - far) < NEAR).sum() / len(few)) for who, far in away.items()}


class Film:
    """A film, decoded: each picture and every tenth of a second of its sound."""

    def __init__(self, film: bytes) -> None:
        self._seen: dict[float, dict[str, float]] = {}
        sound = []
        with av.open(io.BytesIO(film)) as container:
            for frame in container.decode(video=0):
                self._seen[float(frame.time)] = shares(frame.to_ndarray(format="rgb24"))
        with av.open(io.BytesIO(film)) as container:
            for block in container.decode(audio=0):
                sound.append(block.to_ndarray()[0])
        self._sound = np.concatenate(sound)
        self.moments = sorted(self._seen)
        self.lasts = max(self.moments)

    def at(self, moment: float) -> dict[str, float]:
        """How much of the picture of that moment is whose."""
        return self._seen[moment]

    def seen(self, who: str, begins: float, ends: float) -> float:
        """How much of the picture somebody has at least, in a stretch."""
        return min(self._seen[moment][who] for moment in self.moments if begins <= moment <= ends)

    def most(self, who: str) -> float:
        """How much of any picture somebody has at most."""
        return max(each[who] for each in self._seen.values())

    def loudness(self, who: str, begins: float, ends: float) -> float:
        """How loud somebody's pitch is at most in a stretch."""
        levels = self._levels[who]
        return float(levels[int(begins * 10) : max(int(begins * 10) + 1, int((ends - 0.2) * 10))].max())

    def loudest(self, who: str) -> float:
        """How loud somebody's pitch is at most, at any moment."""
        return float(self._levels[who].max())

    @cached_property
    def _levels(self) -> dict[str, np.ndarray]:
        # Windows of 0.2 s, one each 0.1 s: no moment is in none of them.
        size, step = 9600, 4800
        windows = np.lib.stride_tricks.sliding_window_view(self._sound, size)[::step]
        spectrum = np.abs(np.fft.rfft(windows * np.hanning(size), axis=1)) / size
        pitches = np.fft.rfftfreq(size, 1 / 48000)
        return {who: spectrum[:, np.abs(pitches - hertz) < 25].max(axis=1) for who, hertz in PITCHES.items()}
