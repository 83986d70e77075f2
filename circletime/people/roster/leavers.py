"""Who of those that came from the same source before is not in the file any more, and which class."""

from typing import Any

from django.db.models import Exists, OuterRef

from circletime.people.models import Adult, Pupil, RoleGrant, SchoolClass, User
from circletime.people.roster import rolls
from circletime.people.roster.bulk import by_key
from circletime.people.roster.models import RosterSaid, RosterStaged
from circletime.people.roster.rules import PEOPLE, Kind, Verb
from circletime.people.roster.staging import Stage
from circletime.people.rules import Role

BY_HAND = frozenset({Role.OFFICE, Role.SLT, Role.HEADTEACHER, Role.DSL, Role.GOVERNOR})
"""Whose account no import closes."""


def find(stage: Stage) -> None:
    """Put down who leaves. Nobody does whose row is there and could not be used."""
    speaks = {Kind.PUPIL: True, Kind.ADULT: stage.says_adults, Kind.STAFF: stage.says_staff}
    for kind, spoken in speaks.items():
        rows = RosterStaged.objects.filter(roster_import=stage.made, source_id=OuterRef("source_id"))
        missing = RosterSaid.objects.filter(kind=kind, source=stage.source)
        missing = missing.exclude(Exists(rows.filter(kind=kind).exclude(verb=Verb.LEFT_OUT)))
        if spoken and not stage.delta:
            seen = Exists(rows.filter(kind__in=PEOPLE - {Kind.GONE}))
            missing = missing.exclude(~Exists(rows.filter(kind=Kind.GONE)), seen)
        else:
            missing = missing.filter(Exists(rows.filter(kind=Kind.GONE)))
        for some in by_key(missing):
            _leave(stage, kind, some)
            stage.flush()


def _leave(stage: Stage, kind: Kind, some: list[RosterSaid]) -> None:
    keys = [each.source_id for each in some]
    model: Any = {Kind.PUPIL: Pupil, Kind.ADULT: Adult, Kind.STAFF: User}[kind]
    there = {row.source_id: row for row in model.objects.filter(source_id__in=keys)}
    kept = _by_hand(there) if kind == Kind.STAFF else set()
    stage.every(kind).filter(source_id__in=keys).delete()  # left out, or it would not be missing
    for last in some:
        row = there.get(last.source_id)
        if row is None or not last.words.get("here"):
            continue
        if row.pk in kept:
            words = f"{row.name} has left by this file, and holds a role that only a person takes away."
            stage.odd.note("users.csv", 0, "", words)
            continue
        here = row.is_active if kind == Kind.STAFF else row.left_at is None
        name = f"{row.first_name} {row.last_name}".strip() if kind == Kind.PUPIL else row.name
        _put(stage, kind, last, row.pk, name, here)


def _put(stage: Stage, kind: Kind, last: RosterSaid, about: int, name: str, here: bool) -> None:
    said = last.words | {"here": False}
    more = {"verb": Verb.LEAVING, "write": {"here": False}} if here else {}
    stage.put(kind, last.source_id, ("", 0), name, said=said, about=about, **more)


def _by_hand(there: dict[str, User]) -> set[int]:
    grants = RoleGrant.objects.filter(user__in=[user.pk for user in there.values()], role__in=BY_HAND)
    return set(grants.values_list("user_id", flat=True))


def close_classes(stage: Stage) -> None:
    """Put down which classes close: those that are gone, and where no child stays."""
    rows = RosterStaged.objects.filter(roster_import=stage.made, source_id=OuterRef("source_id"))
    gone = RosterSaid.objects.filter(kind=Kind.CLASS, source=stage.source)
    gone = gone.exclude(Exists(rows.filter(kind=Kind.CLASS).exclude(verb=Verb.LEFT_OUT)))
    if stage.delta:
        gone = gone.filter(Exists(rows.filter(kind=Kind.CLOSED)))
    for some in by_key(gone, rolls.CLASSES_AT_ONCE):
        keys = [each.source_id for each in some if each.words.get("here")]
        still_open = SchoolClass.objects.filter(source_id__in=keys, closed_at=None)
        there = {each.source_id: each for each in still_open}
        roll = rolls.call(stage, {row.pk: key for key, row in there.items()})
        staying = {member.where for member in roll}
        stage.every(Kind.CLASS).filter(source_id__in=keys).delete()
        for key, row in there.items():
            if key in staying:
                words = f"{row.name} is not in it any more, but children are. The class stays open."
                stage.odd.note("classes.csv", 0, "", words)
                continue
            last = next(each for each in some if each.source_id == key)
            _put(stage, Kind.CLASS, last, row.pk, row.name, True)
        stage.flush()
