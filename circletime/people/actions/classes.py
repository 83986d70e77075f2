"""Classes: added, named, staffed, closed."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import SchoolClass, User
from circletime.people.queries import pupils_in
from circletime.people.rules import HOSTS, check_change_people, check_name, check_year


@transaction.atomic
def add_class(*, name: str, year: str, by: User, now: datetime) -> SchoolClass:
    """A new class, with an ID and a password of its own."""
    check_change_people(by.roles)
    made = SchoolClass.objects.create(name=_free_name(name), year=check_year(year))
    record("people.class.added", by=by.actor, subject=f"class:{made.pk}", now=now)
    return made


@transaction.atomic
def change_class(*, school_class: SchoolClass, name: str, year: str, by: User, now: datetime) -> SchoolClass:
    """Another name or year. Its ID and password stay."""
    check_change_people(by.roles)
    locked = _open(school_class)
    locked.name, locked.year = _free_name(name, but=locked), check_year(year)
    locked.save(update_fields=["name", "year"])
    record("people.class.changed", by=by.actor, subject=f"class:{locked.pk}", now=now)
    return locked


@transaction.atomic
def set_class_staff(*, school_class: SchoolClass, staff: Iterable[User], by: User, now: datetime) -> None:
    """Exactly these look after the class."""
    check_change_people(by.roles)
    locked, chosen = _open(school_class), list(staff)
    if any(not user.roles & HOSTS for user in chosen):
        raise Refused("staff", "Choose people who may host a meeting.", field="staff", status=400)
    locked.staff.set(chosen)
    record(
        "people.class.staffed",
        by=by.actor,
        subject=f"class:{locked.pk}",
        now=now,
        staff=sorted(user.actor for user in chosen),
    )


@transaction.atomic
def close_class(*, school_class: SchoolClass, by: User, now: datetime) -> None:
    """Its ID opens nothing any more, and nobody may plan for it. What was recorded stays."""
    check_change_people(by.roles)
    locked = _open(school_class)
    if pupils_in(locked).exists():
        raise Refused("pupils", "There are children in this class. Move them to another class first.")
    locked.closed_at = now
    locked.save(update_fields=["closed_at"])
    record("people.class.closed", by=by.actor, subject=f"class:{locked.pk}", now=now)


def _open(school_class: SchoolClass) -> SchoolClass:
    locked = SchoolClass.objects.select_for_update().get(pk=school_class.pk)
    if locked.closed_at is not None:
        raise Refused("closed", "This class was closed.")
    return locked


def _free_name(name: str, but: SchoolClass | None = None) -> str:
    tidy = check_name(name, "Give the class a name.", field="name")
    others = SchoolClass.objects.filter(closed_at=None)
    if any(tidy.casefold() == each.name.casefold() for each in others if each != but):
        raise Refused("name", "There is a class of this name already.", field="name", status=400)
    return tidy
