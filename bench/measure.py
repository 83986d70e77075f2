"""What processes cost, as Linux counts it."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        with suppress(OSError):
            for thread in Path(f"/proc/{one}/task").iterdir():
                todo += [int(child) for child in (thread / "children").read_text().split()]
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """The processor time these processes have used so far."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def cpu_seconds_of_tree(pid: int) -> float:
    """The same of a process with its children, those that have ended with it."""
    ended = 0
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ended = int(fields[13]) + int(fields[14])
    return cpu_seconds(tree(pid)) + ended / _TICKS


def idle_seconds() -> float:
    """Seconds for which the machine's cores had nothing to do, all of them together, so far."""
    ticks = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return (int(ticks[4]) + int(ticks[5])) / _TICKS


def memory_mib(pids: Iterable[int]) -> float:
    """Their memory; what several share is counted once (PSS)."""
    kib = 0
    for pid in pids:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kib += int(line.split()[1])
    return kib / 1024


def cores(groups: dict[str, list[int]], seconds: float) -> dict[str, float]:
    """How many cores each group of processes uses, over so many seconds from now."""
    began = time.monotonic()
    before = {name: cpu_seconds(pids) for name, pids in groups.items()}
    time.sleep(seconds)
    passed = time.monotonic() - began
    return {name: (cpu_seconds(pids) - before[name]) / passed for name, pids in groups.items()}
