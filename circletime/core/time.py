"""The one place that reads the clock. Rules and actions take the time as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
