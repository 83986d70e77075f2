"""What changed between two wordings, as words that stayed, came and went (C7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum


class Change(StrEnum):
    """What became of some words."""

    SAME = "same"
    ADDED = "added"
    GONE = "gone"


@dataclass(frozen=True)
class Piece:
    """Some words of one line, and what became of them."""

    change: Change
    words: str


def difference(old: str, new: str) -> list[list[Piece]]:
    """Line by line, what stayed, what was added and what is gone."""
    before, after = _lines(old), _lines(new)
    found: list[list[Piece]] = []
    if len(before) * len(after) > MOST:
        return [[Piece(Change.GONE, each)] for each in before] + [
            [Piece(Change.ADDED, each)] for each in after
        ]
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [[Piece(Change.SAME, line)] for line in before[a:b]]
            continue
        gone, added = before[a:b], after[c:d]
        pairs = min(len(gone), len(added))
        found += [list(_within(x, y)) for x, y in zip(gone[:pairs], added[:pairs], strict=True)]
        found += [[Piece(Change.GONE, line)] for line in gone[pairs:]]
        found += [[Piece(Change.ADDED, line)] for line in added[pairs:]]
    return found


def is_changed(lines: list[list[Piece]]) -> bool:
    """Whether anything differs."""
    return any(piece.change != Change.SAME for line in lines for piece in line)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _within(old: str, new: str) -> Iterator[Piece]:
    a, b = old.split(), new.split()
    if len(a) * len(b) > MOST:
        yield Piece(Change.GONE, old)
        yield Piece(Change.ADDED, new)
        return
    match = SequenceMatcher(None, a, b, autojunk=False)
    if match.ratio() < ALIKE:
        yield Piece(Change.GONE, old)
        yield Piece(Change.ADDED, new)
        return
    for tag, i, j, k, m in match.get_opcodes():
        if tag == "equal":
            yield Piece(Change.SAME, " ".join(a[i:j]))
            continue
        if i < j:
            yield Piece(Change.GONE, " ".join(a[i:j]))
        if k < m:
            yield Piece(Change.ADDED, " ".join(b[k:m]))


ALIKE = 0.35
"""Two lines that share less are not one line that was changed."""

MOST = 1_000_000
"""Comparing takes, at worst, as long as the product of both lengths; beyond this it is not tried."""
