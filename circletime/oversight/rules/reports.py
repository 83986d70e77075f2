"""What is signed of a report, and how the signature stands at the file's end (docs/log-format.md)."""

import base64
import hashlib
from collections.abc import Set
from datetime import timedelta

from circletime.audit.rules import canonical
from circletime.core.errors import NotAllowed
from circletime.people.rules import LOG_READERS, REPORT_READERS, Role

LARGEST_REPORT = 10 * 1024 * 1024
"""In bytes."""

NEW_CHECKPOINT_AFTER = timedelta(hours=1)
"""A report brings a checkpoint to every governor, but not more often."""


def check_read_report(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may read how the policy was kept."""
    if not roles & REPORT_READERS:
        raise NotAllowed("Only governors and senior leaders read this report.")


def check_take_log(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may take the log away."""
    if not roles & LOG_READERS:
        raise NotAllowed("Only governors, the headteacher and the safeguarding lead take the log away.")


def sha256(data: bytes) -> str:
    """Of the file as it is before its signature."""
    return hashlib.sha256(data).hexdigest()


def last_line(kind: str, text: str, signature: str) -> bytes:
    """The line that is put behind the file: a comment in a PDF, a row in a CSV."""
    packed = base64.b64encode(canonical({"text": text, "signature": signature}).encode()).decode()
    line = f"%circletime-signature {packed}\n" if kind == "pdf" else f'"circletime-signature","{packed}"\r\n'
    return line.encode()
