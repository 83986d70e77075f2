"""Run every fault, or the named ones, or those of the named groups; then write the page."""

import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from types import FrameType

from playwright.sync_api import sync_playwright

from bench.faults import scene, table
from bench.faults.every import GROUPS, Group
from bench.faults.scene import Fault
from bench.faults.table import Row
from tests.harness import ROOT

BOUND = 20 * 60
"""Seconds for all of it. What there is no time for is named, and the run has failed."""


class OutOfTime(BaseException):
    """The bound is reached."""


def main(wanted: list[str]) -> int:
    """Exit status 0 only when every wanted fault was run and nothing was broken."""
    known = {name for group in GROUPS for name in (group.name, *(one.name for one in group.faults))}
    if unknown := set(wanted) - known:
        print(f"No fault is called {', '.join(sorted(unknown))}. There are: {' '.join(sorted(known))}.")
        return 2
    subprocess.run(
        ["sh", ROOT / "tests/install-browsers.sh", "iproute2", "libnss3-tools", "faketime"], check=True
    )
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.alarm(BOUND)
    began = time.monotonic()
    rows: dict[str, Row] = {}
    chosen = [(group, _of(group, wanted)) for group in GROUPS]
    try:
        for group, faults in chosen:
            if faults:
                _one(group, faults, rows)
    except OutOfTime:
        print(f"The bound of {BOUND // 60} minutes is reached.", file=sys.stderr)
    signal.alarm(0)
    table.write({one.name: one.words for group in GROUPS for one in group.faults}, table.read())
    return _verdict([one for _, faults in chosen for one in faults], rows, time.monotonic() - began)


def _of(group: Group, wanted: list[str]) -> list[Fault]:
    return [one for one in group.faults if not wanted or {group.name, one.name} & set(wanted)]


def _one(group: Group, faults: list[Fault], rows: dict[str, Row]) -> None:
    """The faults of one group. One that cannot be run does not keep the others from being run."""
    try:
        with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
            with group.open(playwright, Path(name)) as there:
                scene.show_a_break(there)
                for fault in faults:
                    rows[fault.name] = scene.run(there, fault)
                    table.keep(rows[fault.name])
    except Exception:
        print(f"{group.name} could not be gone on with:", file=sys.stderr)
        traceback.print_exc()


def _out_of_time(number: int, frame: FrameType | None) -> None:
    raise OutOfTime


def _verdict(wanted: list[Fault], rows: dict[str, Row], seconds: float) -> int:
    missing = [one.name for one in wanted if one.name not in rows]
    bad = [row for row in rows.values() if not row.held]
    for row in bad:
        print(f"{row.name}: {'; '.join(row.breaks + row.wrong) or 'nobody looked'}")
    if missing:
        print(f"Not run: {', '.join(missing)}.")
    print(f"{len(rows)} faults in {seconds / 60:.1f} minutes, {len(bad)} not held. See {table.PAGE}.")
    return 1 if missing or bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
