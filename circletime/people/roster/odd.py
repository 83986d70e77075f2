"""What was odd in an export: where it stands, and what to mend."""

from dataclasses import dataclass, field

MOST_KEPT = 20_000
"""So many are listed; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Odd:
    """One odd place. `line` counts from 1, as a spreadsheet does; 0 where it is about the file."""

    file: str
    line: int
    column: str
    words: str
    refused: bool = False


@dataclass
class Oddities:
    """All that was odd, in the order in which it was found."""

    kept: list[Odd] = field(default_factory=list)
    more: int = 0
    refused: int = 0
    """Rows that were not used."""

    def note(self, file: str, line: int, column: str, words: str) -> None:
        """It was used all the same."""
        self._add(Odd(file, line, column, words))

    def refuse(self, file: str, line: int, column: str, words: str) -> None:
        """The row was not used."""
        self.refused += 1
        self._add(Odd(file, line, column, words, refused=True))

    def _add(self, odd: Odd) -> None:
        if len(self.kept) < MOST_KEPT:
            self.kept.append(odd)
        else:
            self.more += 1
