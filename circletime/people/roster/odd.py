"""What was odd in an export: where it stands, and what to mend."""

from circletime.people.roster.bulk import BATCH, insert
from circletime.people.roster.models import RosterImport, RosterOdd

MOST_KEPT = 200_000
"""So many are listed; the rest are counted."""
LONGEST = 120


class Oddities:
    """All that was odd, in the order in which it was found, written some hundred at a time."""

    def __init__(self, made: RosterImport) -> None:
        self.made = made
        self.found = 0
        self.refused = 0
        """Rows that were not used."""
        self._waiting: list[RosterOdd] = []

    @property
    def more(self) -> int:
        """How many are counted and not listed."""
        return max(0, self.found - MOST_KEPT)

    def note(self, file: str, line: int, column: str, words: str) -> None:
        """It was used all the same."""
        self._add(file, line, column, words, refused=False)

    def refuse(self, file: str, line: int, column: str, words: str) -> None:
        """The row was not used."""
        self.refused += 1
        self._add(file, line, column, words, refused=True)

    def flush(self) -> None:
        """None of them waits to be written."""
        insert(RosterOdd, self._waiting)
        self._waiting = []

    def _add(self, file: str, line: int, column: str, words: str, *, refused: bool) -> None:
        self.found += 1
        if self.found <= MOST_KEPT:
            odd = RosterOdd(roster_import_id=self.made.pk, line=line, words=words, refused=refused)
            odd.file, odd.column = file[:LONGEST], column[:LONGEST]
            self._waiting.append(odd)
        if len(self._waiting) >= BATCH:
            self.flush()
