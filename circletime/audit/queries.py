"""Reading the log back and checking it."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, QuerySet

from circletime.audit.models import Checkpoint, Head, Row, Salt
from circletime.audit.rules import (
    GENESIS,
    LOG_KEY,
    START,
    Entry,
    Signed,
    Verdict,
    commitment,
    first_break,
    read_signed,
    stamp,
)
from circletime.core.errors import Refused
from circletime.core.keyfiles import KeyTrouble
from circletime.core.signing import is_signed, public_key

FORMAT = "circletime-log/1"
_FIELDS = ("number", "at", "kind", "by", "subject", "data", "previous", "digest")


def entries(after: int = 0, until: int | None = None) -> Iterator[Entry]:
    """The rows after number `after`, in order, streamed."""
    rows = Row.objects.filter(number__gt=after).order_by("number")
    if until is not None:
        rows = rows.filter(number__lte=until)
    for values in rows.values_list(*_FIELDS).iterator(chunk_size=2000):
        yield Entry(*values)


def list_kinds(subject: str) -> list[str]:
    """What was done to `subject`, in order."""
    return list(Row.objects.filter(subject=subject).order_by("number").values_list("kind", flat=True))


def head() -> tuple[int, str]:
    """The number and the digest of the newest row."""
    found = Head.objects.filter(pk=1).first()
    return (found.number, found.digest) if found else (0, GENESIS)


def end_before(moment: datetime) -> tuple[int, str]:
    """The number and the digest of the newest row that was written before `moment`."""
    found = Row.objects.filter(at__lt=moment).order_by("-number").values_list("number", "digest").first()
    return found if found is not None else (0, GENESIS)


def latest_after(number: int) -> datetime | None:
    """The latest moment that stands in a row after row `number`, or None."""
    found: datetime | None = Row.objects.filter(number__gt=number).aggregate(latest=Max("at"))["latest"]
    return found


def last_done(kind: str) -> datetime | None:
    """When `kind` was done last."""
    found: datetime | None = Row.objects.filter(kind=kind).aggregate(latest=Max("at"))["latest"]
    return found


def done(kind: str, since: datetime, until: datetime) -> list[Entry]:
    """The rows of one kind, from `since` and before `until`, in order."""
    found = Row.objects.filter(kind=kind, at__gte=since, at__lt=until).order_by("number")
    return [Entry(*values) for values in found.values_list(*_FIELDS)]


def tally(kinds: Iterable[str], since: datetime, until: datetime) -> dict[str, dict[str, int]]:
    """How often each kind was done to each subject, from `since` and before `until`."""
    found: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    rows = Row.objects.filter(kind__in=list(found), at__gte=since, at__lt=until).order_by()
    for kind, subject, count in rows.values_list("kind", "subject").annotate(count=Count("pk")):
        found[kind][subject] = count
    return found


def count_kinds(kinds: Iterable[str], *, after: int, until: int) -> dict[str, int]:
    """How often each kind was done, in the rows after number `after` and up to `until`."""
    rows = Row.objects.filter(kind__in=list(kinds), number__gt=after, number__lte=until).order_by()
    return dict(rows.values_list("kind").annotate(count=Count("pk")))


def numbers(kinds: Iterable[str], since: datetime, until: datetime) -> list[tuple[str, datetime, int]]:
    """Each act of these kinds, when it was, and the `number` it was about, which is one unless it says so."""
    rows = Row.objects.filter(kind__in=list(kinds), at__gte=since, at__lt=until).order_by("number")
    found = rows.values_list("kind", "at", "data")
    return [(kind, at, int(json.loads(data).get("number", 1))) for kind, at, data in found]


def said(kinds: Iterable[str], since: datetime, until: datetime) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What the rows of these kinds say, from `since` and before `until`, in order: kind, subject, data."""
    rows = Row.objects.filter(kind__in=list(kinds), at__gte=since, at__lt=until).order_by("number")
    return _read(rows)


def said_of(kinds: Iterable[str], subjects: Iterable[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What the rows of these kinds say of these subjects, whenever that was, in order."""
    rows = Row.objects.filter(kind__in=list(kinds), subject__in=list(subjects)).order_by("number")
    return _read(rows)


def _read(rows: QuerySet[Row]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for kind, subject, data in rows.values_list("kind", "subject", "data"):
        yield kind, subject, json.loads(data)


def digest_at(number: int) -> str:
    """The digest of row `number`, or nothing where there is no such row."""
    return Row.objects.filter(number=number).values_list("digest", flat=True).first() or ""


def find(*, text: str = "", before: int | None = None) -> QuerySet[Row]:
    """Rows, newest first, of a kind that begins so, or about or by exactly this."""
    found = Row.objects.order_by("-number")
    if text:
        by_kind = Row.objects.filter(kind__startswith=text)
        found = by_kind | Row.objects.filter(subject=text) | Row.objects.filter(by=text)
        found = found.order_by("-number")
    return found.filter(number__lt=before) if before is not None else found


def agrees(row: int, text: str) -> bool | None:
    """Whether `text` is what row `row` was written about; None when that was forgotten, or never kept."""
    entry = Row.objects.filter(number=row).first()
    salt = Salt.objects.filter(row=row).first()
    if entry is None or salt is None:
        return None
    kept: dict[str, Any] = json.loads(entry.data)
    return bool(kept.get("words") == commitment(salt.salt, text))


def checkpoints() -> list[Checkpoint]:
    """Every checkpoint that is kept here, the newest first."""
    return list(Checkpoint.objects.all())


def last_checkpoint() -> Checkpoint | None:
    """The newest checkpoint."""
    return Checkpoint.objects.first()


def log_key() -> str:
    """The public key of this school's log, in hex; empty while nothing was signed. Raises `KeyTrouble`."""
    return public_key(LOG_KEY) if Checkpoint.objects.exists() else ""


def verify() -> tuple[int, tuple[int, str] | None]:
    """How many rows were written, and the first break (row number, what is wrong) or None.

    The checkpoints that are kept here are held against the chain. Each row is read once; memory is constant.
    """
    number, last = head()
    bad = _badly_signed()
    if bad is not None:
        return number, (bad, f"the checkpoint at row {bad} is not signed with this school's key")
    known = {int(each.number): read_signed(each.text, each.signature).digest for each in checkpoints()}
    return number, first_break(entries(), number, last, known=known)


def _badly_signed() -> int | None:
    every = list(Checkpoint.objects.order_by("number"))
    if not every:
        return None
    ours = public_key(LOG_KEY)
    for each in every:
        try:
            said = read_signed(each.text, each.signature)
        except Refused:
            return int(each.number)
        if (said.number, said.at, said.public_key) != (each.number, stamp(each.at), ours):
            return int(each.number)
        if not is_signed(each.text, each.signature, ours):
            return int(each.number)
    return None


def verify_since(checkpoint: Checkpoint | None) -> Verdict:
    """Check what was written since a checkpoint, and that its row is still the one it was signed at."""
    number, last = head()
    after = START
    if checkpoint is not None:
        said = read_signed(checkpoint.text, checkpoint.signature)
        after = (said.number, said.digest)
        row = Row.objects.filter(number=said.number).first()
        if row is None or row.digest != said.digest:
            return Verdict(
                0, said.number, f"row {said.number} is not the one that the last checkpoint was signed at"
            )
    broken = first_break(entries(after[0]), number, last, after=after)
    return Verdict(number - after[0]) if broken is None else Verdict(number, *broken)


def compare(checkpoint: Signed) -> Verdict:
    """Hold a checkpoint that left the building against the log. Raises `Refused` when it is not of this log.

    The row it names is read from the database, so the answer is there at once; that the rows before it lead
    there is what `check_letter` shows.
    """
    if not is_signed(checkpoint.text, checkpoint.signature, checkpoint.public_key):
        raise Refused(
            "forged", "This checkpoint was changed: its signature does not fit.", field="checkpoint"
        )
    try:
        ours = public_key(LOG_KEY)  # from its file, also when no checkpoint is left here
    except KeyTrouble:
        ours = ""
    row = Row.objects.filter(number=checkpoint.number).first()
    if ours and ours != checkpoint.public_key:
        said = (
            f"This checkpoint is of {checkpoint.school}, signed with another key than this school's log has."
        )
        raise Refused("other_log", said, field="checkpoint")
    if row is None:
        here = head()[0]
        gone = (
            f"row {checkpoint.number} was there on {checkpoint.at[:10]}, and the log now ends at row {here}"
        )
        return Verdict(checkpoint.number, here + 1, gone)
    if row.digest != checkpoint.digest:
        return Verdict(
            checkpoint.number,
            checkpoint.number,
            f"row {checkpoint.number} is not the one it was on {checkpoint.at[:10]}: "
            "it, or a row before it, was rewritten",
        )
    return Verdict(checkpoint.number)


def check_letter(checkpoint: Signed) -> Verdict:
    """Hold a checkpoint that left the building against the log, and then the whole log against itself.

    So nothing is overlooked that was changed in place and not hashed anew. Raises `Refused` when it is not of
    this log, and `KeyTrouble`. A million rows take some seconds.
    """
    found = compare(checkpoint)
    if not found.holds:
        return found
    rows, broken = verify()
    return Verdict(rows) if broken is None else Verdict(rows, *broken)


def export(*, school: str, at: datetime) -> Iterator[str]:
    """The log as lines of JSON: a head, every row, every checkpoint, and the end; a checkpoint stands
    behind its row (docs/log-format.md)."""
    signed = {int(each.number): each for each in checkpoints()}  # before the end, which only grows
    newest: int = Row.objects.aggregate(newest=Max("number"))["newest"] or 0
    number, last = head()
    try:
        ours = log_key()
    except KeyTrouble:
        ours = ""
    yield _line({"format": FORMAT, "school": school, "at": stamp(at), "public_key": ours})
    for row in entries(until=max(newest, number)):
        yield _line(
            {
                "row": row.number,
                "at": stamp(row.at),
                "kind": row.kind,
                "by": row.by,
                "subject": row.subject,
                "data": row.data,
                "previous": row.previous,
                "digest": row.digest,
            }
        )
        if row.number in signed:
            each = signed.pop(row.number)
            yield _line({"checkpoint": each.text, "signature": each.signature})
    for each in signed.values():  # of rows that are gone: whoever reads the export finds out
        yield _line({"checkpoint": each.text, "signature": each.signature})
    yield _line({"end": number, "digest": last})


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, separators=(",", ":")) + "\n"
