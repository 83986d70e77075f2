"""What a row's digest is made of, and what a checkpoint says (docs/log-format.md). Plain Python.

`verify_log.py` beside this file checks an export with nothing of this program.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from circletime.core.errors import Refused

GENESIS = "0" * 64
LOG_KEY = "log_key"
"""The file of the key that checkpoints and reports are signed with."""

START = (0, GENESIS)
"""Where a chain begins: the number and the digest before its first row."""


_compact = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: a million rows are checked with it."""


class Entry(NamedTuple):
    """A row of the log as plain values. `data` is canonical JSON text."""

    number: int
    at: datetime
    kind: str
    by: str
    subject: str
    data: str
    previous: str
    digest: str


@dataclass(frozen=True)
class Verdict:
    """What came of checking: how many rows fit, and the first that does not, with what is wrong."""

    rows: int
    row: int | None = None
    wrong: str = ""

    @property
    def holds(self) -> bool:
        return self.row is None


def canonical(data: Mapping[str, Any]) -> str:
    """`data` as JSON that is the same text whenever it is the same value."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def stamp(at: datetime) -> str:
    """A moment as the log writes it: UTC, to the microsecond."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def digest(number: int, at: datetime, kind: str, by: str, subject: str, data: str, previous: str) -> str:
    """The SHA-256 of a row and of the row before it, in hex."""
    return digest_of(number, stamp(at), kind, by, subject, data, previous)


def digest_of(number: int, at: str, kind: str, by: str, subject: str, data: str, previous: str) -> str:
    """The same, with the moment as it is written."""
    text = _compact([number, at, kind, by, subject, data, previous])
    return hashlib.sha256(text.encode()).hexdigest()


def commitment(salt: str, text: str) -> str:
    """What the log keeps instead of words about a person: nothing can be read from it, and other words, or
    these once the salt is gone, do not fit it."""
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


def first_break(
    entries: Iterable[Entry],
    head_number: int,
    head_digest: str,
    *,
    after: tuple[int, str] = START,
    known: Mapping[int, str] | None = None,
) -> tuple[int, str] | None:
    """The number of the first bad row and what is wrong with it, or None when the chain holds.

    `entries` come in order of number, beginning after the row `after`; `known` are digests that checkpoints
    give to rows. Memory use is constant.
    """
    known = known or {}
    previous_number, previous = after
    sure = previous_number
    for entry in entries:
        expected = previous_number + 1
        if entry.number != expected:
            return expected, f"row {expected} is missing"
        if entry.previous != previous:
            return entry.number, f"row {entry.number} does not follow the row before it"
        if entry.digest != digest(
            entry.number, entry.at, entry.kind, entry.by, entry.subject, entry.data, entry.previous
        ):
            return entry.number, f"row {entry.number} was changed"
        if entry.number in known:
            if known[entry.number] != entry.digest:
                return sure + 1, _rewritten(sure + 1, entry.number)
            sure = entry.number
        previous_number, previous = entry.number, entry.digest
    promised = max(known, default=0)
    if previous_number != head_number:
        ends = f"the log ends at row {previous_number}, but {head_number} rows were written"
        return min(previous_number, head_number) + 1, ends
    if previous != head_digest:
        return head_number, f"row {head_number} is not the one that was written last"
    if promised > head_number:
        return (
            head_number + 1,
            f"the log ends at row {head_number}, but a checkpoint was signed at row {promised}",
        )
    return None


def _rewritten(first: int, last: int) -> str:
    between = f"row {first}" if first == last else f"of rows {first} to {last} at least one"
    return f"{between} was rewritten: the checkpoint that was signed at row {last} has another digest"


CHECKPOINT_TITLE = "Checkpoint of the log"
BEGIN, END = "-----BEGIN CIRCLETIME CHECKPOINT-----", "-----END CIRCLETIME CHECKPOINT-----"
_LONGEST = 20_000


@dataclass(frozen=True)
class Signed:
    """A checkpoint: exactly what was signed, the signature, and what it says."""

    text: str
    signature: str
    number: int
    digest: str
    at: str
    school: str
    public_key: str


def checkpoint_text(*, number: int, digest: str, at: datetime, school: str, public_key: str) -> str:
    """What is signed: that the log had this row at its end at this moment."""
    return canonical(
        {
            "format": 1,
            "title": CHECKPOINT_TITLE,
            "school": school,
            "row": number,
            "digest": digest,
            "at": stamp(at),
            "public_key": public_key,
        }
    )


def read_signed(text: str, signature: str) -> Signed:
    """A checkpoint from what was signed. Raises `Refused` when it is none; the signature is not checked."""
    try:
        facts = json.loads(text)
        if facts["title"] != CHECKPOINT_TITLE or facts["format"] != 1 or canonical(facts) != text:
            raise ValueError
        return Signed(
            text,
            str(signature),
            int(facts["row"]),
            str(facts["digest"]),
            str(facts["at"]),
            str(facts["school"]),
            str(facts["public_key"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _no_checkpoint() from None


def block(text: str, signature: str) -> str:
    """A checkpoint as it stands in a letter: lines that survive being forwarded, quoted and folded."""
    packed = base64.b64encode(canonical({"text": text, "signature": signature}).encode()).decode()
    lines = [packed[at : at + 64] for at in range(0, len(packed), 64)]
    return "\n".join([BEGIN, *lines, END])


def read_block(pasted: str) -> Signed:
    """The checkpoint in what somebody pasted out of a letter. Raises `Refused` beside its field."""
    _, begun, rest = pasted.partition(BEGIN)
    packed, ended, _ = rest.partition(END)
    if not begun or not ended or len(packed) > _LONGEST:
        raise _no_checkpoint()
    try:
        found = json.loads(base64.b64decode(re.sub(r"[^A-Za-z0-9+/=]", "", packed), validate=True))
        text, signature = found["text"], found["signature"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _no_checkpoint() from None
    if not isinstance(text, str) or not isinstance(signature, str):
        raise _no_checkpoint()
    return read_signed(text, signature)


def _no_checkpoint() -> Refused:
    said = f'Paste the whole checkpoint, from "{BEGIN}" to "{END}".'
    return Refused("checkpoint", said, field="checkpoint", status=400)
