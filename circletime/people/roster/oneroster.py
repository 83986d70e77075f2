"""OneRoster 1.1 and 1.2, and School Data Sync: the same people, classes and links, under other names.

After 1EdTech's OneRoster CSV tables (final release 1.1, 1.2) and Microsoft's SDS V1 and V2.1 file formats.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

from circletime.people.roster import cells
from circletime.people.roster.cells import GUARDIAN, LISTED, PUPIL, SUPPORT, TEACHER
from circletime.people.roster.incoming import AdultIn, ClassIn, Incoming, PupilIn, StaffIn
from circletime.people.roster.odd import Oddities
from circletime.people.roster.reading import refused
from circletime.people.roster.tables import Row, Table
from circletime.people.rules import Role, folded

LONGEST_ID = 255
STAFF_ROLES = {TEACHER: Role.TEACHER, SUPPORT: Role.SUPPORT}


@dataclass(slots=True)
class _Person:
    file: str
    line: int
    first: str
    last: str
    email: str
    roles: set[str]
    enabled: bool
    agents: tuple[str, ...] = ()


@dataclass
class _Work:
    """What is gathered table by table before it is put together."""

    tables: dict[str, list[Table]]
    into: Incoming
    people: dict[str, _Person] = field(default_factory=dict)
    links: list[tuple[str, str, Row]] = field(default_factory=list)
    enrolled: dict[str, list[tuple[int, str, str]]] = field(default_factory=lambda: defaultdict(list))
    """By person: how good a place it is, the class, and the role said."""
    left_class: set[tuple[str, str]] = field(default_factory=set)

    @property
    def odd(self) -> Oddities:
        return self.into.odd

    def of(self, name: str) -> list[Table]:
        """The files of this kind."""
        return self.tables.get(name, [])


def read(tables: list[Table], source: str, today: date) -> Incoming:
    """The roster that these tables are. Raises `Refused` where they are none."""
    odd = tables[0].odd if tables else Oddities()
    by_kind: dict[str, list[Table]] = defaultdict(list)
    for table in tables:
        by_kind[table.kind.name].append(table)
    for name, what in (("users", "people"), ("classes", "classes"), ("enrollments", "who is in which class")):
        if not by_kind[name] and not (name != "users" and _is_delta(by_kind)):
            raise refused(f"There is no {name}.csv, which says {what}. Export it as well.")
    work = _Work(by_kind, Incoming(source, odd=odd))
    work.into.delta = _is_delta(by_kind)
    if not by_kind["manifest"] and any("agentSourcedIds" in t.places.values() for t in by_kind["users"]):
        odd.note("manifest.csv", 0, "", "There is no manifest.csv. This was taken to be the whole roster.")
    _read_people(work)
    _read_roles(work)
    _read_classes(work)
    _read_enrollments(work, today)
    _read_links(work)
    _put_together(work)
    return work.into


def _is_delta(by_kind: dict[str, list[Table]]) -> bool:
    said = {folded(r["propertyName"]): folded(r["value"]) for t in by_kind["manifest"] for r in t.rows()}
    return said.get("fileusers") == "delta" or said.get("fileenrollments") == "delta"


def _id(row: Row, column: str, odd: Oddities) -> str:
    said = row[column]
    if not said:
        odd.refuse(row.file, row.line, column, "The ID is missing. Every row needs one.")
    elif len(said) > LONGEST_ID:
        odd.refuse(row.file, row.line, column, f"This ID is longer than {LONGEST_ID} characters.")
        return ""
    return said


def _read_people(work: _Work) -> None:
    odd = work.odd
    for table in work.of("users"):
        by = "email" if "sourcedId" not in table.places.values() else "sourcedId"
        for row in table.rows():
            key = _id(row, by, odd)
            key = key.lower() if by == "email" else key
            if not key:
                continue
            if key in work.people or key in work.into.gone:
                first = work.people.get(key)
                where = f" The first is in line {first.line}." if first else ""
                odd.refuse(
                    row.file, row.line, by, f"This ID was there already, and the first row counts.{where}"
                )
                continue
            cells.day_of(row, "dateLastModified", odd)
            if cells.is_gone(row, odd):
                work.into.gone.add(key)
                continue
            role = cells.role_of(row, "role", odd)
            given = row["preferredGivenName"] or row["givenName"]
            work.people[key] = _Person(
                row.file,
                row.line,
                cells.fit(row, "givenName", given, 60, odd),
                cells.fit(row, "familyName", row["familyName"], 60, odd),
                cells.email_of(row, "email", odd) if role != PUPIL else "",
                {role} if role else set(),
                folded(row["enabledUser"]) not in ("false", "0", "no", "n"),
                tuple(cells.ids_in(row["agentSourcedIds"])),
            )
    if not work.people and not work.into.gone and not work.into.delta:
        raise refused("There is nobody in it. Export people, classes and enrolments, and try again.")


def _read_roles(work: _Work) -> None:
    for table in work.of("roles"):
        for row in table.rows():
            person = work.people.get(row["userSourcedId"])
            if person is None:
                if row["userSourcedId"] not in work.into.gone:
                    words = "This role belongs to nobody: users.csv has no such ID."
                    work.odd.refuse(row.file, row.line, "userSourcedId", words)
                continue
            role = cells.role_of(row, "role", work.odd)
            if role and not cells.is_gone(row, work.odd):
                person.roles.add(role)


def _read_classes(work: _Work) -> None:
    odd = work.odd
    for table in work.of("classes"):
        for row in table.rows():
            key = _id(row, "sourcedId", odd)
            if not key:
                continue
            if key in work.into.classes or key in work.into.closed:
                odd.refuse(
                    row.file, row.line, "sourcedId", "This ID was there already, and the first row counts."
                )
                continue
            cells.day_of(row, "dateLastModified", odd)
            if cells.is_gone(row, odd):
                work.into.closed.add(key)
                continue
            if not row["title"]:
                odd.refuse(row.file, row.line, "title", "The class has no name. Give it one.")
                continue
            work.into.classes[key] = ClassIn(
                key,
                cells.fit(row, "title", row["title"], 60, odd),
                cells.year_of(row["grades"], row["title"]),
                folded(row["classType"]) in ("homeroom", "registration", "registrationgroup", "form"),
                (row.file, row.line),
            )


def _read_enrollments(work: _Work, today: date) -> None:
    odd = work.odd
    for table in work.of("enrollments"):
        for row in table.rows():
            who, where = row["userSourcedId"], row["classSourcedId"]
            known = who in work.people or who in work.into.gone or work.into.delta
            if not known:
                odd.refuse(
                    row.file, row.line, "userSourcedId", "This ID is nobody's: users.csv does not have it."
                )
                continue
            if where not in work.into.classes and not work.into.delta:
                if where not in work.into.closed:
                    words = "This class is not there: classes.csv does not have it."
                    odd.refuse(row.file, row.line, "classSourcedId", words)
                continue
            cells.day_of(row, "beginDate", odd)
            until = cells.day_of(row, "endDate", odd)
            role = cells.role_of(row, "role", odd)
            if cells.is_gone(row, odd):
                work.left_class.add((who, where))
                continue
            person = work.people.get(who)
            if person is not None and not person.roles and role in (PUPIL, TEACHER, SUPPORT):
                person.roles.add(role)
                words = "This person has no role in users.csv or roles.csv. The one of the class was taken."
                odd.note(row.file, row.line, "role", words)
            there = work.into.classes.get(where)
            worth = 4 * (there is None or there.homeroom) + 2 * (until is None or until >= today)
            worth += folded(row["primary"]) in ("true", "1", "yes")
            work.enrolled[who].append((worth, where, role))


def _read_links(work: _Work) -> None:
    odd = work.odd
    for table in work.of("relationships"):
        for row in table.rows():
            ends = []
            for column in ("userSourcedId", "relationshipUserSourcedId"):
                key = row[column] if row[column] in work.people else row[column].lower()
                if key in work.people:
                    ends.append(key)
                elif row[column] not in work.into.gone:
                    words = "This ID is nobody's: users.csv does not have it."
                    odd.refuse(row.file, row.line, column, words)
                    break
            if len(ends) == 2 and not cells.is_gone(row, odd):
                work.links.append((ends[0], ends[1], row))
    _read_agents(work)


def _read_agents(work: _Work) -> None:
    """The links that stand in users.csv, at the child, at the adult, or at both."""
    odd = work.odd
    for key, person in work.people.items():
        row = Row(person.file, person.line, {})
        for agent in person.agents:
            if agent in work.people:
                work.links.append((key, agent, row))
            elif agent not in work.into.gone and not work.into.delta:
                words = f"“{cells.short(agent)}” is nobody's ID. The link was left out."
                odd.note(row.file, row.line, "agentSourcedIds", words)


def _put_together(work: _Work) -> None:
    for one, other, _ in work.links:
        # Somebody of no role who is linked to a child is of their family.
        for child, adult in ((one, other), (other, one)):
            a, b = work.people.get(child), work.people.get(adult)
            if a is not None and b is not None and PUPIL in a.roles and not b.roles:
                b.roles.add(GUARDIAN)
    homerooms = any(each.homeroom for each in work.into.classes.values())
    if work.into.classes and not homerooms:
        words = "No class here is a homeroom. Each child is in the first of their classes, by name."
        work.odd.note("classes.csv", 0, "classType", words)
    work.into.seen = set(work.people)
    for key, person in work.people.items():
        _place(work, key, person)
    _link(work)
    _leave_out_classes(work)
    for key, places in work.enrolled.items():
        if work.into.delta and key not in work.people and key not in work.into.gone:
            best = max(places)
            if best[2] in (PUPIL, ""):
                work.into.moved[key] = best[1]
    if not work.into.pupils and not work.into.delta:
        raise refused("There is no child in it. Look whether the role of pupils is “student”.")


def _place(work: _Work, key: str, person: _Person) -> None:
    odd, into, at = work.odd, work.into, (person.file, person.line)
    if not person.roles:
        odd.refuse(*at, "role", "This person has no role that is known here, and was left out.")
        return
    if PUPIL in person.roles:
        if not person.first:
            odd.refuse(*at, "givenName", "The child's first name is missing.")
            return
        place = _class_of(work, key)
        if not place and not into.delta:
            odd.refuse(*at, "sourcedId", "This child is in no class. Enrol them in one.")
            return
        if not person.last:
            odd.note(*at, "familyName", "The last name is missing.")
        into.pupils[key] = PupilIn(key, person.first, person.last, at, place)
        return
    name = f"{person.first} {person.last}".strip()
    if GUARDIAN in person.roles:
        into.says_adults = True
        if not name:
            odd.refuse(*at, "givenName", "This adult has no name.")
        else:
            into.adults[key] = AdultIn(key, name, person.email, at)
    kind = TEACHER if TEACHER in person.roles else SUPPORT if SUPPORT in person.roles else ""
    if kind:
        _staff(work, key, person, name, kind)
    elif LISTED in person.roles and GUARDIAN not in person.roles:
        words = "Administrators get no account by an import. Make one by hand if they need it."
        odd.note(*at, "role", words)


def _staff(work: _Work, key: str, person: _Person, name: str, kind: str) -> None:
    odd, at = work.odd, (person.file, person.line)
    work.into.says_staff = True
    if not person.enabled:
        work.into.gone.add(key)
    elif not name:
        odd.refuse(*at, "givenName", "This member of staff has no name.")
    elif not person.email:
        words = "Without an e-mail address a member of staff cannot have an account. Add it."
        odd.refuse(*at, "email", words)
    else:
        classes = {where for _, where, role in work.enrolled.get(key, ()) if role != PUPIL}
        work.into.staff[key] = StaffIn(key, name, person.email, STAFF_ROLES[kind], at, classes)


def _class_of(work: _Work, key: str) -> str:
    places = work.enrolled.get(key)
    if not places:
        return ""
    names = {where: each.name if (each := work.into.classes.get(where)) else "" for _, where, _ in places}
    return min(places, key=lambda each: (-each[0], names[each[1]].casefold(), each[1]))[1]


def _link(work: _Work) -> None:
    into, odd = work.into, work.odd
    staff: Counter[str] = Counter()
    for one, other, row in work.links:
        child, adult = (one, other) if one in into.pupils else (other, one)
        if child in into.pupils and adult in into.adults:
            into.pupils[child].adults.add(adult)
        elif child in into.pupils and adult in into.pupils:
            odd.note(row.file, row.line, "agentSourcedIds", "Two children are linked. The link was left out.")
        elif child in into.pupils and adult in work.people:
            staff[row.file] += 1
            if work.people[adult].roles & {TEACHER, SUPPORT, LISTED}:
                words = "The child is linked to staff, which makes no family. The link was left out."
                odd.note(row.file, row.line, "agentSourcedIds", words)
    linked = {adult for child in into.pupils.values() for adult in child.adults}
    meant = {key for one, other, _ in work.links for key in (one, other)}
    for key in [key for key in into.adults if key not in linked and not into.delta]:
        alone = into.adults.pop(key)
        if key in meant:
            odd.note(*alone.at, "agentSourcedIds", "This adult is linked to nobody whose row could be used.")
        else:
            words = "This adult is linked to no child here. Link them to theirs."
            odd.refuse(*alone.at, "agentSourcedIds", words)


def _leave_out_classes(work: _Work) -> None:
    """Only classes with a child in them become ours; sets for a subject stay with the school's own system."""
    into = work.into
    used = {child.class_id for child in into.pupils.values()}
    if into.delta:
        return
    for key in [key for key in into.classes if key not in used]:
        left = into.classes.pop(key)
        words = "No child is in this class first of all, so that it was left out."
        work.odd.note(*left.at, "title", words)
    for each in into.staff.values():
        each.classes &= set(into.classes)
