"""What an import would do, before anything is written."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from circletime.people.models import Adult, Pupil, RoleGrant, SchoolClass, User
from circletime.people.roster.incoming import Incoming, Place, PupilIn
from circletime.people.roster.marks import deal
from circletime.people.roster.models import RosterSaid
from circletime.people.roster.odd import Oddities
from circletime.people.rules import Role, folded

Words = dict[str, Any]
"""What is said of one of them: field and value, and `here`."""

MANY_LEAVE = 0.25
"""Of the school's children; more than that asks once more."""
FEW = 5
"""Leavers who never do."""
BY_HAND = frozenset({Role.OFFICE, Role.SLT, Role.HEADTEACHER, Role.DSL, Role.GOVERNOR})
"""Whose account no import closes."""

LABELS = {
    "name": "Name",
    "year": "Year",
    "first_name": "First name",
    "last_name": "Last name",
    "class": "Class",
    "email": "E-mail",
    "mark": "Mark",
    "adults": "Adults",
    "classes": "Classes",
    "role": "Role",
    "here": "Here",
}


@dataclass
class Step:
    """One class, child, adult or member of staff, and what becomes of them."""

    kind: str
    id: str
    label: str
    pk: int | None
    said: Words
    """What is remembered as said."""
    write: Words = field(default_factory=dict)
    """What is written."""
    details: list[tuple[str, str, str]] = field(default_factory=list)
    """Field, before, after, in words."""
    heard: Words | None = None
    """What was said last."""

    @property
    def verb(self) -> str:
        if self.pk is None:
            return "added"
        if self.write.get("here") is False:
            return "leaving"
        return "changed" if self.write else "unchanged"


@dataclass
class Plan:
    """Everything an import would do."""

    incoming: Incoming
    steps: list[Step]
    here_before: int
    """Children at the school as it is."""

    @property
    def odd(self) -> Oddities:
        return self.incoming.odd

    def of(self, kind: str) -> Iterator[Step]:
        return (each for each in self.steps if each.kind == kind)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, as the last line of the command has it, and the leavers."""
        found = dict.fromkeys(("added", "changed", "unchanged", "leaving"), 0)
        for each in self.steps:
            found[each.verb] += 1
        return found | {"refused": self.odd.refused}

    @property
    def pupils_leaving(self) -> int:
        return sum(each.kind == "pupil" and each.verb == "leaving" for each in self.steps)

    @property
    def asks_again(self) -> bool:
        """Whether so many children leave that it may be the wrong file."""
        return self.pupils_leaving > max(FEW, MANY_LEAVE * self.here_before)

    @property
    def fingerprint(self) -> str:
        """The same for two plans that do the same."""
        found = hashlib.sha256()
        for each in self.steps:
            if each.verb != "unchanged":
                found.update(repr((each.kind, each.id, each.pk, sorted(each.write.items()))).encode())
        return found.hexdigest()


@dataclass
class _Known:
    """What stands in the database of one kind, by the school's own ID and, where made by hand, by a key."""

    rows: dict[str, Words]
    by_hand: dict[Any, Words]


def make(incoming: Incoming) -> Plan:
    """Compare what was said with what stands. Reads the database and writes nothing."""
    return _Maker(incoming).make()


class _Maker:
    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming
        self.steps: list[Step] = []
        self.heard: dict[tuple[str, str], tuple[str, Words]] = {
            (kind, key): (source, words)
            for kind, key, source, words in RosterSaid.objects.values_list(
                "kind", "source_id", "source", "words"
            ).iterator()
        }

    def make(self) -> Plan:
        here = Pupil.objects.filter(left_at=None).count()
        self._classes()
        self._people_in_classes()
        self._staff()
        self._adults()
        self._pupils()
        self._leavers()
        self._close_classes()
        self._marks()
        order = {"class": 0, "staff": 1, "adult": 2, "pupil": 3}
        self.steps.sort(key=lambda each: order[each.kind])
        return Plan(self.incoming, self.steps, here)

    def _last(self, kind: str, key: str) -> Words | None:
        found = self.heard.get((kind, key))
        return found[1] if found else None

    def _step(self, kind: str, key: str, label: str, row: Words | None, said: Words) -> Step:
        """What is written: all of somebody new; else what was said anew and is not so already."""
        last = self._last(kind, key)
        said = said | {"here": True}
        step = Step(kind, key, label, row["pk"] if row else None, said, heard=last)
        if row is None:
            step.write = dict(said)
        else:
            for name, value in said.items():
                if last is not None and last.get(name) == value:
                    continue
                if row.get(name) != value:
                    step.write[name] = value
                    step.details.append((LABELS[name], _say(row.get(name)), _say(value)))
            if row.get("source_id") != key:
                step.write["source_id"] = key
        self.steps.append(step)
        return step

    def _classes(self) -> None:
        rows: dict[str, Words] = {}
        by_hand: dict[str, Words] = {}
        found: Any = SchoolClass.objects.values("pk", "source_id", "name", "year", "closed_at")
        for row in found:
            row["here"] = row.pop("closed_at") is None
            if row["source_id"]:
                rows[row["source_id"]] = row
            elif row["here"]:
                by_hand[folded(row["name"])] = row
        self.class_rows = rows
        self.class_by_pk = {row["pk"]: row for row in (*rows.values(), *by_hand.values())}
        self.class_key: dict[int, str] = {row["pk"]: key for key, row in rows.items()}
        names: set[str] = set()
        for each in self.incoming.classes.values():
            name = each.name
            row = rows.get(each.id) or by_hand.pop(folded(name), None)
            number = 2
            while folded(name) in names:
                name = f"{each.name[:54]} ({number})"
                number += 1
            if name != each.name:
                words = f"Another class has this name. This one is “{name}” here."
                self.incoming.odd.note(*each.at, "title", words)
            names.add(folded(name))
            said: Words = {"name": name}
            if each.year is not None:
                said["year"] = each.year
            self._step("class", each.id, name, row, said)
            if row:
                self.class_key[row["pk"]] = each.id
        self.class_names = {step.id: step.label for step in self.steps}
        self.class_names |= {key: row["name"] for key, row in rows.items() if key not in self.class_names}

    def _people_in_classes(self) -> None:
        self.in_class: dict[int, set[str]] = defaultdict(set)
        through = SchoolClass.staff.through.objects.values_list("user_id", "schoolclass_id")
        for user, school_class in through:
            if school_class in self.class_key:
                self.in_class[user].add(self.class_key[school_class])

    def _staff(self) -> None:
        fields = ("pk", "source_id", "name", "email", "is_active")
        users: dict[int, Words] = {row["pk"]: dict(row) for row in User.objects.values(*fields)}
        self.grants: dict[int, set[str]] = defaultdict(set)
        for user, role in RoleGrant.objects.values_list("user_id", "role"):
            self.grants[user].add(role)
        by_id = {row["source_id"]: row for row in users.values() if row["source_id"]}
        by_mail = {row["email"]: row for row in users.values()}
        self.staff_rows = by_id
        used: set[str] = set()
        for each in self.incoming.staff.values():
            row = by_id.get(each.id) or by_mail.get(each.email)
            owner = by_mail.get(each.email)
            if each.email in used or (owner is not None and row is not owner):
                words = "Somebody else has this e-mail address already. Give each their own."
                self.incoming.odd.refuse(*each.at, "email", words)
                continue
            used.add(each.email)
            said = {"name": each.name, "email": each.email, "role": str(each.role)}
            said["classes"] = sorted(each.classes)  # type: ignore[assignment]
            if self.incoming.delta and not each.classes:
                del said["classes"]
            if row is not None:
                held = self.grants[row["pk"]]
                row["role"] = str(each.role) if each.role in held else ""
                row["classes"] = sorted(self.in_class[row["pk"]])
                row["here"] = row["is_active"]
                if row["source_id"] != each.id:
                    # Their own account, made by hand: it keeps its name, and stays closed if it was closed.
                    row |= {"name": each.name, "here": True}
                    said["classes"] = sorted({*row["classes"], *each.classes})  # type: ignore[assignment]
            self._step("staff", each.id, each.name, row, said)

    def _adults(self) -> None:
        rows: dict[str, Words] = {}
        by_mail: dict[str, Words] = {}
        found: Any = Adult.objects.values("pk", "source_id", "name", "email", "left_at").iterator()
        for row in found:
            row["here"] = row.pop("left_at") is None
            if row["source_id"]:
                rows[row["source_id"]] = row
            elif row["email"]:
                by_mail[row["email"].lower()] = row
        self.adult_rows = rows
        self.adult_names = {key: row["name"] for key, row in rows.items()}
        for each in self.incoming.adults.values():
            known = rows.get(each.id) or (by_mail.pop(each.email, None) if each.email else None)
            said = {"name": each.name, "email": each.email}
            if known is not None and known["source_id"] != each.id:
                known["name"] = each.name
            self._step("adult", each.id, each.name, known, said)
            self.adult_names[each.id] = each.name

    def _pupils(self) -> None:
        rows: dict[str, Words] = {}
        by_hand: dict[tuple[str, str, str], Words] = {}
        fields = ("pk", "source_id", "first_name", "last_name", "mark", "school_class_id", "left_at")
        self.pupil_rows: list[Words] = []
        found: Any = Pupil.objects.values(*fields).order_by("pk").iterator()
        for row in found:
            row["here"] = row.pop("left_at") is None
            row["class"] = self.class_key.get(row["school_class_id"], "")
            self.pupil_rows.append(row)
            if row["source_id"]:
                rows[row["source_id"]] = row
            elif row["here"]:
                by_hand[row["class"], folded(row["first_name"]), folded(row["last_name"])] = row
        self.by_id = rows
        for each in self.incoming.pupils.values():
            key = (each.class_id, folded(each.first_name), folded(each.last_name))
            self._pupil(each, rows.get(each.id) or by_hand.pop(key, None))
        for moved, where in self.incoming.moved.items():
            if moved in rows and self._known_class(where, ("enrollments.csv", 0)):
                self._move(moved, rows[moved], where)

    def _pupil(self, each: PupilIn, row: Words | None) -> None:
        if row is None and not each.class_id:
            words = "This child is new and in no class. Enrol them in one."
            self.incoming.odd.refuse(*each.at, "sourcedId", words)
            return
        if self._another_child(each.id, row, each.first_name, each.last_name, each.at):
            return
        said: Words = {"first_name": each.first_name, "last_name": each.last_name}
        if each.class_id:
            said["class"] = self._known_class(each.class_id, each.at)
            if not said["class"]:
                return
        step = self._step("pupil", each.id, f"{each.first_name} {each.last_name}".strip(), row, said)
        self._family(step, each.adults)

    def _move(self, key: str, row: Words, where: str) -> None:
        """Only the class changed: everything else was said before."""
        last = self._last("pupil", key) or {}
        said = {name: last.get(name, row[name]) for name in ("first_name", "last_name")}
        step = self._step(
            "pupil", key, f"{row['first_name']} {row['last_name']}", row, said | {"class": where}
        )
        if "adults" in last:
            step.said["adults"] = last["adults"]

    def _another_child(self, key: str, row: Words | None, first: str, last: str, at: Place) -> bool:
        same = (
            row is None
            or folded(row["first_name"]) == folded(first)
            or folded(row["last_name"]) == folded(last)
        )
        if same:
            return False
        heard = self._last("pupil", key)
        if heard and (heard["first_name"], heard["last_name"]) == (first, last):
            return False
        words = "This ID belongs to a child of quite another name here. Is the file of another system?"
        self.incoming.odd.refuse(*at, "sourcedId", words)
        return True

    def _known_class(self, key: str, at: Place) -> str:
        if key in self.incoming.classes or key in self.class_rows:
            return key
        self.incoming.odd.refuse(*at, "classSourcedId", "This class is not known here.")
        return ""

    def _family(self, step: Step, adults: set[str]) -> None:
        """The adults of a child, where the export says anything of families."""
        last = set((step.heard or {}).get("adults", ()))
        now = set(adults)
        if self.incoming.delta:
            now = (now or last) - self.incoming.gone
        elif not self.incoming.says_adults:
            now = last
        step.said["adults"] = sorted(now)
        if now != last:
            step.write["adults"] = sorted(now)
            if step.pk is not None:
                before, after = (
                    ", ".join(sorted(self.adult_names.get(k, "?") for k in each)) for each in (last, now)
                )
                step.details.append((LABELS["adults"], before, after))

    def _leavers(self) -> None:
        said = {(each.kind, each.id) for each in self.steps}
        rows = {"pupil": self.by_id, "adult": self.adult_rows, "staff": self.staff_rows}
        speaks = {"pupil": True, "adult": self.incoming.says_adults, "staff": self.incoming.says_staff}
        for (kind, key), (source, words) in self.heard.items():
            row = rows.get(kind, {}).get(key)
            if row is None or source != self.incoming.source or (kind, key) in said or not words.get("here"):
                continue
            gone = key in self.incoming.gone
            if not gone and (self.incoming.delta or not speaks[kind] or key in self.incoming.seen):
                continue
            if kind == "staff" and self.grants[row["pk"]] & {str(role) for role in BY_HAND}:
                words_ = (
                    f"{row['name']} has left by this file, and holds a role that only a person takes away."
                )
                self.incoming.odd.note("users.csv", 0, "", words_)
                continue
            name = row.get("name") or f"{row['first_name']} {row['last_name']}"
            step = Step(kind, key, name, row["pk"], words | {"here": False}, heard=words)
            here = row["is_active"] if kind == "staff" else row["here"]
            if here:
                step.write["here"] = False
            self.steps.append(step)

    def _close_classes(self) -> None:
        staying: set[str] = {
            str(each.write.get("class", row["class"]))
            for each in self.steps
            if each.kind == "pupil" and (row := self.by_id.get(each.id)) and each.verb != "leaving"
        }
        told = {each.pk for each in self.steps if each.kind == "pupil"}
        staying |= {row["class"] for row in self.pupil_rows if row["here"] and row["pk"] not in told}
        for (kind, key), (source, words) in self.heard.items():
            if kind != "class" or source != self.incoming.source or key in self.incoming.classes:
                continue
            gone = key in self.incoming.closed or not self.incoming.delta
            row = self.class_rows.get(key)
            if row is None or not gone or not words.get("here") or not row["here"]:
                continue
            if key in staying:
                words_ = f"{row['name']} is not in it any more, but children are. The class stays open."
                self.incoming.odd.note("classes.csv", 0, "", words_)
                continue
            step = Step("class", key, row["name"], row["pk"], words | {"here": False}, heard=words)
            step.write["here"] = False
            self.steps.append(step)

    def _marks(self) -> None:
        """Marks for children of one first name in one class, as it will be. Who has one keeps it."""
        told = {each.pk: each for each in self.steps if each.kind == "pupil" and each.pk is not None}
        after: dict[tuple[Any, str], list[tuple[str, Step | None, Words]]] = defaultdict(list)
        for row in self.pupil_rows:
            step = told.get(row["pk"])
            write = step.write if step else {}
            if not write.get("here", row["here"]):
                continue
            where = write.get("class", row["class"]) or row["school_class_id"]
            first = folded(str(write.get("first_name", row["first_name"])))
            after[where, first].append((row["mark"], step, row))
        for each in self.steps:
            if each.kind == "pupil" and each.pk is None:
                after[each.said["class"], folded(each.said["first_name"])].append(("", each, {}))
        for children in after.values():
            dealt = deal(mark for mark, _, _ in children)
            for (held, step, row), mark in zip(children, dealt, strict=True):
                if mark == held:
                    continue
                if step is None:
                    name = f"{row['first_name']} {row['last_name']}"
                    step = Step("pupil", row["source_id"], name, row["pk"], {}, heard=None)
                    self.steps.append(step)
                step.write["mark"] = mark
                if step.pk is not None:
                    step.details.append((LABELS["mark"], held, mark))


def _say(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        ", ".join(str(each) for each in value)
        if isinstance(value, list)
        else str(value if value is not None else "")
    )
