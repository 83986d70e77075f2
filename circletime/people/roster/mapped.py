"""Any CSV file with a row for each child, or for each child and adult, its columns named by the office."""

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from circletime.people.roster import cells, settling
from circletime.people.roster.bulk import batches
from circletime.people.roster.models import RosterStaged
from circletime.people.roster.odd import Oddities
from circletime.people.roster.reading import File, read_lines, refused
from circletime.people.roster.rules import Kind, Tie
from circletime.people.roster.staging import LONGEST_ID, Stage, key_of
from circletime.people.roster.tables import Row, head_of
from circletime.people.rules import folded


@dataclass(frozen=True)
class Wanted:
    """One thing a column may say."""

    name: str
    label: str
    needed: bool = False
    often: tuple[str, ...] = ()
    """How other systems call it."""


WANTED = (
    Wanted("first_name", "Child's first name", True, (
        "first name", "forename", "given name", "preferred forename", "legal forename",
        "preferred first name", "pupil first name", "child first name",
    )),
    Wanted("last_name", "Child's last name", True, (
        "last name", "surname", "family name", "preferred surname", "legal surname", "pupil last name",
        "child last name",
    )),
    Wanted("class_name", "Class", True, (
        "class", "class name", "reg group", "registration group", "reg", "form", "registration",
        "tutor group", "homeroom",
    )),
    Wanted("pupil_id", "Child's ID in your system", False, (
        "pupil id", "student id", "id", "admission number", "adno", "adm no", "upn", "sourcedid", "sis id",
        "person id",
    )),
    Wanted("year", "Year group", False, ("year", "year group", "nc year", "grade", "yr")),
    Wanted("adult1_name", "First adult's name", False, (
        "parent", "parent name", "parent 1", "parent 1 name", "contact 1", "contact 1 name", "contact name",
        "guardian", "guardian name", "carer", "adult 1",
    )),
    Wanted("adult1_email", "First adult's e-mail", False, (
        "parent email", "parent 1 email", "contact 1 email", "contact email", "guardian email", "email",
        "email address",
    )),
    Wanted("adult2_name", "Second adult's name", False, (
        "parent 2", "parent 2 name", "contact 2", "contact 2 name", "guardian 2", "adult 2",
    )),
    Wanted("adult2_email", "Second adult's e-mail", False, (
        "parent 2 email", "contact 2 email", "guardian 2 email", "adult 2 email",
    )),
)  # fmt: skip
"""Nothing else of a row is taken."""


def guess(head: list[str]) -> dict[str, str]:
    """Which column is which, by how it is called. Each column is used once."""
    found: dict[str, str] = {}
    for cutoff in (1.0, 0.86):
        for wanted in WANTED:
            if wanted.name in found:
                continue
            free = {folded(each): each for each in head if each and each not in found.values()}
            for word in (wanted.label, *wanted.often):
                near = difflib.get_close_matches(folded(word), free, n=1, cutoff=cutoff)
                if near:
                    found[wanted.name] = free[near[0]]
                    break
    return found


def missing(columns: Mapping[str, str]) -> list[str]:
    """What has no column yet and needs one."""
    return [wanted.label for wanted in WANTED if wanted.needed and not columns.get(wanted.name)]


def read(file: File, columns: Mapping[str, str], stage: Stage) -> None:
    """Put down the roster in one file. Raises `Refused` where a column that is needed is not there."""
    encoding, head = head_of(file, stage.odd)
    by_fold = {folded(each): at for at, each in reversed(list(enumerate(head)))}
    places = {name: by_fold[folded(said)] for name, said in columns.items() if folded(said) in by_fold}
    lost = [w.label for w in WANTED if w.needed and w.name not in places]
    if lost:
        raise refused(
            f"{file.name} has no column for: {', '.join(lost)}. Say on the roster page which column is which."
        )
    stage.says_adults = bool({"adult1_name", "adult1_email", "adult2_name", "adult2_email"} & set(places))
    lines = read_lines(file, encoding)
    next(lines, None)
    rows = (
        Row(file.name, line, {n: found[at] for n, at in places.items() if at < len(found)})
        for line, found in lines
    )
    for some in batches(rows):
        _Children(stage, some).put()
        stage.flush()
    if not stage.used(Kind.PUPIL).exists():
        raise refused(f"There is no child in {file.name}.")


@dataclass(slots=True)
class _Child:
    """One row, with what it says of a child."""

    row: Row
    key: str
    first: str
    last: str
    class_id: str
    class_name: str
    adults: list[tuple[str, str, str]]
    """ID, name and address."""


def _child(row: Row, stage: Stage) -> _Child | None:
    odd = stage.odd
    for name, words in (
        ("first_name", "The child's first name is missing."),
        ("class_name", "The class is missing."),
    ):
        if not row[name]:
            odd.refuse(*row.at, name, words)
            return None
    first = cells.fit(row, "first_name", row["first_name"], 60, odd)
    last = cells.fit(row, "last_name", row["last_name"], 60, odd)
    name = cells.fit(row, "class_name", row["class_name"], 60, odd)
    key = row["pupil_id"][:LONGEST_ID] or f"name:{folded(first)}/{folded(last)}"[:LONGEST_ID]
    adults = [each for which in ("adult1", "adult2") if (each := _adult(row, which, key, odd))]
    return _Child(row, key, first, last, f"class:{folded(name)}"[:LONGEST_ID], name, adults)


def _adult(row: Row, which: str, child: str, odd: Oddities) -> tuple[str, str, str] | None:
    email = cells.email_of(row, f"{which}_email", odd)
    called = cells.fit(row, f"{which}_name", row[f"{which}_name"], 120, odd)
    if not called and not email:
        return None
    said = email or f"{folded(called)}/{child}"
    key = f"adult:{said}" if len(said) < 200 else f"adult:{hashlib.sha256(said.encode()).hexdigest()}"
    return key, called or email.split("@")[0], email


class _Children:
    """A batch of rows, with what rows before them said."""

    def __init__(self, stage: Stage, rows: list[Row]) -> None:
        self.stage = stage
        self.children = [child for row in rows if (child := _child(row, stage))]
        self.classes = self._known(Kind.CLASS, [each.class_id for each in self.children])
        self.pupils = self._known(Kind.PUPIL, [each.key for each in self.children])
        self.adults = self._known(Kind.ADULT, [key for each in self.children for key, _, _ in each.adults])
        read = {each.row.line for each in self.children}
        lost = {row["pupil_id"][:LONGEST_ID]: row for row in rows if row.line not in read}
        for key in lost.keys() - {"", *self._known(Kind.UNKNOWN, list(lost))}:
            stage.put(Kind.UNKNOWN, key, lost[key].at)

    def _known(self, kind: Kind, keys: list[str]) -> dict[str, RosterStaged]:
        return {row.source_id: row for row in self.stage.every(kind).filter(source_id__in=keys)}

    def put(self) -> None:
        for each in self.children:
            said = {
                "first_name": each.first, "last_name": each.last, "class": each.class_id, "here": True,
            }  # fmt: skip
            known = self.pupils.get(each.key)
            if known is not None and known.said != said:
                words = f"This child was there already, in another way, in line {known.line}."
                words += " The first row counts."
                self.stage.odd.refuse(*each.row.at, "pupil_id", words)
                continue
            if each.class_id not in self.classes:
                self.classes[each.class_id] = self._class(each)
            if known is None:
                self.pupils[each.key] = self._pupil(each, said)
            for key, name, email in each.adults:
                if key not in self.adults:
                    self.adults[key] = settling.put_adult(self.stage, key, each.row.at, name, email)
                self.stage.tie(Tie.AGENT, each.key, key, each.row.at, "")

    def _class(self, child: _Child) -> RosterStaged:
        year = cells.year_of(child.row["year"], child.class_name)
        said = {"name": child.class_name, "here": True} | ({} if year is None else {"year": year})
        match = key_of(folded(child.class_name))
        return self.stage.put(
            Kind.CLASS, child.class_id, child.row.at, child.class_name, said=said, match=match
        )

    def _pupil(self, child: _Child, said: dict[str, Any]) -> RosterStaged:
        match = key_of(child.class_id, folded(child.first), folded(child.last))
        label = f"{child.first} {child.last}".strip()
        return self.stage.put(
            Kind.PUPIL, child.key, child.row.at, label, said=said, place=child.class_id, match=match
        )
