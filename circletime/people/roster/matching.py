"""Who or what of the school a row of the file is: by the ID of the school's own system, and what was made by
hand by its name or address. Staff are found in `plan`, because two of them may have one address."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from circletime.people.models import Adult, Pupil, SchoolClass
from circletime.people.roster import lookups
from circletime.people.roster.bulk import by_key
from circletime.people.roster.models import RosterStaged
from circletime.people.roster.rules import Kind
from circletime.people.roster.staging import Stage, key_of
from circletime.people.rules import folded


def find(stage: Stage) -> None:
    """Say of each row who it is (`about`); it stays empty for who is new."""
    by_id: tuple[tuple[Kind, Any], ...] = (
        (Kind.CLASS, SchoolClass), (Kind.ADULT, Adult), (Kind.PUPIL, Pupil),
    )  # fmt: skip
    for kind, model in by_id:
        same = model.objects.filter(source_id=OuterRef("source_id")).values("pk")[:1]
        known = model.objects.exclude(source_id="").values("source_id")
        stage.used(kind).filter(source_id__in=known).update(about=Subquery(same))
    for classes in by_key(SchoolClass.objects.filter(source_id="", closed_at=None)):
        _found(stage, Kind.CLASS, {key_of(folded(each.name)): each.pk for each in classes})
    for adults in by_key(Adult.objects.filter(source_id="").exclude(email="")):
        _found(stage, Kind.ADULT, {each.email.lower(): each.pk for each in adults})
    for pupils in by_key(Pupil.objects.filter(source_id="", left_at=None)):
        keys = lookups.class_keys(stage, {each.school_class_id for each in pupils})
        _found(
            stage,
            Kind.PUPIL,
            {
                key_of(keys[each.school_class_id], folded(each.first_name), folded(each.last_name)): each.pk
                for each in pupils
                if each.school_class_id in keys
            },
        )


def _found(stage: Stage, kind: Kind, by_hand: dict[str, int]) -> None:
    """Each of those who were made by hand is the first row of their name that is nobody yet."""
    free: QuerySet[RosterStaged] = stage.used(kind).filter(about=None, match__in=by_hand)
    rows = []
    for row in free.order_by("pk"):
        if row.match in by_hand:
            row.about = by_hand.pop(row.match)
            rows.append(row)
    stage.save(rows)
