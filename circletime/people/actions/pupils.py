"""Children: added, changed, moved to another class or household, gone and come back."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import Group, Household, Pupil, SchoolClass, User
from circletime.people.queries import pupils_in
from circletime.people.rules import check_change_people, check_mark, check_name, folded


@transaction.atomic
def add_pupil(
    *,
    school_class: SchoolClass | None,
    first_name: str,
    last_name: str,
    mark: str,
    households: Iterable[Household],
    by: User,
    now: datetime,
) -> Pupil:
    """A child who has come to the school."""
    check_change_people(by.roles)
    made = Pupil(**_checked(None, school_class, first_name, last_name, mark))
    homes = _homes(households)
    made.save()
    made.households.set(homes)
    record("people.pupil.added", by=by.actor, subject=f"pupil:{made.pk}", now=now)
    return made


@transaction.atomic
def change_pupil(
    *,
    pupil: Pupil,
    school_class: SchoolClass | None,
    first_name: str,
    last_name: str,
    mark: str,
    households: Iterable[Household],
    by: User,
    now: datetime,
) -> Pupil:
    """Names, class and households. A child who changes class is out of the old one's groups; the family's
    link leads to the new one."""
    check_change_people(by.roles)
    locked = Pupil.objects.select_for_update().get(pk=pupil.pk)
    if locked.left_at is not None:
        raise Refused("left", "This child has left the school.")
    homes, before = _homes(households), locked.school_class_id
    for field, value in _checked(locked, school_class, first_name, last_name, mark).items():
        setattr(locked, field, value)
    locked.save()
    locked.households.set(homes)
    moved = locked.school_class_id != before
    if moved:
        for group in Group.objects.filter(pupils=locked, school_class=before):
            group.pupils.remove(locked)
    record("people.pupil.changed", by=by.actor, subject=f"pupil:{locked.pk}", now=now, moved=moved)
    return locked


@transaction.atomic
def pupil_leaves(*, pupil: Pupil, by: User, now: datetime) -> None:
    """The child is expected nowhere any more; with a family's last child its links are dead at once."""
    check_change_people(by.roles)
    if not Pupil.objects.filter(pk=pupil.pk, left_at=None).update(left_at=now):
        raise Refused("left", "This child has left the school already.")
    record("people.pupil.left", by=by.actor, subject=f"pupil:{pupil.pk}", now=now)


@transaction.atomic
def pupil_returns(*, pupil: Pupil, by: User, now: datetime) -> None:
    """The child is at the school after all, in the class and the household of before."""
    check_change_people(by.roles)
    locked = Pupil.objects.select_for_update().get(pk=pupil.pk)
    if locked.left_at is None:
        raise Refused("there", "This child is at the school.")
    _checked(locked, locked.school_class, locked.first_name, locked.last_name, locked.mark)
    locked.left_at = None
    locked.save(update_fields=["left_at"])
    record("people.pupil.returned", by=by.actor, subject=f"pupil:{locked.pk}", now=now)


def _checked(
    pupil: Pupil | None, school_class: SchoolClass | None, first_name: str, last_name: str, mark: str
) -> dict[str, object]:
    """What is to be written, when nobody else of the class is called the same (P7)."""
    if school_class is None or school_class.closed_at is not None:
        raise Refused("school_class", "Choose a class.", field="school_class", status=400)
    first = check_name(first_name, "Type the first name.", field="first_name")
    last = check_name(last_name, "Type the last name.", field="last_name")
    word = check_mark(mark)
    others = [each for each in pupils_in(school_class) if each != pupil]
    same = [each for each in others if folded(each.first_name) == folded(first)]
    if any(folded(each.mark) == folded(word) for each in same):
        raise Refused(
            "mark",
            f"There is another {first} in {school_class}. Give this one a mark, as: sun.",
            field="mark",
            status=400,
        )
    return {"school_class": school_class, "first_name": first, "last_name": last, "mark": word}


def _homes(households: Iterable[Household]) -> list[Household]:
    chosen = list(households)
    if not chosen:
        raise Refused("households", "Choose at least one household.", field="households", status=400)
    return chosen
