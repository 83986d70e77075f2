"""Doing something in one process at a time, however many workers there are."""

import contextlib
import time
import zlib
from collections.abc import Iterator

from django.db import Error, connection

CHORES = 0x63686F72
"""What these are told apart by from other advisory locks of PostgreSQL."""
ASKS_EVERY = 0.2


@contextlib.contextmanager
def alone(what: str) -> Iterator[bool]:
    """Whether nobody else is at it; if so, nobody else will be until the block ends or this process dies.

    On SQLite there is one worker, which is always alone.
    """
    if connection.vendor != "postgresql":
        yield True
        return
    numbers = [CHORES, zlib.crc32(what.encode()) - 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", numbers)
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with contextlib.suppress(Error), connection.cursor() as cursor:  # a broken one holds nothing
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", numbers)


@contextlib.contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """Wait until nobody else is at it, and keep the others waiting meanwhile."""
    while True:
        with alone(what) as mine:
            if mine:
                yield
                return
        time.sleep(ASKS_EVERY)
