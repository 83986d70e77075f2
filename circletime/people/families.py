"""Who stands at a family's door, and which children that shows them (R1, R3, R8).

A door is a family link or a code that was mailed. Nothing about it is remembered: each page asks again, so a
burned link, a leaver, an address that changed or a contact restriction ends it at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from circletime.people.models import Adult, ContactRestriction, FamilyLink, Household, MailCode, Pupil

SESSION_LASTS = timedelta(hours=12)
"""How long a family stays signed in; then the link, or another code, opens the page again."""


@dataclass(frozen=True)
class Family:
    """One browser of a family: what it came in with, who may be reading, and the children it is shown."""

    door: str
    adults: tuple[Adult, ...]
    households: tuple[Household, ...]
    children: tuple[Pupil, ...]

    def adult(self, pk: str) -> Adult | None:
        """The adult of this key, if they are one of these; the only one where there is no choice."""
        if len(self.adults) == 1:
            return self.adults[0]
        return next((each for each in self.adults if str(each.pk) == pk), None)

    def child(self, pk: str) -> Pupil | None:
        """The child of this key, if they are shown here; the only one where there is no choice."""
        if len(self.children) == 1:
            return self.children[0]
        return next((each for each in self.children if str(each.pk) == pk), None)

    def household_of(self, adult: Adult | None, pupil: Pupil | None = None) -> Household:
        """The household that `adult` speaks for here, where there are several one of `pupil`'s."""
        homes = list(self.households)
        if adult is not None:
            own = set(adult.households.values_list("pk", flat=True))
            homes = [each for each in homes if each.pk in own] or homes
        if pupil is not None:
            theirs = set(pupil.households.values_list("pk", flat=True))
            homes = [each for each in homes if each.pk in theirs] or homes
        return homes[0]


def find_adults(email: str) -> list[Adult]:
    """The adults with a child at the school whose address this is."""
    there = Pupil.objects.filter(left_at=None)
    found = Adult.objects.filter(email__iexact=email.strip(), left_at=None, households__pupils__in=there)
    return list(found.exclude(email="").distinct().order_by("name", "pk"))


def find_family(door: Mapping[str, Any], now: datetime) -> Family | None:
    """Whoever came in with this, as it stands now; None where it opens nothing any more."""
    if "link" in door:
        return by_link(str(door["link"]), now)
    return by_code(str(door.get("code", "")), now)


def by_link(hashed: str, now: datetime) -> Family | None:
    """The family of a link whose token has this hash. Any adult of the household may be reading."""
    link = (
        FamilyLink.objects.select_related("household")
        .filter(token_hash=hashed, burned_at=None, expires_at__gt=now)
        .first()
    )
    if link is None:
        return None
    return _family(f"link:{link.pk}", link.household.adults.filter(left_at=None), [link.household], now)


def by_code(public_id: str, now: datetime) -> Family | None:
    """The family of the adults whose address a code was mailed to, for as long as the sign-in lasts."""
    row = MailCode.objects.filter(
        public_id=public_id, used_at__gt=now - SESSION_LASTS, used_at__lte=now, ended_at=None
    ).first()
    if row is None:
        return None
    adults = find_adults(row.email)
    homes = Household.objects.filter(adults__in=adults).distinct().order_by("name", "pk")
    return _family(row.subject, adults, homes, now)


def _family(door: str, adults: Iterable[Adult], homes: Iterable[Household], now: datetime) -> Family | None:
    readers, households = tuple(adults), tuple(homes)
    today = timezone.localtime(now).date()
    found = Pupil.objects.filter(households__in=households, left_at=None).distinct()
    children = tuple(found.exclude(pk__in=_hidden(readers, households, today)).select_related("school_class"))
    return Family(door, readers, households, children) if children else None


def _hidden(adults: tuple[Adult, ...], households: tuple[Household, ...], today: date) -> list[int]:
    """The children whom a restriction keeps from anybody who may be reading.

    Who of a household holds its link is not known, so one adult's restriction hides the child from all who
    come by it; from the others' own codes it does not.
    """
    in_force = Q(until=None) | Q(until__gte=today)
    whom = Q(adult=None, household=None) | Q(adult__in=adults) | Q(household__in=households)
    found = ContactRestriction.objects.filter(in_force, whom, ended_at=None, since__lte=today)
    return list(found.values_list("pupil", flat=True))
