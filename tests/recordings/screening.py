"""A film is made as the worker makes it, and looked at picture by picture and tone by tone."""

import io

import av
import numpy as np

from circletime.recordings.actions import film as actions
from circletime.recordings.film import job, layout
from circletime.recordings.film.playback import FilmReader
from circletime.recordings.models import Recording
from circletime.recordings.rules import FilmState
from tests.recordings.school import BEGAN

RED, GREEN, BLUE, YELLOW = (220, 40, 40), (40, 200, 60), (40, 60, 220), (220, 210, 50)


def make_film(recording: Recording) -> bytes:
    claimed = actions.claim_next(BEGAN)
    assert claimed is not None and claimed.recording == recording
    assert job.make(claimed)
    claimed.refresh_from_db()
    assert claimed.state == FilmState.READY and claimed.made_at is not None
    with FilmReader(claimed) as film:
        return b"".join(film.pieces())


class Seen:
    """A film, decoded."""

    def __init__(self, film: bytes) -> None:
        self.frames = []
        sound = []
        with av.open(io.BytesIO(film)) as container:
            for frame in container.decode(video=0):
                self.frames.append((frame.time, frame.to_ndarray(format="rgb24")))
        with av.open(io.BytesIO(film)) as container:
            for frame in container.decode(audio=0):
                sound.append(frame.to_ndarray()[0])
        self.sound = np.concatenate(sound)

    def colour(self, moment: float, box: layout.Box) -> tuple[int, int, int]:
        image = min(self.frames, key=lambda frame: abs(frame[0] - moment))[1]
        middle = image[
            box.y + box.height // 3 : box.y + box.height // 2, box.x + box.width // 3 : box.x + box.width // 2
        ]
        return tuple(int(value) for value in middle.reshape(-1, 3).mean(axis=0))

    def pitch(self, begins: float, ends: float) -> tuple[float, float]:
        """The loudest frequency of a stretch, and how loud the stretch is."""
        part = self.sound[int(begins * 48000) : int(ends * 48000)]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(part.size)))
        return float(np.fft.rfftfreq(part.size, 1 / 48000)[spectrum.argmax()]), float(
            np.sqrt((part**2).mean())
        )

    def sounds_from(self) -> float:
        loud = np.flatnonzero(np.abs(self.sound) > 0.05)
        return loud[0] / 48000


def near(colour, wanted, by=28) -> bool:
    return all(abs(have - want) <= by for have, want in zip(colour, wanted, strict=True))
