"""Which file is which, and which column is which, however they are spelt.

Only the columns named here are ever taken out of a row: no password, no birthday, no telephone number.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field

from circletime.people.roster.odd import Oddities
from circletime.people.roster.reading import File, encoding_of, read_lines, refused
from circletime.people.rules import folded

ALIKE = 0.84
"""How alike two names have to be, of 1, for one to be the other misspelt."""


@dataclass(frozen=True)
class Kind:
    """One table of an export: the columns that are used, their other names, and what every row is."""

    name: str
    needs: tuple[str, ...]
    wants: tuple[str, ...] = ()
    also: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    """Values that all of its rows have, as the role in a file of teachers."""

    @property
    def columns(self) -> dict[str, str]:
        """Every spelling that is taken at once, folded, with the column it is."""
        own = {folded(each): each for each in (*self.needs, *self.wants)}
        return own | {folded(alias): column for alias, column in self.also.items()}


_AGENTS = {"agents": "agentSourcedIds", "agentSourceIds": "agentSourcedIds", "agentIds": "agentSourcedIds"}
_V1_PERSON = {"SIS ID": "sourcedId", "First Name": "givenName", "Last Name": "familyName"}
_V1_ROW = {"SIS ID": "userSourcedId", "Section SIS ID": "classSourcedId"}

KINDS = {
    "users": Kind(
        "users",
        ("sourcedId", "givenName", "familyName"),
        (
            "status",
            "dateLastModified",
            "enabledUser",
            "role",
            "preferredGivenName",
            "email",
            "agentSourcedIds",
        ),
        _AGENTS,
    ),
    "roles": Kind(
        "roles", ("userSourcedId", "role"), ("status", "dateLastModified", "roleType", "orgSourcedId")
    ),
    "classes": Kind(
        "classes",
        ("sourcedId", "title"),
        ("status", "dateLastModified", "grades", "classType", "courseSourcedId"),
        {"grade": "grades", "name": "title"},
    ),
    "enrollments": Kind(
        "enrollments",
        ("classSourcedId", "userSourcedId"),
        ("status", "dateLastModified", "role", "primary", "beginDate", "endDate"),
    ),
    "relationships": Kind(
        "relationships", ("userSourcedId", "relationshipUserSourcedId"), ("relationshipRole", "status")
    ),
    "manifest": Kind("manifest", ("propertyName", "value")),
    "student": Kind(
        "users", ("sourcedId", "givenName", "familyName"), ("status",), _V1_PERSON, {"role": "student"}
    ),
    "teacher": Kind(
        "users",
        ("sourcedId", "givenName", "familyName"),
        ("status", "email"),
        _V1_PERSON | {"Username": "email"},
        {"role": "teacher"},
    ),
    "section": Kind(
        "classes", ("sourcedId", "title"), ("status",), {"SIS ID": "sourcedId", "Section Name": "title"}
    ),
    "studentenrollment": Kind(
        "enrollments", ("classSourcedId", "userSourcedId"), ("status",), _V1_ROW, {"role": "student"}
    ),
    "teacherroster": Kind(
        "enrollments", ("classSourcedId", "userSourcedId"), ("status",), _V1_ROW, {"role": "teacher"}
    ),
    "user": Kind(
        "users",
        ("email", "givenName", "familyName"),
        (),
        {"First Name": "givenName", "Last Name": "familyName"},
        {"role": "guardian"},
    ),
    "guardianrelationship": Kind(
        "relationships",
        ("userSourcedId", "relationshipUserSourcedId"),
        ("relationshipRole",),
        {"SIS ID": "userSourcedId", "Email": "relationshipUserSourcedId", "Role": "relationshipRole"},
    ),
}
"""By the name of the file. The second half is School Data Sync's first format."""

NOT_USED = (
    "orgs", "academicSessions", "courses", "categories", "lineItems", "results", "resources",
    "classResources", "courseResources", "userResources", "scoreScales", "lineItemScoreScales",
    "resultScoreScales", "lineItemLearningObjectiveIds", "resultLearningObjectiveIds", "school", "term",
)  # fmt: skip
NEVER = ("demographics", "userFlags", "credentials")
"""Of these not one row is read."""

_OTHER_SPELLINGS = {
    "enrolments": "enrollments", "sections": "section", "students": "student", "teachers": "teacher",
}  # fmt: skip


@dataclass
class Row:
    """One row of a table: where it stands, and its cells by column."""

    file: str
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def at(self) -> tuple[str, int]:
        """File and line."""
        return (self.file, self.line)


@dataclass
class Table:
    """One file that is known to be of some kind, opened anew by whoever reads its rows."""

    kind: Kind
    file: File
    encoding: str
    places: dict[int, str]
    width: int
    odd: Oddities

    def rows(self) -> Iterator[Row]:
        """Its rows. Cells beyond the head are told of, and left."""
        lines = read_lines(self.file, self.encoding)
        next(lines, None)
        for line, cells in lines:
            if any(cells[self.width :]):
                words = (
                    "This row has more cells than the head has columns. Look for a comma that needs quotes."
                )
                self.odd.note(self.file.name, line, "", words)
            found = {name: cells[at] for at, name in self.places.items() if at < len(cells)}
            yield Row(self.file.name, line, found | self.kind.fixed)


def head_of(file: File, odd: Oddities | None) -> tuple[str, list[str]]:
    """How a file is written, which is told of where it had to be guessed, and the names of its columns."""
    encoding, guessed = encoding_of(file)
    head = next(read_lines(file, encoding), None)
    if guessed and head is not None and odd is not None:
        words = (
            "This file is not in UTF-8. It was read as Windows writes; look at names with accents in the "
            "preview, and save it as UTF-8 where they are wrong."
        )
        odd.note(file.name, 0, "", words)
    return encoding, (head[1] if head else [])


def recognise(files: list[File], odd: Oddities) -> list[Table]:
    """The tables among the files. A file of a wrong name is known by its columns."""
    found: list[Table] = []
    for file in files:
        stem = folded(file.name.rsplit(".", 1)[0])
        if _near(stem, NEVER):
            odd.note(file.name, 0, "", "This file is never taken in. Not one row of it was read.")
            continue
        encoding, head = head_of(file, odd)
        kind = _kind_of(file, stem, head, odd)
        if kind is not None and (kind.name != "manifest" or stem == "manifest"):
            places = _places(kind, head, file.name, odd)
            found.append(Table(kind, file, encoding, places, len(head), odd))
    return found


def _kind_of(file: File, stem: str, head: list[str], odd: Oddities) -> Kind | None:
    if not head:
        odd.note(file.name, 0, "", "This file is empty.")
        return None
    named = _near(stem, (*KINDS, *_OTHER_SPELLINGS))
    named = _OTHER_SPELLINGS.get(named, named)
    candidates = [KINDS[named]] if named else []
    if named == "user" or named == "users":
        candidates = [KINDS["users"], KINDS["user"]]
    for kind in candidates:
        if _fits(kind, head):
            if stem not in (folded(each) for each in (*KINDS, *_OTHER_SPELLINGS)):
                odd.note(file.name, 0, "", f"This file was read as {named}.csv.")
            return kind
    if not named and _near(stem, NOT_USED):
        return None
    for name in ("roles", "enrollments", "relationships", "users", "classes"):
        if _fits(KINDS[name], head, strictly=True):
            words = f"This file has the columns of {name}.csv and was read as such. Give it that name."
            odd.note(file.name, 0, "", words)
            return KINDS[name]
    if named:
        missing = [each for each in KINDS[named].needs if each not in _names(KINDS[named], head)]
        raise refused(
            f"{file.name} has no column {' and no column '.join(missing)}. "
            "Its first line has to name the columns."
        )
    odd.note(file.name, 0, "", "This file is not part of a roster and was left alone.")
    return None


def _fits(kind: Kind, head: list[str], *, strictly: bool = False) -> bool:
    names = _names(kind, head)
    if not all(each in names for each in kind.needs):
        return False
    # A file known by its columns alone needs more than an ID and a name, which any list has.
    return not strictly or kind.name != "classes" or "classType" in names


def _names(kind: Kind, head: list[str]) -> set[str]:
    return set(_match(kind, head).values())


def _match(kind: Kind, head: list[str]) -> dict[int, str]:
    columns = kind.columns
    found: dict[int, str] = {}
    for at, each in enumerate(head):
        column = columns.get(folded(each))
        if column is not None and column not in found.values():
            found[at] = column
    for at, each in enumerate(head):
        if at in found or "password" in folded(each):
            continue
        near = _near(folded(each), [name for name, column in columns.items() if column not in found.values()])
        if near:
            found[at] = columns[near]
    return found


def _places(kind: Kind, head: list[str], file: str, odd: Oddities) -> dict[int, str]:
    found = _match(kind, head)
    for at, column in found.items():
        if folded(head[at]) not in kind.columns:
            odd.note(file, 1, head[at], f"This column was read as {column}. Mend its name in the first line.")
    seen: set[str] = set()
    for each in head:
        if each and folded(each) in seen and folded(each) in kind.columns:
            odd.note(file, 1, each, "There are two columns of this name. The first was used.")
        seen.add(folded(each))
    return found


def _near(name: str, known: object) -> str:
    """The one of `known` that `name` is, or is misspelt; or nothing."""
    by_fold = {folded(each): each for each in known}  # type: ignore[attr-defined]
    if name in by_fold:
        return str(by_fold[name])
    found = difflib.get_close_matches(name, by_fold, n=1, cutoff=ALIKE)
    return str(by_fold[found[0]]) if found else ""
