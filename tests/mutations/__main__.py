"""`python -m tests.mutations [CLAUSE …]` breaks each rule in a copy, runs its test, and writes the page.

`new` instead of clauses takes those that the page does not show as caught.

The exit status is 0 only when every mutation that was tried was caught.
"""

import sys
import time
from datetime import date

from tests.mutations.change import Mutation
from tests.mutations.every import EVERY
from tests.mutations.scratch import Outcome, Scratch
from tests.mutations.table import PAGE, read, row, write


def main(wanted: list[str]) -> int:
    """Run all of them, those of some clauses, or those that were not caught yet."""
    chosen = [one for one in EVERY if not wanted or set(wanted) & set(one.clauses)]
    if wanted == ["new"]:
        before = read()
        chosen = [one for one in EVERY if not before.get(row(one), "").startswith(Outcome.CAUGHT)]
    if not chosen:
        print(f"No mutation is of {' '.join(wanted)}.", file=sys.stderr)
        return 2
    began = time.monotonic()
    with Scratch.made() as scratch:
        tests = sorted({one.test for one in chosen})
        print(f"{len(chosen)} mutations. First their {len(tests)} tests, in the copy as it is.", flush=True)
        failing = scratch.failing(tests)
        for test in failing:
            print(f"  does not pass: {test}", file=sys.stderr)
        if failing:
            return 1
        found = {one: _try(scratch, one, n, len(chosen)) for n, one in enumerate(chosen, start=1)}
    write(EVERY, found, date.today())  # noqa: DTZ011  the day as whoever runs it has it
    left = sum(outcome != Outcome.CAUGHT for outcome in found.values())
    minutes = (time.monotonic() - began) / 60
    print(f"{len(found) - left} of {len(found)} were caught, in {minutes:.1f} minutes. See {PAGE}.")
    return 1 if left else 0


def _try(scratch: Scratch, mutation: Mutation, number: int, of: int) -> Outcome:
    began = time.monotonic()
    verdict = scratch.verdict(mutation)
    seconds = time.monotonic() - began
    print(
        f"[{number}/{of}] {mutation.clause}: {mutation.breaks}: {verdict.outcome} ({seconds:.1f} s)",
        flush=True,
    )
    if verdict.outcome != Outcome.CAUGHT:
        print(f"    {mutation.test}\n    {verdict.says}", file=sys.stderr, flush=True)
    return verdict.outcome


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
