"""The one place that reads the clock. Rules and actions take the time as an argument.

Where several machines share a PostgreSQL, the clock of its machine is everybody's: see `follow_database`.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection

WORTH = timedelta(seconds=0.25)
"""A clock that is off by less is kept: asking takes a moment, and clocks that are looked after agree."""
SLOW = timedelta(seconds=1)

_ahead = timedelta(0)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC) - _ahead


def ahead() -> timedelta:
    """How far this machine's clock is ahead of the one that is followed."""
    return _ahead


def follow_database() -> None:
    """Find out how far this machine's clock is off. Every process that acts on time asks now and then.

    Of two workers whose clocks differ one would end meetings before their time, and both would think that
    the other had left what it still does. On SQLite there is one machine, and nothing to ask.
    """
    global _ahead
    if connection.vendor != "postgresql":
        return
    asked = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    took = datetime.now(UTC) - asked
    if timedelta(0) <= took <= SLOW:
        off = asked + took / 2 - theirs
        _ahead = off if abs(off) > WORTH else timedelta(0)
