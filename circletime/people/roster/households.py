"""Writing who lives with whom, a few hundred children at a time, each with everybody whom that touches."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from circletime.people.models import Adult, FamilyLink, Household, Pupil
from circletime.people.roster import lookups
from circletime.people.roster.bulk import by_key, overwrite
from circletime.people.roster.families import Changes, Homes, arrange
from circletime.people.roster.models import RosterBefore, RosterStaged
from circletime.people.roster.rules import Kind, Verb
from circletime.people.roster.staging import Stage
from circletime.people.roster.writing import Writer

LONGEST_HOME = 120
CHILDREN_AT_ONCE = 200
AtHome = dict[tuple[str, int, int], int]
"""Who, their key and the household's, and the key of the row that says so."""
THROUGH: dict[str, Any] = {"pupil": Pupil.households.through, "adult": Adult.households.through}


def join_families(stage: Stage, writer: Writer, now: datetime) -> None:
    """Move every child whose adults changed, and shut the links of a household somebody was taken out of."""
    for some in by_key(_moved(stage), CHILDREN_AT_ONCE):
        _Batch(stage, some).write(writer, now)
    writer.flush()
    for kept in by_key(RosterBefore.objects.filter(roster_import=stage.made, model="household"), 1):
        _name([pk for pk, _, _ in kept[0].rows])


def shut_links(stage: Stage, writer: Writer, now: datetime) -> None:
    """The links of a household die with its last child, and when somebody who may know them went."""
    child = Exists(THROUGH["pupil"].objects.filter(household=OuterRef("household"), pupil__left_at=None))
    gone = stage.used(Kind.ADULT).filter(verb=Verb.LEAVING).values("about")
    adult = Exists(THROUGH["adult"].objects.filter(household=OuterRef("household"), adult__in=gone))
    _shut(FamilyLink.objects.filter(~child | Q(adult)), writer, now)


def _shut(links: QuerySet[FamilyLink], writer: Writer, now: datetime) -> None:
    for some in by_key(links.filter(burned_at=None).select_for_update(of=("self",))):
        writer.change("link", [(link, {"burned_at": now}) for link in some])


def _moved(stage: Stage) -> QuerySet[RosterStaged]:
    return stage.used(Kind.PUPIL).filter(Q(verb=Verb.ADDED) | Q(verb=Verb.CHANGED, write__has_key="adults"))


class _Batch:
    """Some children whose adults changed, with the households they and their adults are in."""

    def __init__(self, stage: Stage, rows: list[RosterStaged]) -> None:
        self.stage = stage
        pupils = dict(
            Pupil.objects.filter(source_id__in=[row.source_id for row in rows]).values_list("source_id", "pk")
        )
        self.whom = [pupils[row.source_id] for row in rows]
        own = set(_homes("pupil", self.whom))
        living = set(THROUGH["pupil"].objects.filter(household__in=own).values_list("pupil_id", flat=True))
        self.changes = _changes(stage, rows, pupils)
        others = Pupil.objects.filter(pk__in=living.difference(self.whom)).exclude(source_id="")
        with_them = dict(others.values_list("source_id", "pk"))
        theirs = list(_moved(stage).filter(source_id__in=with_them))
        self.changes |= _changes(stage, theirs, with_them)
        after = {adult for pupil in self.whom for adult in self.changes[pupil][1]}
        touched = own | set(_homes("adult", after))
        self.homes = Homes()
        self.rows: AtHome = {}
        self._read("pupil", Q(household__in=own))
        self._read("adult", Q(household__in=touched))

    def _read(self, who: str, where: Q) -> None:
        put = self.homes.put_pupil if who == "pupil" else self.homes.put_adult
        found = THROUGH[who].objects.filter(where).values_list("pk", f"{who}_id", "household_id")
        for pk, one, home in found:
            put(one, home)
            self.rows[who, one, home] = pk

    def write(self, writer: Writer, now: datetime) -> None:
        """Arrange them, and write what came of it."""
        arrange(self.homes, self.whom, self.changes)
        new = [Household(name="?") for _ in range(self.homes.made)]
        writer.create("household", new)
        made = {-number: home.pk for number, home in enumerate(new, 1)}
        for who, now_at in (("pupil", self.homes.of_pupil), ("adult", self.homes.of_adult)):
            wanted = {(who, one, made.get(home, home)) for one, homes in now_at.items() for home in homes}
            there = {each for each in self.rows if each[0] == who}
            fields = (f"{who}_id", "household_id")
            model = THROUGH[who]
            writer.create(
                f"{who} at",
                [model(**dict(zip(fields, each[1:], strict=True))) for each in sorted(wanted - there)],
            )
            gone = [
                model(pk=self.rows[each], **dict(zip(fields, each[1:], strict=True)))
                for each in sorted(there - wanted)
            ]
            writer.delete(f"{who} at", gone, *fields)
        if shut := {home for home in self.homes.shut if home > 0}:
            _shut(FamilyLink.objects.filter(household__in=shut), writer, now)


def _homes(who: str, keys: Iterable[int]) -> Iterable[int]:
    found: Iterable[int] = (
        THROUGH[who].objects.filter(**{f"{who}__in": keys}).values_list("household_id", flat=True)
    )
    return found


def _changes(stage: Stage, rows: list[RosterStaged], pupils: dict[str, int]) -> Changes:
    """The adults of each of these children before and after, by their keys."""
    new = [row.source_id for row in rows if row.verb == Verb.ADDED]
    last = lookups.heard(Kind.PUPIL, [row.source_id for row in rows])
    said = lookups.adults_of(stage, new)
    before = {key: each.words.get("adults", ()) for key, each in last.items()}
    after = {row.source_id: row.write.get("adults", said.get(row.source_id, ())) for row in rows}
    every = {key for sides in (before, after) for adults in sides.values() for key in adults}
    pks = dict(Adult.objects.filter(source_id__in=every).values_list("source_id", "pk"))
    return {
        pupils[row.source_id]: (
            {pks[key] for key in before.get(row.source_id, ()) if key in pks},
            {pks[key] for key in after[row.source_id] if key in pks},
        )
        for row in rows
    }


def _name(homes: list[int]) -> None:
    """Name new households for the office, by the children's last names."""
    lasts: dict[int, set[str]] = {pk: set() for pk in homes}
    members = THROUGH["pupil"].objects.filter(household__in=homes)
    for home, last in members.values_list("household_id", "pupil__last_name"):
        lasts[home].add(last or "?")
    named = [
        Household(pk=pk, name=" / ".join(sorted(names))[:LONGEST_HOME] or "?") for pk, names in lasts.items()
    ]
    overwrite(Household, named, ["name"])
