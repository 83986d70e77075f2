"""How slow this machine is now, for tests that wait for something to happen.

A limit of "within 5 s" is meant for the machine a school runs. Two throttled cores that carry the server and
five browsers may be several times slower; there the limit grows with what a piece of plain work takes. What
must never happen (a voice without the floor) has no limit to grow, and figures are measured by `make bench`.
"""

import time

PLAIN_WORK = 0.065
"""Seconds `_work` takes on the machine the limits were set on."""
SLOWEST = 6.0


def _work() -> float:
    began = time.perf_counter()
    total = 0
    for number in range(1_000_000):
        total += number
    return time.perf_counter() - began


PACE = min(SLOWEST, max(1.0, min(_work() for _ in range(3)) / PLAIN_WORK))
"""1 where the limits hold as they are written, up to 6 on a machine that much slower."""


def paced(limit: float) -> float:
    """This limit (seconds, milliseconds, anything that takes time), as long as it may be here."""
    return limit * PACE
