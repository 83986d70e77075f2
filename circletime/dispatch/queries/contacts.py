"""Whom the school may write to about which children. A contact restriction wins; leavers never count."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from circletime.core.addresses import is_address
from circletime.people.models import Adult, ContactRestriction, Household, Pupil, SchoolClass
from circletime.people.queries import adults_to_write_to


@dataclass(frozen=True)
class Contact:
    """One adult of one household, and the children they are written to about.

    `adult` is None where the household has no adult on the roster at all.
    """

    household: Household
    adult: Adult | None
    children: tuple[Pupil, ...]

    @property
    def address(self) -> str:
        """Where they read e-mail, or nothing."""
        return self.adult.email.strip() if self.adult is not None else ""


@dataclass(frozen=True)
class Audience:
    """Whom a meeting is with: these children's families, or one of them alone."""

    pupils: Sequence[Pupil]
    school_class: SchoolClass
    household: Household | None = None

    def contacts(self, now: datetime) -> list[Contact]:
        """Everybody who may be written to."""
        return contacts_of(self.pupils, timezone.localtime(now).date(), only=self.household)


def contacts_of(pupils: Iterable[Pupil], today: date, *, only: Household | None = None) -> list[Contact]:
    """Everybody who is told about these children, household by household; `only` one of them where given.

    Left out are a household and an adult about whom a restriction is noted, for that child; and, where it
    is about everybody, all of the child's. Whoever shares a restricted adult's address is left out as well.
    """
    there = {pupil.pk: pupil for pupil in pupils if pupil.left_at is None}
    barred = _Barred(there, today)
    homes = _households(there, only)
    found: list[Contact] = []
    adults = _adults(homes)
    for household, children in homes.items():
        allowed = [child for child in children if not barred.household(child, household)]
        if not allowed:
            continue
        own = adults[household.pk]
        if not own:
            found.append(Contact(household, None, tuple(allowed)))
        for adult in own:
            theirs = tuple(child for child in allowed if not barred.adult(child, adult))
            if theirs:
                found.append(Contact(household, adult, theirs))
    return found


def to_mail_anew(household: Household, now: datetime) -> list[Contact]:
    """Whom a new link of this household can be mailed to, each address once.

    The link opens the way to all its children, so these are only who may be told about every one of them.
    """
    today = timezone.localtime(now).date()
    children = list(household.pupils.filter(left_at=None))
    allowed = set(adults_to_write_to(household, today))
    found: dict[str, Contact] = {}
    for one in contacts_of(children, today, only=household):
        if one.adult in allowed and len(one.children) == len(children) and is_address(one.address):
            found.setdefault(one.address.lower(), one)
    return list(found.values())


class _Barred:
    def __init__(self, pupils: dict[int, Pupil], today: date) -> None:
        in_force = Q(until=None) | Q(until__gte=today)
        rows = ContactRestriction.objects.filter(in_force, pupil__in=pupils, ended_at=None, since__lte=today)
        self._homes: set[tuple[int, int]] = set()
        self._adults: set[tuple[int, int | str]] = set()
        self._all: set[int] = set()
        for row in rows.select_related("adult"):
            if row.adult is not None:
                self._adults |= {
                    (row.pupil_id, row.adult.pk),
                    (row.pupil_id, row.adult.email.strip().lower()),
                }
            elif row.household_id is not None:
                self._homes.add((row.pupil_id, row.household_id))
            else:
                self._all.add(row.pupil_id)

    def household(self, child: Pupil, household: Household) -> bool:
        return child.pk in self._all or (child.pk, household.pk) in self._homes

    def adult(self, child: Pupil, adult: Adult) -> bool:
        address = adult.email.strip().lower()
        same = bool(address) and (child.pk, address) in self._adults
        return same or (child.pk, adult.pk) in self._adults


def _households(pupils: dict[int, Pupil], only: Household | None) -> dict[Household, list[Pupil]]:
    pairs = Pupil.households.through.objects.filter(pupil__in=pupils)
    if only is not None:
        pairs = pairs.filter(household=only)
    children: dict[int, list[Pupil]] = defaultdict(list)
    for household, pupil in pairs.values_list("household_id", "pupil_id"):
        children[household].append(pupils[pupil])
    homes = Household.objects.filter(pk__in=children).order_by("name", "pk")
    return {home: sorted(children[home.pk], key=lambda child: child.label) for home in homes}


def _adults(homes: Iterable[Household]) -> dict[int, list[Adult]]:
    found: dict[int, list[Adult]] = defaultdict(list)
    pairs = Adult.households.through.objects.filter(household__in=list(homes), adult__left_at=None)
    for pair in pairs.select_related("adult").order_by("adult__name", "adult__pk"):
        found[pair.household_id].append(pair.adult)
    return found
