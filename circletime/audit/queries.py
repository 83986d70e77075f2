"""Reading the log back and checking it."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Max

from circletime.audit.models import Head, Row
from circletime.audit.rules import GENESIS, Entry, first_break


def entries() -> Iterator[Entry]:
    """Every row in order, streamed."""
    fields = ("number", "at", "kind", "by", "subject", "data", "previous", "digest")
    for values in Row.objects.order_by("number").values_list(*fields).iterator(chunk_size=2000):
        yield Entry(*values)


def list_kinds(subject: str) -> list[str]:
    """What was done to `subject`, in order."""
    return list(Row.objects.filter(subject=subject).order_by("number").values_list("kind", flat=True))


def head() -> tuple[int, str]:
    """The number and the digest of the newest row."""
    found = Head.objects.filter(pk=1).first()
    return (found.number, found.digest) if found else (0, GENESIS)


def latest_after(number: int) -> datetime | None:
    """The latest moment that stands in a row after row `number`, or None."""
    found: datetime | None = Row.objects.filter(number__gt=number).aggregate(latest=Max("at"))["latest"]
    return found


def verify() -> tuple[int, tuple[int, str] | None]:
    """How many rows were written, and the first break (row number, what is wrong) or None."""
    number, last = head()
    return number, first_break(entries(), number, last)
