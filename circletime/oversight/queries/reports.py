"""Holding a report that somebody has against the log."""

from dataclasses import dataclass
from typing import Any

from circletime.audit import queries as audit
from circletime.audit.verify_log import Broken
from circletime.audit.verify_log import check_report as check_file
from circletime.core.errors import Refused


@dataclass(frozen=True)
class Checked:
    """What a report's signature says, and whether the log still has the row it names."""

    facts: dict[str, Any]
    in_log: bool


def check_report(data: bytes) -> Checked:
    """Check a report's file. Raises `Refused` with a sentence when it is not what was signed here."""
    try:
        facts = check_file(data)
        ours = audit.log_key()
    except Broken as broken:
        said = str(broken)
        raise Refused("report", f"{said[0].upper()}{said[1:]}.", field="report", status=400) from None
    if facts["public_key"] != ours:
        said = "This report was signed with another key: by another school, or before the key was replaced."
        raise Refused("report", said, field="report", status=400)
    return Checked(facts, facts["row"] == 0 or audit.digest_at(facts["row"]) == facts["digest"])
