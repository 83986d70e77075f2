"""OneRoster 1.1 and 1.2, and School Data Sync: the same people, classes and links, under other names.

After 1EdTech's OneRoster CSV tables (final release 1.1, 1.2) and Microsoft's SDS V1 and V2.1 file formats.
What says something of people is read before the people are, so that each of them is put down once, with class
and role; what leads nowhere is told of at the end.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from circletime.people.roster import cells, settling
from circletime.people.roster.bulk import batches
from circletime.people.roster.cells import GUARDIAN, LISTED, PUPIL, SUPPORT, TEACHER
from circletime.people.roster.models import RosterTie
from circletime.people.roster.odd import Oddities
from circletime.people.roster.reading import refused
from circletime.people.roster.rules import PEOPLE, Kind, Tie, Verb
from circletime.people.roster.staging import LONGEST_ID, Stage, key_of
from circletime.people.roster.tables import Row, Table
from circletime.people.rules import Role, folded

STAFF_ROLES = {TEACHER: Role.TEACHER, SUPPORT: Role.SUPPORT}

Tables = dict[str, list[Table]]


def read(tables: list[Table], stage: Stage, today: date) -> None:
    """Put down the roster that these tables are. Raises `Refused` where they are none."""
    by_kind: Tables = defaultdict(list)
    for table in tables:
        by_kind[table.kind.name].append(table)
    stage.delta = _is_delta(by_kind)
    for name, what in (("users", "people"), ("classes", "classes"), ("enrollments", "who is in which class")):
        if not by_kind[name] and not (name != "users" and stage.delta):
            raise refused(f"There is no {name}.csv, which says {what}. Export it as well.")
    if not by_kind["manifest"] and any("agentSourcedIds" in t.places.values() for t in by_kind["users"]):
        stage.odd.note(
            "manifest.csv", 0, "", "There is no manifest.csv. This was taken to be the whole roster."
        )
    _read_classes(by_kind, stage)
    _read_roles(by_kind, stage)
    _read_enrollments(by_kind, stage, today)
    _read_relationships(by_kind, stage)
    _read_people(by_kind, stage)
    if not stage.delta and not stage.every(*PEOPLE).exists():
        raise refused("There is nobody in it. Export people, classes and enrolments, and try again.")
    settling.settle(stage)
    if not stage.delta and not stage.used(Kind.PUPIL).exists():
        raise refused("There is no child in it. Look whether the role of pupils is “student”.")


def _is_delta(tables: Tables) -> bool:
    said = {folded(r["propertyName"]): folded(r["value"]) for t in tables["manifest"] for r in t.rows()}
    return said.get("fileusers") == "delta" or said.get("fileenrollments") == "delta"


def _rows(tables: Tables, kind: str) -> Iterator[list[Row]]:
    for table in tables[kind]:
        yield from batches(table.rows())


def _id(row: Row, column: str, odd: Oddities) -> str:
    said = row[column]
    if not said:
        odd.refuse(row.file, row.line, column, "The ID is missing. Every row needs one.")
    elif len(said) > LONGEST_ID:
        odd.refuse(row.file, row.line, column, f"This ID is longer than {LONGEST_ID} characters.")
        return ""
    return said


def _read_classes(tables: Tables, stage: Stage) -> None:
    for some in _rows(tables, "classes"):
        there = stage.every(Kind.CLASS, Kind.CLOSED).filter(source_id__in=[row["sourcedId"] for row in some])
        known = set(there.values_list("source_id", flat=True))
        for row in some:
            key = _id(row, "sourcedId", stage.odd)
            if key in known:
                words = "This ID was there already, and the first row counts."
                stage.odd.refuse(*row.at, "sourcedId", words)
            elif key and _class(row, key, stage):
                known.add(key)
        stage.flush()


def _class(row: Row, key: str, stage: Stage) -> bool:
    odd = stage.odd
    cells.day_of(row, "dateLastModified", odd)
    if cells.is_gone(row, odd):
        stage.put(Kind.CLOSED, key, row.at)
        return True
    if not row["title"]:
        odd.refuse(*row.at, "title", "The class has no name. Give it one.")
        return False
    name = cells.fit(row, "title", row["title"], 60, odd)
    year = cells.year_of(row["grades"], row["title"])
    stage.put(
        Kind.CLASS,
        key,
        row.at,
        name,
        said={"name": name, "here": True} | ({} if year is None else {"year": year}),
        match=key_of(folded(name)),
        homeroom=folded(row["classType"]) in ("homeroom", "registration", "registrationgroup", "form"),
    )
    return True


def _read_roles(tables: Tables, stage: Stage) -> None:
    for some in _rows(tables, "roles"):
        for row in some:
            role = cells.role_of(row, "role", stage.odd)
            if role and not cells.is_gone(row, stage.odd):
                stage.tie(Tie.ROLE, row["userSourcedId"], "", row.at, "userSourcedId", role=role)
        stage.flush()


def _read_enrollments(tables: Tables, stage: Stage, today: date) -> None:
    for some in _rows(tables, "enrollments"):
        there = stage.every(Kind.CLASS, Kind.CLOSED).filter(
            source_id__in=[row["classSourcedId"] for row in some]
        )
        classes = {each.source_id: (each.kind, each.homeroom) for each in there}
        for row in some:
            _enrollment(row, stage, today, *classes.get(row["classSourcedId"], ("", True)))
        stage.flush()


def _enrollment(row: Row, stage: Stage, today: date, kind: str, homeroom: bool) -> None:
    odd = stage.odd
    if kind != Kind.CLASS and not stage.delta:
        if kind != Kind.CLOSED:
            words = "This class is not there: classes.csv does not have it."
            odd.refuse(*row.at, "classSourcedId", words)
        return
    cells.day_of(row, "beginDate", odd)
    until = cells.day_of(row, "endDate", odd)
    role = cells.role_of(row, "role", odd)
    if cells.is_gone(row, odd):
        return
    worth = 4 * (kind != Kind.CLASS or homeroom) + 2 * (until is None or until >= today)
    worth += folded(row["primary"]) in ("true", "1", "yes")
    who, where = row["userSourcedId"], row["classSourcedId"]
    stage.tie(Tie.ENROLLED, who, where, row.at, "userSourcedId", worth=worth, role=role)


def _read_relationships(tables: Tables, stage: Stage) -> None:
    # School Data Sync's first format names adults by their address, in whatever letters.
    by_email = any("sourcedId" not in table.places.values() for table in tables["users"])
    for some in _rows(tables, "relationships"):
        for row in some:
            ends = [row["userSourcedId"], row["relationshipUserSourcedId"]]
            one, other = (each.lower() if by_email and "@" in each else each for each in ends)
            if not cells.is_gone(row, stage.odd):
                stage.tie(Tie.RELATION, one, other, row.at, "relationshipUserSourcedId")
        stage.flush()


def _read_people(tables: Tables, stage: Stage) -> None:
    for table in tables["users"]:
        by = "email" if "sourcedId" not in table.places.values() else "sourcedId"
        for some in batches(table.rows()):
            people = _People(stage, by, [row[by] for row in some])
            for row in some:
                people.take(row)
            stage.flush()


class _People:
    """A batch of people, with what was read of them before."""

    def __init__(self, stage: Stage, by: str, said: list[str]) -> None:
        self.stage, self.odd, self.by = stage, stage.odd, by
        keys = [each.lower() for each in said] if by == "email" else said
        there = stage.every(*PEOPLE).filter(source_id__in=keys)
        self.lines: dict[str, int] = dict(there.values_list("source_id", "line"))
        self.roles: dict[str, set[str]] = defaultdict(set)
        self.places: dict[str, list[RosterTie]] = defaultdict(list)
        ties = stage.ties(Tie.ROLE, Tie.ENROLLED).filter(one__in=keys).order_by("pk")
        for tie in ties:
            if tie.sort == Tie.ROLE:
                self.roles[tie.one].add(tie.role)
            else:
                self.places[tie.one].append(tie)
        titles = stage.every(Kind.CLASS).filter(
            source_id__in={tie.other for ties in self.places.values() if len(ties) > 1 for tie in ties}
        )
        self.titles: dict[str, str] = dict(titles.values_list("source_id", "label"))

    def take(self, row: Row) -> None:
        """Put down who this row is of."""
        key = _id(row, self.by, self.odd)
        key = key.lower() if self.by == "email" else key
        if not key:
            return
        if key in self.lines:
            where = f"The first is in line {self.lines[key]}."
            words = f"This ID was there already, and the first row counts. {where}"
            self.odd.refuse(*row.at, self.by, words)
            return
        self.lines[key] = row.line
        cells.day_of(row, "dateLastModified", self.odd)
        if cells.is_gone(row, self.odd):
            self.stage.put(Kind.GONE, key, row.at)
            return
        for agent in cells.ids_in(row["agentSourcedIds"]):
            self.stage.tie(Tie.AGENT, key, agent, row.at, "agentSourcedIds")
        roles = self._roles_of(row, key)
        first = cells.fit(row, "givenName", row["preferredGivenName"] or row["givenName"], 60, self.odd)
        last = cells.fit(row, "familyName", row["familyName"], 60, self.odd)
        if PUPIL in roles:
            self._pupil(row, key, first, last)
        else:
            self._grown_up(row, key, f"{first} {last}".strip(), roles)

    def _roles_of(self, row: Row, key: str) -> set[str]:
        role = cells.role_of(row, "role", self.odd)
        roles = self.roles[key] | ({role} if role else set())
        for tie in () if roles else self.places[key]:
            if tie.role in (PUPIL, TEACHER, SUPPORT):
                words = "This person has no role in users.csv or roles.csv. The one of the class was taken."
                self.odd.note(tie.file, tie.line, "role", words)
                return {tie.role}
        return roles

    def _pupil(self, row: Row, key: str, first: str, last: str) -> None:
        place = self._class_of(key)
        trouble = ("", "")
        if not first:
            trouble = ("givenName", "The child's first name is missing.")
        elif not place and not self.stage.delta:
            trouble = ("sourcedId", "This child is in no class. Enrol them in one.")
        if trouble[1]:
            self.odd.refuse(*row.at, *trouble)
        elif not last:
            self.odd.note(*row.at, "familyName", "The last name is missing.")
        said = {"first_name": first, "last_name": last, "here": True}
        self.stage.put(
            Kind.PUPIL,
            key,
            row.at,
            f"{first} {last}".strip(),
            said=said | ({"class": place} if place else {}),
            place=place,
            match=key_of(place, folded(first), folded(last)),
            verb=Verb.LEFT_OUT if trouble[1] else Verb.UNCHANGED,
        )

    def _class_of(self, key: str) -> str:
        places = self.places[key]
        if not places:
            return ""
        names = self.titles
        best = min(places, key=lambda tie: (-tie.worth, names.get(tie.other, "").casefold(), tie.other))
        return best.other

    def _grown_up(self, row: Row, key: str, name: str, roles: set[str]) -> None:
        email = cells.email_of(row, "email", self.odd)
        if GUARDIAN in roles:
            settling.put_adult(self.stage, key, row.at, name, email)
        kind = TEACHER if TEACHER in roles else SUPPORT if SUPPORT in roles else ""
        if kind:
            self._staff(row, key, name, email, STAFF_ROLES[kind])
        elif LISTED in roles:
            self.stage.put(Kind.LISTED, key, row.at, name)
            if GUARDIAN not in roles:
                words = "Administrators get no account by an import. Make one by hand if they need it."
                self.odd.note(*row.at, "role", words)
        elif not roles:
            said = {"name": name, "email": email}
            self.stage.put(Kind.UNKNOWN, key, row.at, name, said=said)

    def _staff(self, row: Row, key: str, name: str, email: str, role: Role) -> None:
        self.stage.says_staff = True
        if folded(row["enabledUser"]) in ("false", "0", "no", "n"):
            self.stage.put(Kind.GONE, key, row.at)
            return
        if not name:
            self.odd.refuse(*row.at, "givenName", "This member of staff has no name.")
        elif not email:
            words = "Without an e-mail address a member of staff cannot have an account. Add it."
            self.odd.refuse(*row.at, "email", words)
        self.stage.put(
            Kind.STAFF,
            key,
            row.at,
            name,
            said={"name": name, "email": email, "role": str(role), "here": True},
            match=email,
            verb=Verb.UNCHANGED if name and email else Verb.LEFT_OUT,
        )
