"""Any CSV file with a row for each child, or for each child and adult, its columns named by the office."""

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from circletime.people.roster import cells
from circletime.people.roster.incoming import AdultIn, ClassIn, Incoming, PupilIn
from circletime.people.roster.odd import Oddities
from circletime.people.roster.reading import File, read_lines, refused
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


def read(file: File, columns: Mapping[str, str], source: str) -> Incoming:
    """The roster in one file. Raises `Refused` where a column that is needed is not there."""
    odd = Oddities()
    encoding, head = head_of(file, odd)
    by_fold = {folded(each): at for at, each in reversed(list(enumerate(head)))}
    places = {name: by_fold[folded(said)] for name, said in columns.items() if folded(said) in by_fold}
    lost = [w.label for w in WANTED if w.needed and w.name not in places]
    if lost:
        raise refused(
            f"{file.name} has no column for: {', '.join(lost)}. Say on the roster page which column is which."
        )
    into = Incoming(source, odd=odd)
    into.says_adults = bool({"adult1_name", "adult1_email", "adult2_name", "adult2_email"} & set(places))
    lines = read_lines(file, encoding)
    next(lines, None)
    for line, found in lines:
        row = Row(file.name, line, {n: found[at] for n, at in places.items() if at < len(found)})
        _take(into, row)
    if not into.pupils:
        raise refused(f"There is no child in {file.name}.")
    return into


def _take(into: Incoming, row: Row) -> None:
    odd, at = into.odd, (row.file, row.line)
    for name, words in (
        ("first_name", "The child's first name is missing."),
        ("class_name", "The class is missing."),
    ):
        if not row[name]:
            odd.refuse(*at, name, words)
            if row["pupil_id"]:
                into.seen.add(row["pupil_id"])
            return
    first = cells.fit(row, "first_name", row["first_name"], 60, odd)
    last = cells.fit(row, "last_name", row["last_name"], 60, odd)
    name = cells.fit(row, "class_name", row["class_name"], 60, odd)
    in_class = f"class:{folded(name)}"[:255]
    if in_class not in into.classes:
        into.classes[in_class] = ClassIn(in_class, name, cells.year_of(row["year"], name), True, at)
    key = row["pupil_id"][:255] or f"name:{folded(first)}/{folded(last)}"[:255]
    into.seen.add(key)
    child = into.pupils.get(key)
    if child is None:
        child = into.pupils[key] = PupilIn(key, first, last, at, in_class)
    elif (child.first_name, child.last_name, child.class_id) != (first, last, in_class):
        words = f"This child was there already, in another way, in line {child.at[1]}. The first row counts."
        odd.refuse(*at, "pupil_id", words)
        return
    for which in ("adult1", "adult2"):
        email = cells.email_of(row, f"{which}_email", odd)
        called = cells.fit(row, f"{which}_name", row[f"{which}_name"], 120, odd)
        if not called and not email:
            continue
        said = email or f"{folded(called)}/{key}"
        adult = f"adult:{said}" if len(said) < 200 else f"adult:{hashlib.sha256(said.encode()).hexdigest()}"
        into.adults.setdefault(adult, AdultIn(adult, called or email.split("@")[0], email, at))
        child.adults.add(adult)
