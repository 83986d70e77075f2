"""Who will be in a class once an import is done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from circletime.people.models import Pupil
from circletime.people.roster.models import RosterStaged
from circletime.people.roster.rules import Kind, Verb
from circletime.people.roster.staging import Stage

CLASSES_AT_ONCE = 12


@dataclass(slots=True)
class Member:
    """A child, and what the file says of them: one of the two may be nothing."""

    where: str
    pupil: Pupil | None
    row: RosterStaged | None

    @property
    def first_name(self) -> str:
        said = self.row.said if self.row and self.pupil is None else self.row.write if self.row else {}
        return str(said.get("first_name") or (self.pupil.first_name if self.pupil else ""))


def call(stage: Stage, classes: Mapping[int, str], new: Iterable[str] = ()) -> list[Member]:
    """The children who will be in these classes and in new ones: those who are known, then the newcomers.

    `classes` has the school's own ID for each key, or another word that is no ID; `new` are IDs.
    """
    keys = {*classes.values(), *new}
    pupils = stage.used(Kind.PUPIL)
    back = pupils.filter(verb=Verb.CHANGED, write__here=True).values("about")
    here = Pupil.objects.filter(Q(left_at=None) | Q(pk__in=back), school_class__in=classes).in_bulk()
    rows = {row.about: row for row in pupils.filter(about__in=here)}
    found = [Member(classes[each.school_class_id], each, rows.get(each.pk)) for each in here.values()]
    coming = pupils.filter(verb=Verb.CHANGED, place__in=keys, write__has_key="class").exclude(about__in=here)
    arrivals = {row.about: row for row in coming}
    found += [Member("", each, arrivals[pk]) for pk, each in Pupil.objects.in_bulk(arrivals).items()]
    for member in found:
        if member.row is not None:
            member.where = member.row.write.get("class", member.where)
    staying = [member for member in found if member.where in keys and _stays(member)]
    staying.sort(key=lambda member: member.pupil.pk if member.pupil else 0)
    added = pupils.filter(verb=Verb.ADDED, place__in=keys).order_by("pk")
    return staying + [Member(row.place, None, row) for row in added]


def _stays(member: Member) -> bool:
    here = member.pupil is not None and member.pupil.left_at is None
    return bool(member.row.write.get("here", here)) if member.row is not None else here
