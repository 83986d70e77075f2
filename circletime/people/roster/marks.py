"""Neutral marks for children of one first name in one class."""

from collections.abc import Iterable

MARKS = (
    "sun", "moon", "star", "cloud", "tree", "leaf", "fish", "bird", "boat", "kite", "shell", "bell", "drum",
    "hill", "river", "seed", "lamp", "ring", "wave", "snow",
)  # fmt: skip


def deal(held: Iterable[str]) -> list[str]:
    """A mark for each of these children, of whom some hold one already and keep it; no two are the same.

    An only child needs none.
    """
    marks = list(held)
    if len(marks) < 2:
        return marks
    taken: set[str] = set()
    kept = []
    for mark in marks:
        kept.append(mark if mark and mark not in taken else "")
        taken.add(mark)
    free = (f"{mark}{turn}" for turn in ("", *(f" {n}" for n in range(2, 1000))) for mark in MARKS)
    unused = (mark for mark in free if mark not in taken)
    return [mark or next(unused) for mark in kept]
