"""What an import would do, put down beside what the file says; nothing of the school is written.

A field is written where the file says something else of it than the source said last, and it is not so yet.
"""

import hashlib
from collections import defaultdict
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from circletime.people.models import Adult, Pupil, RoleGrant, SchoolClass, User
from circletime.people.roster import leavers, lookups, marks, matching, settling
from circletime.people.roster.bulk import by_key
from circletime.people.roster.models import RosterSaid, RosterStaged
from circletime.people.roster.rules import PLANNED, Kind, Verb, asks_again
from circletime.people.roster.staging import Stage, key_of
from circletime.people.rules import folded

Words = dict[str, Any]
"""Field and value, and `here`."""

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


def make(stage: Stage) -> None:
    """Compare what was read with what stands, and put down in the import what it comes to."""
    matching.find(stage)
    _part_names(stage)
    _classes(stage)
    _staff(stage)
    _adults(stage)
    _refuse_pupils(stage)
    _pupils(stage)
    stage.used(Kind.CLASS, Kind.ADULT, Kind.PUPIL).filter(about=None).update(verb=Verb.ADDED)
    leavers.find(stage)
    leavers.close_classes(stage)
    marks.give(stage)
    stage.odd.flush()
    _sum_up(stage)


def compare(row: RosterStaged, stands: Words, last: RosterSaid | None, classes: dict[str, str]) -> None:
    """Put down in `row` what is written of somebody who is there; `classes` are names by IDs."""
    heard = last.words if last is not None else {}
    for name, value in row.said.items():
        if (name in heard and heard[name] == value) or stands.get(name) == value:
            continue
        row.write[name] = value
        names = classes if name in ("class", "classes") else {}
        row.details.append([LABELS[name], _say(stands.get(name), names), _say(value, names)])
    if stands["source_id"] != row.source_id:
        row.write["source_id"] = row.source_id
    row.verb = Verb.CHANGED if row.write else Verb.UNCHANGED


def _say(value: Any, names: dict[str, str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(names.get(str(each), str(each)) for each in value)
    said = "" if value is None else str(value)
    return names.get(said, said)


def _save_changed(stage: Stage, rows: list[RosterStaged]) -> None:
    stage.save([row for row in rows if row.verb == Verb.CHANGED])


def _part_names(stage: Stage) -> None:
    """No two classes of the school have one name."""
    classes = stage.used(Kind.CLASS)
    before = classes.filter(match=OuterRef("match"), pk__lt=OuterRef("pk"))
    numbers: dict[str, int] = defaultdict(lambda: 2)
    for some in by_key(classes.filter(Exists(before))):
        for row in some:
            called, match = row.label, row.match
            while classes.filter(match=row.match).exists():
                row.label = f"{called[:54]} ({numbers[match]})"
                row.match = key_of(folded(row.label))
                numbers[match] += 1
            words = f"Another class has this name. This one is “{row.label}” here."
            stage.odd.note(row.file, row.line, "title", words)
            row.said["name"] = row.label
            stage.save([row])


def _classes(stage: Stage) -> None:
    for some in by_key(stage.used(Kind.CLASS).exclude(about=None)):
        last = lookups.heard(Kind.CLASS, [row.source_id for row in some])
        there = SchoolClass.objects.in_bulk([row.about for row in some])
        for row in some:
            found = there[row.about or 0]
            stands = {
                "name": found.name,
                "year": found.year,
                "here": found.closed_at is None,
                "source_id": found.source_id,
            }
            compare(row, stands, last.get(row.source_id), {})
        _save_changed(stage, some)


def _staff(stage: Stage) -> None:
    for some in by_key(stage.used(Kind.STAFF)):
        _Staff(stage, some).compare()


class _Staff:
    """A batch of staff, and the accounts they may be."""

    def __init__(self, stage: Stage, rows: list[RosterStaged]) -> None:
        self.stage, self.rows = stage, rows
        keys, mails = [row.source_id for row in rows], [row.match for row in rows]
        users = list(User.objects.filter(Q(source_id__in=keys) | Q(email__in=mails)))
        self.by_id = {user.source_id: user for user in users if user.source_id}
        self.by_mail = {user.email: user for user in users}
        pks = [user.pk for user in users]
        self.roles: dict[int, set[str]] = defaultdict(set)
        for pk, role in RoleGrant.objects.filter(user__in=pks).values_list("user_id", "role"):
            self.roles[pk].add(role)
        through = SchoolClass.staff.through.objects.filter(user__in=pks)
        pairs = list(through.values_list("user_id", "schoolclass_id"))
        class_keys = lookups.class_keys(stage, {school_class for _, school_class in pairs})
        self.in_class: dict[int, list[str]] = defaultdict(list)
        for pk, school_class in pairs:
            if school_class in class_keys:
                self.in_class[pk].append(class_keys[school_class])
        self.last = lookups.heard(Kind.STAFF, keys)
        self.classes = lookups.classes_of(stage, keys)
        self.names = lookups.class_names(
            stage, {key for each in (*self.in_class.values(), *self.classes.values()) for key in each}
        )
        earlier = stage.used(Kind.STAFF).filter(match__in=mails, pk__lt=rows[0].pk)
        self.taken = set(earlier.values_list("match", flat=True))

    def compare(self) -> None:
        out = []
        for row in self.rows:
            user, owner = self.by_id.get(row.source_id), self.by_mail.get(row.match)
            user = user or owner
            if row.match in self.taken or (owner is not None and user is not owner):
                words = "Somebody else has this e-mail address already. Give each their own."
                self.stage.odd.refuse(row.file, row.line, "email", words)
                out.append(row)
                continue
            self.taken.add(row.match)
            classes = self.classes.get(row.source_id, [])
            if classes or not self.stage.delta:
                row.said["classes"] = classes
            if user is None:
                row.verb = Verb.ADDED
            else:
                row.about = user.pk
                self._one(row, user)
        self.stage.save(self.rows)
        self.stage.leave_out(out)

    def _one(self, row: RosterStaged, user: User) -> None:
        role, classes = row.said["role"], sorted(self.in_class[user.pk])
        stands: Words = {
            "name": user.name,
            "email": user.email,
            "role": role if role in self.roles[user.pk] else "",
            "classes": classes,
            "here": user.is_active,
            "source_id": user.source_id,
        }
        if user.source_id != row.source_id:
            # Their own account, made by hand: it keeps its name, and stays closed if it was closed.
            stands |= {"name": row.said["name"], "here": True}
            row.said["classes"] = sorted({*classes, *self.classes.get(row.source_id, [])})
        compare(row, stands, self.last.get(row.source_id), self.names)


def _adults(stage: Stage) -> None:
    for some in by_key(stage.used(Kind.ADULT).exclude(about=None)):
        last = lookups.heard(Kind.ADULT, [row.source_id for row in some])
        there = Adult.objects.in_bulk([row.about for row in some])
        for row in some:
            found = there[row.about or 0]
            stands = {
                "name": found.name,
                "email": found.email,
                "here": found.left_at is None,
                "source_id": found.source_id,
            }
            if found.source_id != row.source_id:
                stands["name"] = row.said["name"]
            compare(row, stands, last.get(row.source_id), {})
        _save_changed(stage, some)


def _refuse_pupils(stage: Stage) -> None:
    """Children who have no place here, before they are looked at one by one."""
    pupils = stage.used(Kind.PUPIL)
    for some in by_key(pupils.filter(about=None, label="")):  # of whom a delta says only the class
        stage.leave_out(some)
    known = SchoolClass.objects.filter(source_id=OuterRef("place"))
    lost = pupils.exclude(place="").exclude(settling.linked(stage.used(Kind.CLASS), "place"))
    new = pupils.filter(about=None, place="")
    for found, column, words in (
        (new, "sourcedId", "This child is new and in no class. Enrol them in one."),
        (lost.exclude(Exists(known)), "classSourcedId", "This class is not known here."),
    ):
        for some in by_key(found):
            for row in some:
                stage.odd.refuse(row.file, row.line, column, words)
            stage.leave_out(some)


def _pupils(stage: Stage) -> None:
    for some in by_key(stage.used(Kind.PUPIL).exclude(about=None)):
        _Pupils(stage, some).compare()


class _Pupils:
    """A batch of children who are here already, or were."""

    def __init__(self, stage: Stage, rows: list[RosterStaged]) -> None:
        self.stage, self.rows = stage, rows
        keys = [row.source_id for row in rows]
        self.last = lookups.heard(Kind.PUPIL, keys)
        self.there = Pupil.objects.in_bulk([row.about for row in rows])
        self.class_keys = lookups.class_keys(stage, {each.school_class_id for each in self.there.values()})
        self.names = lookups.class_names(stage, {*(row.place for row in rows), *self.class_keys.values()})
        self.adults = lookups.adults_of(stage, keys)
        said = {key for adults in self.adults.values() for key in adults}
        said |= {key for each in self.last.values() for key in each.words.get("adults", ())}
        self.gone = lookups.gone(stage, said) if stage.delta else set()

    def compare(self) -> None:
        out, adults = [], {}
        for row in self.rows:
            pupil, last = self.there[row.about or 0], self.last.get(row.source_id)
            if self._is_another(row, pupil, last):
                words = "This ID belongs to a child of quite another name here."
                words += " Is the file of another system?"
                self.stage.odd.refuse(row.file, row.line, "sourcedId", words)
                out.append(row)
                continue
            row.label = row.label or f"{pupil.first_name} {pupil.last_name}".strip()
            stands = {
                "first_name": pupil.first_name,
                "last_name": pupil.last_name,
                "class": self.class_keys.get(pupil.school_class_id, ""),
                "here": pupil.left_at is None,
                "source_id": pupil.source_id,
            }
            compare(row, stands, last, self.names)
            before = list(last.words.get("adults", ())) if last else []
            after = self._adults_now(row, before)
            if set(after) != set(before):
                row.write["adults"], row.verb = after, Verb.CHANGED
                adults[row.pk] = (before, after)
        self._say_adults(adults)
        _save_changed(self.stage, self.rows)
        self.stage.leave_out(out)

    def _is_another(self, row: RosterStaged, pupil: Pupil, last: RosterSaid | None) -> bool:
        if "first_name" not in row.said:
            return False
        first, last_name = row.said["first_name"], row.said["last_name"]
        if folded(pupil.first_name) == folded(first) or folded(pupil.last_name) == folded(last_name):
            return False
        heard = last.words if last is not None else {}
        return (heard.get("first_name"), heard.get("last_name")) != (first, last_name)

    def _adults_now(self, row: RosterStaged, before: list[str]) -> list[str]:
        """The adults of a child, where the file says anything of families."""
        said = self.adults.get(row.source_id, [])
        if self.stage.delta:
            return [key for key in said or before if key not in self.gone]
        return said if self.stage.says_adults else before

    def _say_adults(self, changed: dict[int, tuple[list[str], list[str]]]) -> None:
        names = lookups.adult_names(
            self.stage, {key for sides in changed.values() for side in sides for key in side}
        )
        for row in self.rows:
            if row.pk in changed:
                sides = (", ".join(sorted(names.get(k, "?") for k in side)) for side in changed[row.pk])
                row.details.append([LABELS["adults"], *sides])


def _sum_up(stage: Stage) -> None:
    made, planned = stage.made, stage.used(*PLANNED)
    verbs = dict(planned.values_list("verb").annotate(number=Count("pk")).order_by())
    leaving = planned.filter(kind=Kind.PUPIL, verb=Verb.LEAVING).count()
    here = Pupil.objects.filter(left_at=None).count()
    made.counts = {
        str(verb): verbs.get(verb, 0) for verb in (Verb.ADDED, Verb.CHANGED, Verb.UNCHANGED, Verb.LEAVING)
    } | {"refused": stage.odd.refused}
    made.shown = {
        "leaving": leaving,
        "here": here,
        "asks_again": asks_again(leaving, here),
        "odd_more": stage.odd.more,
    }
    made.fingerprint = _fingerprint(stage)


def _fingerprint(stage: Stage) -> str:
    """The same for two plans of one file that do the same."""
    found = hashlib.sha256()
    planned = stage.used(*PLANNED)
    added = planned.filter(verb=Verb.ADDED).order_by("pk")
    for row in added.values_list("kind", "source_id").iterator():
        found.update(repr(row).encode())
    for some in by_key(planned.exclude(verb=Verb.UNCHANGED).exclude(verb=Verb.ADDED, write={})):
        for each in some:
            what = (each.kind, each.source_id, each.about, sorted(each.write.items()), each.details)
            found.update(repr(what).encode())
    return found.hexdigest()
