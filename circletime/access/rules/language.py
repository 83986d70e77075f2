"""In which language whoever asked is written to. Plain Python."""

from collections.abc import Iterable

from circletime.core.languages import ENGLISH, known


def choose(candidates: Iterable[Iterable[str]]) -> str:
    """The first of these groups that reads one language has it; where none does, it is English.

    They are languages of the roster: of who asked, then of the family's adults with their address and name,
    with their address, with their name, and of them all.
    """
    for group in candidates:
        spoken = {known(one) or ENGLISH.code for one in group}
        if len(spoken) == 1:
            return spoken.pop()
    return ENGLISH.code
