"""Named groups within a class (C2)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import Group, Pupil, SchoolClass, User
from circletime.people.rules import check_change_people, check_name


@transaction.atomic
def add_group(*, school_class: SchoolClass, name: str, by: User, now: datetime) -> Group:
    """A new group, with nobody in it yet."""
    check_change_people(by.roles)
    if school_class.closed_at is not None:
        raise Refused("closed", "This class was closed.")
    made = Group.objects.create(school_class=school_class, name=_free_name(school_class, name))
    record("people.group.added", by=by.actor, subject=f"group:{made.pk}", now=now)
    return made


@transaction.atomic
def change_group(*, group: Group, name: str, pupils: Iterable[Pupil], by: User, now: datetime) -> None:
    """Its name, and exactly these children. Children of another class are refused."""
    check_change_people(by.roles)
    locked, chosen = Group.objects.select_for_update().get(pk=group.pk), list(pupils)
    if any(each.school_class_id != locked.school_class_id or each.left_at is not None for each in chosen):
        raise Refused("pupils", "Choose children of this class.", field="pupils", status=400)
    locked.name = _free_name(locked.school_class, name, but=locked)
    locked.save(update_fields=["name"])
    locked.pupils.set(chosen)
    record("people.group.changed", by=by.actor, subject=f"group:{locked.pk}", now=now, pupils=len(chosen))


def _free_name(school_class: SchoolClass, name: str, but: Group | None = None) -> str:
    tidy = check_name(name, "Give the group a name.", field="name")
    others = Group.objects.filter(school_class=school_class)
    if any(tidy.casefold() == each.name.casefold() for each in others if each != but):
        raise Refused("name", "The class has a group of this name already.", field="name", status=400)
    return tidy
