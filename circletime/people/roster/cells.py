"""What a cell means: roles, statuses, years, dates, addresses."""

import difflib
import re
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from circletime.people.roster.odd import Oddities
from circletime.people.roster.tables import Row
from circletime.people.rules import folded

PUPIL, TEACHER, SUPPORT, GUARDIAN, LISTED = "pupil", "teacher", "support", "guardian", "listed"

_ROLES = {
    **dict.fromkeys(("student", "pupil", "learner", "child"), PUPIL),
    **dict.fromkeys(("teacher", "faculty", "primaryteacher", "classteacher"), TEACHER),
    **dict.fromkeys(("aide", "teachingassistant", "support", "staff", "cosupport", "tutor"), SUPPORT),
    **dict.fromkeys(
        ("parent", "guardian", "relative", "carer", "mother", "father", "stepparent", "stepmother",
         "stepfather", "grandparent", "grandmother", "grandfather", "fosterparent", "legalguardian"),
        GUARDIAN,
    ),
    **dict.fromkeys(
        ("administrator", "siteadministrator", "districtadministrator", "systemadministrator", "sysadmin",
         "principal", "headteacher", "proctor", "counselor", "counsellor", "adjunct", "doctor"),
        LISTED,
    ),
}  # fmt: skip

GONE = ("tobedeleted", "inactive", "deleted", "left", "withdrawn")
HERE = ("", "active", "enrolled", "current")


def role_of(row: Row, column: str, odd: Oddities) -> str:
    """Which of ours the role in a cell is, or nothing where it is empty or unknown, which is told of."""
    said = row[column]
    name = said if said in _ROLES else folded(said)
    if not name:
        return ""
    if name in _ROLES:
        return _ROLES[name]
    near = difflib.get_close_matches(name, _ROLES, n=1, cutoff=0.75)
    if near:
        odd.note(row.file, row.line, column, f"“{short(said)}” is no role. It was read as {near[0]}.")
        return _ROLES[near[0]]
    odd.note(row.file, row.line, column, f"“{short(said)}” is no role that is known here.")
    return ""


def is_gone(row: Row, odd: Oddities) -> bool:
    """Whether the row's status says that its subject is not there any more."""
    name = folded(row["status"]) if row["status"] else ""
    if name in GONE:
        return True
    if name not in HERE:
        near = difflib.get_close_matches(name, GONE + HERE[1:], n=1, cutoff=0.75)
        read = near[0] if near else "active"
        words = f"“{short(row['status'])}” is no status. It was read as {read}; write active or tobedeleted."
        odd.note(row.file, row.line, "status", words)
        return read in GONE
    return False


def day_of(row: Row, column: str, odd: Oddities) -> date | None:
    """The day a cell says; a day that is written another way than 2026-09-01 is told of."""
    said = row[column]
    if not said:
        return None
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        pass
    parts = re.fullmatch(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?:[ T].*)?", said)
    if parts:
        day, month, year = (int(part) for part in parts.groups())
        for one, other in ((day, month), (month, day)):
            try:
                found = date(year, other, one)
            except ValueError:
                continue
            words = f"“{short(said)}” was read as {found.isoformat()}. Write days so, year first."
            odd.note(row.file, row.line, column, words)
            return found
    odd.note(row.file, row.line, column, f"“{short(said)}” is no day. Write it as 2026-09-01.")
    return None


def year_of(*cells: str) -> int | None:
    """The year group that the first of these cells with a number says; reception and nursery are 0."""
    for cell in cells:
        if folded(cell) in ("r", "reception", "kg", "kindergarten", "k", "n", "nursery", "eyfs", "pk"):
            return 0
        number = re.search(r"\d{1,2}", cell)
        if number and int(number[0]) <= 13:
            return int(number[0])
    return None


def email_of(row: Row, column: str, odd: Oddities) -> str:
    """The address in a cell in small letters; or nothing, with a note, where it is none."""
    said = row[column].strip().lower()
    if not said:
        return ""
    try:
        validate_email(said)
        if len(said) > 254:
            raise ValidationError("too long")
    except ValidationError:
        odd.note(row.file, row.line, column, f"“{short(said)}” is no e-mail address. It was left out.")
        return ""
    return said


def fit(row: Row, column: str, text: str, longest: int, odd: Oddities) -> str:
    """`text`, cut where it is longer than there is room for, which is told of."""
    if len(text) <= longest:
        return text
    odd.note(row.file, row.line, column, f"This is longer than {longest} characters and was cut.")
    return text[:longest].rstrip()


def ids_in(cell: str) -> list[str]:
    """The IDs of a list in a cell."""
    return [tidy for each in re.split(r"[,;|\s]+", cell) if (tidy := each.strip("[]\"'"))]


def short(text: str) -> str:
    """What was written, for a sentence."""
    return text if len(text) <= 40 else f"{text[:40]}…"
