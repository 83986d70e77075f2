"""docs/mutations.md: every mutation, and what came of it at its last run."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from tests.mutations.change import ROOT, Mutation
from tests.mutations.scratch import Outcome

PAGE = ROOT / "docs/mutations.md"
NOT_RUN = "not run yet"
_HEAD = """<!-- Written by `make mutations` from what it found. Do not edit. -->

# Rules broken on purpose

A test that never fails shows nothing. So the rules of the policy that the program enforces, and the things it
notices, were broken on purpose in a copy of the program, one at a time, and the test that should notice was
run there: it had to fail. Before that, all these tests had passed in the same copy as it was. A line that
says "survived" is a rule whose breach nobody would notice; then the run ends as failed.

`make mutations` does it again (`make mutations C="T1 P2"` for some clauses) and writes this page. The
changes, word for word, are in [tests/mutations](../tests/mutations). What it does not show: that no rule can
be broken in some other way.

"""


_COLUMNS = """| clause | what was broken | in | the test that caught it | outcome, last run |
|---|---|---|---|---|
"""


def row(mutation: Mutation) -> str:
    """The mutation's line without its outcome, by which it is known from run to run."""
    file, *names = mutation.test.split("::")
    cells = [
        mutation.clause,
        mutation.breaks,
        _link(mutation.file.split("/", 1)[1], mutation.file),
        _link(names[-1], file),
    ]
    return f"| {' | '.join(cells)} |"


def read(page: Path = PAGE) -> dict[str, str]:
    """What the page says came of each line."""
    found = {}
    for line in page.read_text().splitlines() if page.exists() else []:
        start, _, outcome = line.removesuffix(" |").rpartition(" | ")
        if start.startswith("| "):
            found[f"{start} |"] = outcome
    return found


def write(
    every: Sequence[Mutation],
    found: Mapping[Mutation, Outcome],
    day: date,
    page: Path = PAGE,
) -> None:
    """Draw the page anew: what was found on `day`, and of all others what stood there already."""
    before = read(page)
    lines = {
        row(one): f"{found[one]}, {day.isoformat()}" if one in found else before.get(row(one), NOT_RUN)
        for one in every
    }
    caught = sum(outcome.startswith(Outcome.CAUGHT) for outcome in lines.values())
    said = f"{caught} of {len(lines)} were caught.\n\n"
    drawn = "".join(f"{line} {end} |\n" for line, end in lines.items())
    page.write_text(_HEAD + said + _COLUMNS + drawn)


def _link(name: str, file: str) -> str:
    return f"[{name}](../{file})"
