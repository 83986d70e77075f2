"""Doing what was planned, in one transaction, and a few hundred rows of it at a time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import Adult, Pupil, RoleGrant, SchoolClass, User
from circletime.people.roster import lookups
from circletime.people.roster.bulk import by_key
from circletime.people.roster.households import join_families, shut_links
from circletime.people.roster.models import RosterBefore, RosterImport, RosterOdd, RosterSaid, RosterStaged
from circletime.people.roster.rules import UNSETTLED, Kind, State, Verb
from circletime.people.roster.staging import Stage
from circletime.people.roster.writing import Changes, Writer, locked

Rows = list[RosterStaged]


@transaction.atomic
def apply(*, stage: Stage, confirmed: bool, by: str, now: datetime) -> None:
    """Write what was planned. Raises `Refused` when many children leave and nobody confirmed it."""
    made = stage.made
    if made.shown["asks_again"] and not confirmed:
        words = (
            f"{made.shown['leaving']} of {made.shown['here']} children would leave. If that is right, "
            "confirm it on the roster page."
        )
        raise Refused("many_leave", words, field="many_leave")
    RosterBefore.objects.all().delete()
    RosterOdd.objects.exclude(roster_import__state__in=UNSETTLED).delete()
    RosterImport.objects.filter(state=State.APPLIED).update(state=State.EARLIER)
    _Apply(stage, now).run()
    stage.clear()
    made.state, made.settled_at = State.APPLIED, now
    made.shown = {"odd_more": stage.odd.more}
    made.save()
    counts: dict[str, Any] = dict(made.counts)
    record("people.roster.imported", by=by, subject=made.subject, now=now, **counts)


class _Apply:
    def __init__(self, stage: Stage, now: datetime) -> None:
        self.stage, self.now = stage, now
        self.writer = Writer(stage.made)

    def run(self) -> None:
        self._classes()
        self._staff()
        self._adults()
        self._pupils()
        join_families(self.stage, self.writer, self.now)
        shut_links(self.stage, self.writer, self.now)
        self._remember()
        self.writer.flush()

    def _new(self, kind: Kind) -> Iterator[Rows]:
        return by_key(self.stage.used(kind).filter(verb=Verb.ADDED))

    def _known(self, *kinds: Kind) -> Iterator[Rows]:
        """Those who leave first: a name that a class had is free for another then."""
        for verb in (Verb.LEAVING, Verb.CHANGED):
            yield from by_key(self.stage.used(*kinds).filter(verb=verb))

    def _left(self, row: RosterStaged) -> dict[str, datetime | None]:
        return {"left_at": None if row.write["here"] else self.now} if "here" in row.write else {}

    def _classes(self) -> None:
        for some in self._known(Kind.CLASS):
            there = locked("class", [row.about for row in some])
            changes: Changes = []
            for row in some:
                values = _some(row, "name", "year", "source_id")
                if "here" in row.write:
                    values["closed_at"] = None if row.write["here"] else self.now
                changes.append((there[row.about], values))
            self.writer.prepare("class", changes)
        self.writer.carry_out("class")
        for some in self._new(Kind.CLASS):
            made = [
                SchoolClass(name=row.said["name"], year=row.said.get("year", 1), source_id=row.source_id)
                for row in some
            ]
            self.writer.create("class", made, "name", "source_id")

    def _staff(self) -> None:
        for some in self._known(Kind.STAFF):
            there = locked("staff", [row.about for row in some])
            changes: Changes = []
            for row in some:
                values = _some(row, "name", "email", "source_id")
                if "here" in row.write:
                    values["is_active"] = row.write["here"]
                    values["off_at"] = None if row.write["here"] else self.now
                changes.append((there[row.about], values))
            self.writer.prepare("staff", changes)
        self.writer.carry_out("staff")
        for some in self._known(Kind.STAFF):
            last = lookups.heard(Kind.STAFF, [row.source_id for row in some])
            users = {row.source_id: row.about or 0 for row in some}
            self._put_on_staff(some, users, last)
        for some in self._new(Kind.STAFF):
            made = [
                User(
                    email=row.said["email"],
                    name=row.said["name"],
                    source_id=row.source_id,
                    password=make_password(None),
                )
                for row in some
            ]
            self.writer.create("staff", made, "email", "source_id")
            self._put_on_staff(some, {user.source_id: user.pk for user in made}, {})

    def _put_on_staff(self, rows: Rows, users: dict[str, int], last: dict[str, RosterSaid]) -> None:
        """Their role, and the classes they look after."""
        grants = set(RoleGrant.objects.filter(user__in=users.values()).values_list("user_id", "role"))
        through = SchoolClass.staff.through
        there = {
            (each.user_id, each.schoolclass_id): each
            for each in through.objects.filter(user__in=users.values())
        }
        roles, new, gone = [], [], []
        before_of = {key: each.words.get("classes", []) for key, each in last.items()}
        says = {row.source_id: row.said if row.verb == Verb.ADDED else row.write for row in rows}
        pks = _keys(SchoolClass, {key for each in (*before_of.values(), *(
            said.get("classes", ()) for said in says.values())) for key in each})  # fmt: skip
        for key, said in says.items():
            user = users[key]
            if "role" in said and (user, said["role"]) not in grants:
                roles.append(RoleGrant(user_id=user, role=said["role"]))
            if "classes" not in said:
                continue
            new += [
                through(user_id=user, schoolclass_id=pks[each])
                for each in said["classes"]
                if each in pks and (user, pks[each]) not in there
            ]
            gone += [
                there[user, pks[each]]
                for each in set(before_of.get(key, ())) - set(said["classes"])
                if each in pks and (user, pks[each]) in there
            ]
        self.writer.create("role", roles, "user_id", "role")
        self.writer.create("on staff", new)
        self.writer.delete("on staff", gone, "user_id", "schoolclass_id")

    def _adults(self) -> None:
        for some in self._known(Kind.ADULT):
            there = locked("adult", [row.about for row in some])
            changes = [
                (there[row.about], _some(row, "name", "email", "source_id") | self._left(row)) for row in some
            ]
            self.writer.change("adult", changes)
        for some in self._new(Kind.ADULT):
            made = [
                Adult(name=row.said["name"], email=row.said["email"], source_id=row.source_id) for row in some
            ]
            self.writer.create("adult", made, "source_id", "left_at")

    def _pupils(self) -> None:
        for some in self._known(Kind.PUPIL, Kind.MARK):
            there = locked("pupil", [row.about for row in some])
            classes = _keys(SchoolClass, {row.write["class"] for row in some if "class" in row.write})
            changes: Changes = []
            for row in some:
                values = _some(row, "first_name", "last_name", "mark", "source_id") | self._left(row)
                if "class" in row.write:
                    values["school_class_id"] = classes[row.write["class"]]
                if not {"left_at", "first_name", "school_class_id"}.isdisjoint(values):
                    values.setdefault("mark", there[row.about].mark)
                changes.append((there[row.about], values))
            self.writer.prepare("pupil", changes)
        self.writer.carry_out("pupil")
        for some in self._new(Kind.PUPIL):
            classes = _keys(SchoolClass, {row.place for row in some})
            made = [
                Pupil(
                    school_class_id=classes[row.place],
                    first_name=row.said["first_name"],
                    last_name=row.said["last_name"],
                    mark=row.write.get("mark", ""),
                    source_id=row.source_id,
                )
                for row in some
            ]
            self.writer.create("pupil", made, "source_id", "left_at")

    def _remember(self) -> None:
        """What the source said, so that only what it changes is written the next time."""
        source = self.stage.source
        for kind in (Kind.CLASS, Kind.STAFF, Kind.ADULT, Kind.PUPIL):
            for some in by_key(self.stage.used(kind)):
                last = lookups.heard(kind, [row.source_id for row in some])
                adults: dict[str, list[str]] = {}
                if kind == Kind.PUPIL:
                    new = [row.source_id for row in some if row.verb == Verb.ADDED]
                    adults = {key: [] for key in new} | lookups.adults_of(self.stage, new)
                made, changes = [], []
                for row in some:
                    words = row.said | _some(row, "adults")
                    if row.source_id in adults:
                        words["adults"] = adults[row.source_id]
                    known = last.get(row.source_id)
                    if known is None:
                        made.append(
                            RosterSaid(source=source, kind=kind, source_id=row.source_id, words=words)
                        )
                    elif known.words != known.words | words or known.source != source:
                        changes.append((known, {"words": known.words | words, "source": source}))
                self.writer.create("said", made)
                self.writer.change("said", changes)


def _some(row: RosterStaged, *fields: str) -> dict[str, Any]:
    return {field: row.write[field] for field in fields if field in row.write}


def _keys(model: Any, source_ids: set[str]) -> dict[str, int]:
    """The keys of rows by the school's own IDs."""
    return dict(model.objects.filter(source_id__in=source_ids).values_list("source_id", "pk"))
