"""How much room on the disk a recording may need, so that none begins that could not be ended (T8).

Plain Python. The rates are what the room client may send (room/src/session.ts) with a child in every seat and
everybody speaking all the time (ADR 10).
"""

from math import ceil, floor

from circletime.core.errors import Refused

CHILDREN, ADULTS = 30, 4
CAMERA, MICROPHONE, SCREEN = 170_000, 24_000, 600_000
"""Bits a second."""
AROUND = 1.25
"""Encoders overshoot; container and encryption add a little."""
RATE = round(((CHILDREN + ADULTS) * (CAMERA + MICROPHONE) + SCREEN + MICROPHONE) * AROUND / 8)
"""Bytes a second of one meeting."""
SPARE = 1024**3
"""Bytes kept for films that are made meanwhile, the database and the log."""
WARN_BELOW = 5 * 1024**3
"""Free bytes below which people are told."""
USUAL = 20 * 60
"""Seconds of the meetings that a warning counts in."""


def needed(seconds: float) -> int:
    """Bytes that a meeting of so many seconds may need."""
    return round(max(0.0, seconds) * RATE)


def check_fits(free: int, seconds: float, others: float) -> None:
    """Raise `Refused` unless a meeting can be recorded to its end beside the others that still run."""
    if free - SPARE >= needed(seconds) + needed(others):
        return
    have, want = floor(_gb(max(0, free - SPARE - needed(others)))), ceil(_gb(needed(seconds)))
    raise Refused(
        "disk",
        f"The disk is too full to record this meeting to its end, so it cannot start: {want / 10} GB are "
        f"needed and {have / 10} GB are left. Tell whoever looks after Circletime.",
        status=503,
    )


def warning(free: int, others: float) -> str:
    """What people are told in time; empty while there is room enough."""
    if free >= WARN_BELOW:
        return ""
    left = max(0, (free - SPARE - needed(others)) // needed(USUAL))
    meetings = f"{left} more meeting{'' if left == 1 else 's'} of 20 minutes" if left else "no more meeting"
    return f"The disk that recordings are kept on is nearly full: there is room for {meetings}."


def _gb(size: int) -> float:
    """In tenths of a gigabyte."""
    return size * 10 / 1024**3
