"""The film's picture: tiles, names, the heading and the clock, painted straight into 4:2:0 planes."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from circletime.recordings.film import letters
from circletime.recordings.film.layout import GAP, HEADER, HEIGHT, WIDTH, Box, fit, place
from circletime.recordings.film.letters import Ink
from circletime.recordings.film.script import Scene, Script

Plane = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Y, U, V."""

GROUND: Colour = (30, 134, 124)
TILE: Colour = (58, 134, 122)
STRIP: Colour = (30, 128, 128)
FLOOR: Colour = (190, 60, 150)
"""The edge around whoever has the floor."""
WHITE = 235
NAME_SIZE, LARGE_NAME_SIZE, HEADING_SIZE = 13, 18, 17


class Canvas:
    """One picture that is changed a little from frame to frame."""

    def __init__(self, script: Script) -> None:
        self._y: Plane = np.zeros((HEIGHT, WIDTH), np.uint8)
        self._u: Plane = np.zeros((HEIGHT // 2, WIDTH // 2), np.uint8)
        self._v: Plane = np.zeros((HEIGHT // 2, WIDTH // 2), np.uint8)
        self._zone = ZoneInfo(script.zone)
        self._heading = letters.draw([script.heading], HEADING_SIZE)[0]
        self._glyphs = dict(
            zip("0123456789:", letters.draw(list("0123456789:"), 20, clock=True), strict=True)
        )
        identities = list(script.labels)
        words = [script.labels[identity] for identity in identities]
        self._names = dict(zip(identities, letters.draw(words, NAME_SIZE), strict=True))
        self._large_names = dict(zip(identities, letters.draw(words, LARGE_NAME_SIZE), strict=True))
        self._boxes: dict[str, Box] = {}
        self._scalers: dict[str, VideoReformatter] = {}
        self._large: str | None = None
        self._second = -1

    def set_scene(self, scene: Scene) -> None:
        """Lay everybody out anew, with plain tiles."""
        self._fill(Box(0, 0, WIDTH, HEIGHT), GROUND)
        self._write(self._heading, 16, (HEADER - self._heading.shape[0]) // 2 & ~1, WIDTH - 160)
        self._second = -1
        self._large = scene.large
        self._boxes = place(scene.people, scene.large)
        for person, box in self._boxes.items():
            if person == scene.floor:
                edge = GAP // 2
                around = Box(box.x - edge, box.y - edge, box.width + 2 * edge, box.height + 2 * edge)
                self._fill(around, FLOOR)
            self.plain(person)

    def plain(self, person: str) -> None:
        """Show a tile without a picture."""
        box = self._boxes[person]
        self._fill(box, TILE)
        self._name(person, box)

    def show(self, person: str, frame: VideoFrame) -> None:
        """Show a picture in its tile, whole and in its own shape."""
        box = self._boxes[person]
        inner = fit(box, frame.width, frame.height)
        scaler = self._scalers.setdefault(person, VideoReformatter())  # each keeps its own tables
        scaled = scaler.reformat(
            frame, inner.width, inner.height, "yuv420p", interpolation="FAST_BILINEAR", threads=1
        )
        if inner != box:
            self._fill(box, STRIP)
        self._paste(scaled, inner)
        self._name(person, box)

    def tick(self, moment: float) -> None:
        """Set the clock."""
        if int(moment) == self._second:
            return
        self._second = int(moment)
        text = datetime.fromtimestamp(moment, self._zone).strftime("%H:%M:%S")
        width = self._glyphs["0"].shape[1]
        x = WIDTH - 16 - width * len(text) & ~1
        self._fill(Box(x, 0, WIDTH - x, HEADER), GROUND)
        for index, sign in enumerate(text):
            ink = self._glyphs[sign]
            self._write(ink, x + index * width, (HEADER - ink.shape[0]) // 2 & ~1, WIDTH)

    def frame(self) -> VideoFrame:
        """The picture as it stands, copied."""
        made = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, values in zip(made.planes, (self._y, self._u, self._v), strict=True):
            _rows(plane)[:, : values.shape[1]] = values
        return made

    def _fill(self, box: Box, colour: Colour) -> None:
        self._y[box.y : box.y + box.height, box.x : box.x + box.width] = colour[0]
        top, bottom = box.y // 2, (box.y + box.height) // 2
        left, right = box.x // 2, (box.x + box.width) // 2
        self._u[top:bottom, left:right] = colour[1]
        self._v[top:bottom, left:right] = colour[2]

    def _paste(self, frame: VideoFrame, box: Box) -> None:
        y, u, v = (_rows(plane) for plane in frame.planes)
        self._y[box.y : box.y + box.height, box.x : box.x + box.width] = y[:, : box.width]
        top, left = box.y // 2, box.x // 2
        high, wide = box.height // 2, box.width // 2
        self._u[top : top + high, left : left + wide] = u[:, :wide]
        self._v[top : top + high, left : left + wide] = v[:, :wide]

    def _name(self, person: str, box: Box) -> None:
        names = self._large_names if person == self._large and box.width >= 320 else self._names
        ink = names.get(person)
        if ink is None:
            return
        height, width = ink.shape[0], min(ink.shape[1], box.width)
        strip = Box(box.x, box.y + box.height - height, width, height)
        self._fill(strip, STRIP)
        self._write(ink, strip.x, strip.y, strip.x + width)

    def _write(self, ink: Ink, x: int, y: int, until: int) -> None:
        ink = ink[:, : max(0, until - x)]
        part = self._y[y : y + ink.shape[0], x : x + ink.shape[1]]
        part += ((WHITE - part) * ink).astype(np.uint8)


def _rows(plane: object) -> Plane:
    """A plane's bytes as rows, padding included; shares the frame's memory."""
    line: int = plane.line_size  # type: ignore[attr-defined]
    return np.frombuffer(plane, np.uint8).reshape(-1, line)  # type: ignore[call-overload, no-any-return]
