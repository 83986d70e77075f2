"""How slow this machine is now, for tests that wait for something to happen.

A limit of "within 5 s" is meant for the machine a school runs. Two throttled cores that carry the server and
five browsers may be several times slower, and now and then they are; there the limit grows with what a piece
of plain work takes at that moment. What must never happen (a voice without the floor) has no limit to grow,
and figures are measured by `make bench`.
"""

import time

PLAIN_WORK = 0.0195
"""Seconds `_work` takes on the machine the limits were set on."""
SLOWEST = 6.0
STANDS_FOR = 3.0
"""Seconds until it is measured anew."""

_measured = [-STANDS_FOR, 1.0]


def _work() -> float:
    began = time.perf_counter()
    total = 0
    for number in range(300_000):
        total += number
    return time.perf_counter() - began


def pace() -> float:
    """1 where the limits hold as they are written, up to 6 while the machine is that much slower."""
    if time.monotonic() - _measured[0] >= STANDS_FOR:
        slow = min(SLOWEST, max(1.0, _work() / PLAIN_WORK))
        _measured[:] = time.monotonic(), slow
    return _measured[1]


def paced(limit: float) -> float:
    """This limit (seconds, milliseconds, anything that takes time), as long as it may be at this moment."""
    return limit * pace()
