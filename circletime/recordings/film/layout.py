"""Where each person's tile stands in the film's picture."""

from dataclasses import dataclass

WIDTH, HEIGHT = 1280, 720
HEADER = 40
"""Pixels at the top: what this is a recording of, and the clock."""
GAP = 4


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; all four numbers are even, as 4:2:0 wants them."""

    x: int
    y: int
    width: int
    height: int


def place(people: tuple[str, ...], large: str | None) -> dict[str, Box]:
    """A tile for everybody: equal cells of 16 by 9, and `large` on two by two or three by three of them."""
    if not people:
        return {}
    times = _times(len(people)) if large in people else 1
    columns, rows, width, height = _grid(len(people) - 1 + times * times, times)
    left = (WIDTH - columns * width) // 2
    top = HEADER + (HEIGHT - HEADER - rows * height) // 2
    others = iter([person for person in people if times == 1 or person != large])
    boxes: dict[str, Box] = {}
    for row in range(rows):
        for column in range(columns):
            if times > 1 and row < times and column < times:
                if row == column == 0 and large is not None:
                    boxes[large] = _box(left, top, times * width, times * height)
                continue
            person = next(others, None)
            if person is None:
                return boxes
            boxes[person] = _box(left + column * width, top + row * height, width, height)
    return boxes


def fit(box: Box, width: int, height: int) -> Box:
    """The largest rectangle of the picture's own shape inside `box`: nothing is cut off."""
    scale = min(box.width / width, box.height / height)
    inner_width = max(2, _even(width * scale))
    inner_height = max(2, _even(height * scale))
    return Box(
        box.x + _even((box.width - inner_width) / 2),
        box.y + _even((box.height - inner_height) / 2),
        inner_width,
        inner_height,
    )


def _times(people: int) -> int:
    if people <= 2:
        return 1
    return 2 if people <= 6 else 3


def _grid(cells: int, least: int) -> tuple[int, int, int, int]:
    """Columns, rows, and a cell's width and height: the grid with the largest cells."""
    best = (0, 0, 0, 0)
    for columns in range(least, cells + least):
        rows = max(least, -(-cells // columns))
        width = min(WIDTH / columns, (HEIGHT - HEADER) / rows * 16 / 9)
        if width > best[2]:
            best = (columns, rows, _even(width), _even(width * 9 / 16))
    return best


def _box(x: int, y: int, width: int, height: int) -> Box:
    return Box(_even(x) + GAP // 2, _even(y) + GAP // 2, width - GAP, height - GAP)


def _even(value: float) -> int:
    return int(value) & ~1
