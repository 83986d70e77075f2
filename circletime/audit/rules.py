"""What a row's digest is made of. Plain Python, so that a separate script can check an export."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """A row of the log as plain values. `data` is canonical JSON text."""

    number: int
    at: datetime
    kind: str
    by: str
    subject: str
    data: str
    previous: str
    digest: str


def canonical(data: Mapping[str, Any]) -> str:
    """`data` as JSON that is the same text whenever it is the same value."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(number: int, at: datetime, kind: str, by: str, subject: str, data: str, previous: str) -> str:
    """The SHA-256 of a row and of the row before it, in hex."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = json.dumps([number, stamp, kind, by, subject, data, previous], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_break(entries: Iterable[Entry], head_number: int, head_digest: str) -> tuple[int, str] | None:
    """The number of the first bad row and what is wrong with it, or None when the chain holds.

    `entries` come in order of number; memory use is constant.
    """
    expected, previous = 1, GENESIS
    for entry in entries:
        if entry.number != expected:
            return expected, f"row {expected} is missing"
        if entry.previous != previous:
            return entry.number, f"row {entry.number} does not follow the row before it"
        if entry.digest != digest(
            entry.number, entry.at, entry.kind, entry.by, entry.subject, entry.data, entry.previous
        ):
            return entry.number, f"row {entry.number} was changed"
        expected, previous = entry.number + 1, entry.digest
    if expected - 1 != head_number:
        return expected, f"the log ends at row {expected - 1}, but {head_number} rows were written"
    if previous != head_digest:
        return head_number, f"row {head_number} is not the one that was written last"
    return None
