"""A trend as a picture: where its bars stand. Plain Python; a template draws it, with its table beneath."""

from collections.abc import Sequence
from dataclasses import dataclass

from circletime.oversight.evidence.figure import FEW, Figure, Point, Verdict
from circletime.oversight.evidence.period import Period

WIDTH, HEIGHT, FOOT = 640, 150, 22
"""In the units of the picture; the foot is for the labels."""


@dataclass(frozen=True)
class Bar:
    """One bar: its place, its height, the part of it that was not as asked, and the row of the table."""

    x: float
    width: float
    y: float
    height: float
    bad_y: float
    bad_height: float
    label: str
    shown: bool
    of: str
    bad: str

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Plot:
    """A trend. `small` is the same as one line of a path, for a list."""

    bars: tuple[Bar, ...]
    most: str
    each: str
    small: str
    small_bad: str


def plot(figure: Figure, period: Period) -> Plot | None:
    """The trend of a figure; None when there is nothing to draw."""
    points = figure.trend(period)
    tops = [_drawn(figure, point.of) for point in points]
    most = max(tops, default=0)
    if not most or figure.verdict == Verdict.NOTHING:
        return None
    step = WIDTH / len(points)
    every = -(-len(points) // 9)
    bars = []
    for place, (point, top) in enumerate(zip(points, tops, strict=True)):
        high = HEIGHT * top / most
        bad = min(high, HEIGHT * _drawn(figure, point.bad) / most)
        if point.bad:
            bad = max(bad, 4.0)
        bars.append(
            Bar(
                x=round(place * step + step * 0.12, 1),
                width=round(step * 0.76, 1),
                y=round(HEIGHT - high, 1),
                height=round(high, 1),
                bad_y=round(HEIGHT - bad, 1),
                bad_height=round(bad, 1),
                label=point.label,
                shown=place % every == 0,
                of=figure.number(point.of),
                bad=figure.number(point.bad),
            )
        )
    highest = figure.number(max(point.of for point in points))
    return Plot(tuple(bars), highest, period.each, *_small(points, bars))


def _drawn(figure: Figure, count: int) -> float:
    """How high a number is drawn: no more exactly than it is told."""
    if not figure.people or count == 0:
        return count
    return FEW / 2 if count < FEW else FEW * round(count / FEW)


def _small(points: Sequence[Point], bars: Sequence[Bar]) -> tuple[str, str]:
    """Two paths in a box of 120 by 28: all, and what was not as asked."""
    across, down = 120 / WIDTH, 28 / HEIGHT
    good, bad = [], []
    for point, bar in zip(points, bars, strict=True):
        x, width = round(bar.x * across, 1), max(round(bar.width * across, 1), 1.0)
        if point.of:
            good.append(_box(x, width, max(bar.height * down, 1)))
        if point.bad:
            bad.append(_box(x, width, max(bar.bad_height * down, 2)))
    return "".join(good), "".join(bad)


def _box(x: float, width: float, height: float) -> str:
    return f"M{x:g} 28v{-round(height, 1):g}h{width:g}V28z"
