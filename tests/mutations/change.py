"""One rule, broken on purpose."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutation:
    """A change of one place of the program, after which one test has to fail.

    `clause` names the clause it breaks, or several, parted by commas. `was` is in `file` exactly once.
    """

    clause: str
    breaks: str
    file: str
    was: str
    becomes: str
    test: str

    @property
    def clauses(self) -> list[str]:
        """The numbers of the clauses."""
        return self.clause.split(", ")

    def of(self, text: str) -> str:
        """`text` of the file, broken. Raises `ValueError` where what is changed is not there once."""
        found = text.count(self.was)
        if found != 1:
            raise ValueError(f"{self.file} has {found} times, not once: {self.was!r} ({self.breaks})")
        return text.replace(self.was, self.becomes)
