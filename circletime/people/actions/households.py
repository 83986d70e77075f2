"""Households and the adults in them. An adult may belong to two, and parents apart are two households."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.addresses import check_address
from circletime.core.errors import Refused
from circletime.core.languages import LANGUAGES
from circletime.people.models import Adult, Household, User
from circletime.people.rules import check_change_people, check_name

LONGEST_NAME = 120
MOST_HOMES = 4


@transaction.atomic
def add_household(*, name: str, by: User, now: datetime) -> Household:
    """A household with nobody in it yet."""
    check_change_people(by.roles)
    made = Household.objects.create(name=_name(name, "Give the household a name."))
    record("people.household.added", by=by.actor, subject=f"household:{made.pk}", now=now)
    return made


@transaction.atomic
def change_household(*, household: Household, name: str, by: User, now: datetime) -> None:
    """Another name, which only staff see."""
    check_change_people(by.roles)
    Household.objects.filter(pk=household.pk).update(name=_name(name, "Give the household a name."))
    record("people.household.changed", by=by.actor, subject=f"household:{household.pk}", now=now)


@transaction.atomic
def add_adult(
    *, households: Iterable[Household], name: str, email: str, language: str, by: User, now: datetime
) -> Adult:
    """A parent or carer."""
    check_change_people(by.roles)
    made = Adult(**_checked(name, email, language))
    homes = _homes(households)
    made.save()
    made.households.set(homes)
    record("people.adult.added", by=by.actor, subject=f"adult:{made.pk}", now=now)
    return made


@transaction.atomic
def change_adult(
    *,
    adult: Adult,
    households: Iterable[Household],
    name: str,
    email: str,
    language: str,
    by: User,
    now: datetime,
) -> Adult:
    """Name, address, language, and the one household or two."""
    check_change_people(by.roles)
    locked = Adult.objects.select_for_update().get(pk=adult.pk)
    homes = _homes(households)
    for field, value in _checked(name, email, language).items():
        setattr(locked, field, value)
    locked.save()
    locked.households.set(homes)
    record("people.adult.changed", by=by.actor, subject=f"adult:{locked.pk}", now=now)
    return locked


@transaction.atomic
def adult_leaves(*, adult: Adult, by: User, now: datetime) -> None:
    """The school has no more to do with them: nothing is sent to them. What was written down stays."""
    check_change_people(by.roles)
    if not Adult.objects.filter(pk=adult.pk, left_at=None).update(left_at=now):
        raise Refused("left", "This adult was taken off the list already.")
    record("people.adult.left", by=by.actor, subject=f"adult:{adult.pk}", now=now)


@transaction.atomic
def adult_returns(*, adult: Adult, by: User, now: datetime) -> None:
    """They are on the list again."""
    check_change_people(by.roles)
    if not Adult.objects.filter(pk=adult.pk).exclude(left_at=None).update(left_at=None):
        raise Refused("there", "This adult is on the list.")
    record("people.adult.returned", by=by.actor, subject=f"adult:{adult.pk}", now=now)


def _name(name: str, ask: str) -> str:
    return check_name(name, ask, field="name", most=LONGEST_NAME)


def _checked(name: str, email: str, language: str) -> dict[str, str]:
    if language not in LANGUAGES:
        raise Refused("language", "Choose a language.", field="language", status=400)
    address = check_address(email, name="email") if email.strip() else ""
    return {"name": _name(name, "Type the name."), "email": address, "language": language}


def _homes(households: Iterable[Household]) -> list[Household]:
    chosen = list(households)
    if not 1 <= len(chosen) <= MOST_HOMES:
        raise Refused(
            "households", f"Choose from one to {MOST_HOMES} households.", field="households", status=400
        )
    return chosen
