"""Reading the log back and checking it."""

from collections.abc import Iterator

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


def verify() -> tuple[int, tuple[int, str] | None]:
    """How many rows were written, and the first break (row number, what is wrong) or None."""
    head = Head.objects.filter(pk=1).first()
    number, last = (head.number, head.digest) if head else (0, GENESIS)
    return number, first_break(entries(), number, last)
