"""Doing what a plan says, in one transaction."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import (
    Adult,
    FamilyLink,
    Household,
    Pupil,
    RoleGrant,
    SchoolClass,
    User,
)
from circletime.people.roster.families import Homes, arrange
from circletime.people.roster.models import RosterBefore, RosterImport, RosterSaid
from circletime.people.roster.plan import Plan, Step
from circletime.people.roster.writing import Writer, batches, set_aside

LONGEST_HOME = 120


@transaction.atomic
def apply(*, plan: Plan, to: RosterImport, confirmed: bool, by: str, now: datetime) -> None:
    """Write everything the plan says. Raises `Refused` when many children leave and nobody confirmed it."""
    if plan.asks_again and not confirmed:
        words = (
            f"{plan.pupils_leaving} of {plan.here_before} children would leave. If that is right, confirm it "
            "on the roster page."
        )
        raise Refused("many_leave", words, field="many_leave")
    RosterBefore.objects.all().delete()
    RosterImport.objects.filter(state="applied").update(state="earlier")
    _Apply(plan, to, now).run()
    to.state, to.settled_at = "applied", now
    to.counts = plan.counts
    to.shown = {}
    to.save()
    counts: dict[str, Any] = dict(plan.counts)
    record("people.roster.imported", by=by, subject=to.subject, now=now, **counts)


class _Apply:
    def __init__(self, plan: Plan, to: RosterImport, now: datetime) -> None:
        self.plan, self.now = plan, now
        self.writer = Writer(to)

    def run(self) -> None:
        self._classes()
        self._staff()
        self._adults()
        self._pupils()
        self._families()
        self._links()
        self._remember()
        self.writer.flush()

    def _steps(self, kind: str, *, new: bool) -> list[Step]:
        return [each for each in self.plan.of(kind) if (each.pk is None) == new and each.write]

    def _rows(self, model: Any, steps: list[Step]) -> Iterator[tuple[Any, Step]]:
        for some in batches(steps):
            rows = model.objects.in_bulk([each.pk for each in some])
            for each in some:
                yield rows[each.pk], each

    def _classes(self) -> None:
        changes = []
        for row, step in self._rows(SchoolClass, self._steps("class", new=False)):
            values: dict[str, Any] = {
                key: step.write[key] for key in ("name", "year", "source_id") if key in step.write
            }
            if "here" in step.write:
                values["closed_at"] = None if step.write["here"] else self.now
            changes.append((row, values))
        # Those that close first: their names are free for others.
        changes.sort(key=lambda each: each[1].get("closed_at") is None)
        set_aside(SchoolClass, "name", [row.pk for row, values in changes if "name" in values])
        self.writer.change("class", changes)
        made = [
            SchoolClass(name=each.said["name"], year=each.said.get("year", 1), source_id=each.id)
            for each in self._steps("class", new=True)
        ]
        self.writer.create("class", made, "name", "source_id")
        self.class_pk = dict(SchoolClass.objects.exclude(source_id="").values_list("source_id", "pk"))

    def _staff(self) -> None:
        made = [
            User(
                email=each.said["email"],
                name=each.said["name"],
                source_id=each.id,
                password=make_password(None),
            )
            for each in self._steps("staff", new=True)
        ]
        self.writer.create("staff", made, "email", "source_id")
        changes, roles = [], []
        classes: list[tuple[int, list[str], list[str]]] = []
        ids = {row.source_id: row.pk for row in made}
        for step in self._steps("staff", new=True):
            roles.append(RoleGrant(user_id=ids[step.id], role=step.said["role"]))
            classes.append((ids[step.id], [], step.said.get("classes", [])))
        for row, step in self._rows(User, self._steps("staff", new=False)):
            values: dict[str, Any] = {
                key: step.write[key] for key in ("name", "email", "source_id") if key in step.write
            }
            if "here" in step.write:
                values["is_active"] = step.write["here"]
                values["off_at"] = None if step.write["here"] else self.now
            changes.append((row, values))
            if "role" in step.write and step.write["role"] not in row.roles:
                roles.append(RoleGrant(user=row, role=step.write["role"]))
            if "classes" in step.write:
                classes.append((row.pk, (step.heard or {}).get("classes", []), step.write["classes"]))
        set_aside(User, "email", [row.pk for row, values in changes if "email" in values])
        self.writer.change("staff", changes)
        self.writer.create("role", roles, "user_id", "role")
        self._on_staff(classes)

    def _on_staff(self, classes: list[tuple[int, list[str], list[str]]]) -> None:
        through = SchoolClass.staff.through
        there = {(row.user_id, row.schoolclass_id): row for row in through.objects.all()}
        new, gone = [], []
        for user, before, after in classes:
            for key in after:
                if key in self.class_pk and (user, self.class_pk[key]) not in there:
                    new.append(through(user_id=user, schoolclass_id=self.class_pk[key]))
            for key in set(before) - set(after):
                row = there.get((user, self.class_pk.get(key, 0)))
                if row is not None:
                    gone.append(row)
        self.writer.create("on staff", new)
        self.writer.delete("on staff", gone, "user_id", "schoolclass_id")

    def _adults(self) -> None:
        self.gone_adults: set[int] = set()
        made = [
            Adult(name=each.said["name"], email=each.said["email"], source_id=each.id)
            for each in self._steps("adult", new=True)
        ]
        self.writer.create("adult", made, "source_id", "left_at")
        changes = []
        for row, step in self._rows(Adult, self._steps("adult", new=False)):
            values: dict[str, Any] = {
                key: step.write[key] for key in ("name", "email", "source_id") if key in step.write
            }
            if "here" in step.write:
                values["left_at"] = None if step.write["here"] else self.now
                if not step.write["here"]:
                    self.gone_adults.add(row.pk)
            changes.append((row, values))
        self.writer.change("adult", changes)
        self.adult_pk = dict(Adult.objects.exclude(source_id="").values_list("source_id", "pk"))

    def _pupils(self) -> None:
        changes, relabelled = [], []
        names = ("first_name", "last_name", "mark", "source_id")
        for row, step in self._rows(Pupil, self._steps("pupil", new=False)):
            values: dict[str, Any] = {key: step.write[key] for key in names if key in step.write}
            if "class" in step.write:
                values["school_class_id"] = self.class_pk[step.write["class"]]
            if "here" in step.write:
                values["left_at"] = None if step.write["here"] else self.now
            if not values:
                continue
            if not {"left_at", "mark", "first_name", "school_class_id"}.isdisjoint(values):
                values.setdefault("mark", row.mark)
                relabelled.append(row.pk)
            changes.append((row, values))
        set_aside(Pupil, "mark", relabelled)
        self.writer.change("pupil", changes)
        made = [
            Pupil(
                school_class_id=self.class_pk[each.said["class"]],
                first_name=each.said["first_name"],
                last_name=each.said["last_name"],
                mark=each.write.get("mark", ""),
                source_id=each.id,
            )
            for each in self._steps("pupil", new=True)
        ]
        self.writer.create("pupil", made, "source_id", "left_at")
        self.pupil_pk = dict(Pupil.objects.exclude(source_id="").values_list("source_id", "pk"))

    def _families(self) -> None:
        changes: dict[int, tuple[set[int], set[int]]] = {}
        for each in self.plan.of("pupil"):
            if "adults" not in each.write and each.pk is not None:
                continue
            before, after = (each.heard or {}).get("adults", ()), each.write.get("adults", ())
            sets = [{self.adult_pk[key] for key in some if key in self.adult_pk} for some in (before, after)]
            changes[self.pupil_pk[each.id]] = (sets[0], sets[1])
        if not changes:
            self.shut: set[int] = set()
            return
        homes, rows = Homes(), {}
        for pk, pupil, home in Pupil.households.through.objects.values_list(
            "pk", "pupil_id", "household_id"
        ).iterator():
            homes.put_pupil(pupil, home)
            rows["pupil", pupil, home] = pk
        for pk, adult, home in Adult.households.through.objects.values_list(
            "pk", "adult_id", "household_id"
        ).iterator():
            homes.put_adult(adult, home)
            rows["adult", adult, home] = pk
        arrange(homes, changes)
        made = self._make_homes(homes)
        sides: list[tuple[str, Any, dict[int, set[int]]]] = [
            ("pupil", Pupil.households.through, homes.of_pupil),
            ("adult", Adult.households.through, homes.of_adult),
        ]
        for kind, model, now in sides:
            wanted = {(kind, key, made.get(home, home)) for key, every in now.items() for home in every}
            there = {each for each in rows if each[0] == kind}
            fields = (f"{kind}_id", "household_id")
            new = [model(**dict(zip(fields, each[1:], strict=True))) for each in sorted(wanted - there)]
            self.writer.create(f"{kind} at", new)
            gone = [
                model(pk=rows[e], **dict(zip(fields, e[1:], strict=True))) for e in sorted(there - wanted)
            ]
            self.writer.delete(f"{kind} at", gone, *fields)
        self.shut = {home for home in homes.shut if home > 0}

    def _make_homes(self, homes: Homes) -> dict[int, int]:
        """The households that are new, named for the office by the children's last names."""
        lasts: dict[int, set[str]] = {}
        pupils = dict(Pupil.objects.values_list("pk", "last_name").iterator())
        keys = [-number for number in range(1, homes.made + 1)]
        for key in keys:
            lasts[key] = {pupils[each] or "?" for each in homes.pupils[key]}
        made = [Household(name=" / ".join(sorted(lasts[key]))[:LONGEST_HOME] or "?") for key in keys]
        self.writer.create("household", made)
        return {key: row.pk for key, row in zip(keys, made, strict=True)}

    def _links(self) -> None:
        """The links of a household die with its last child, and when somebody who may know them went."""
        open_links = FamilyLink.objects.filter(burned_at=None)
        if not open_links.exists():
            return
        here = set(Pupil.objects.filter(left_at=None).values_list("households", flat=True))
        for some in batches(sorted(self.gone_adults)):
            self.shut |= set(Household.objects.filter(adults__in=some).values_list("pk", flat=True))
        dead = [
            each for each in open_links if each.household_id not in here or each.household_id in self.shut
        ]
        self.writer.change("link", [(each, {"burned_at": self.now}) for each in dead])

    def _remember(self) -> None:
        source = self.plan.incoming.source
        said = {(row.kind, row.source_id): row for row in RosterSaid.objects.all().iterator()}
        new, changes = [], []
        for each in self.plan.steps:
            if not each.said or not each.id:
                continue
            row = said.get((each.kind, each.id))
            if row is None:
                new.append(RosterSaid(source=source, kind=each.kind, source_id=each.id, words=each.said))
            elif row.words != each.said or row.source != source:
                changes.append((row, {"words": row.words | each.said, "source": source}))
        self.writer.create("said", new)
        self.writer.change("said", changes)
