"""Families' own links as the office makes, prints and burns them (T11)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.links import FAMILY_LINK_LASTS, make_links, token_of
from circletime.people.models import FamilyLink, Household, SchoolClass, User
from circletime.people.queries import adults_to_write_to, households_in
from circletime.people.rules import check_change_people

NONE = (
    "This household gets no link: it has no adult and no child here to make one for, "
    "or a contact restriction is noted."
)


@transaction.atomic
def make_link_by_hand(*, household: Household, by: User, now: datetime) -> str:
    """A new link, for whoever asks at the office. Answers its token, which is not kept."""
    check_change_people(by.roles)
    if not may_have_link(household, now):
        raise Refused("restricted", NONE)
    ((_, token),) = _make([household], f"household:{household.pk}", by, now)
    return token


@transaction.atomic
def make_links_to_print(
    *, households: Iterable[Household], about: str, by: User, now: datetime
) -> list[tuple[Household, str]]:
    """A new link for each of these that may have one, made at the moment of printing, with its token.

    `about` is what the log names them under: a household or a class.
    """
    check_change_people(by.roles)
    return _make([each for each in households if may_have_link(each, now)], about, by, now)


def _make(homes: list[Household], about: str, by: User, now: datetime) -> list[tuple[Household, str]]:
    made = make_links(homes, until=now + FAMILY_LINK_LASTS, about=about, by=by.actor, now=now)
    return [(link.household, token_of(link.pk)) for link in made]


@transaction.atomic
def burn_links_of(*, household: Household, by: User, now: datetime, only: FamilyLink | None = None) -> int:
    """Burn every link of a household, or one of them. Answers how many it were."""
    check_change_people(by.roles)
    links = FamilyLink.objects.filter(household=household)
    return _burn(
        links.filter(pk=only.pk) if only is not None else links, f"household:{household.pk}", by, now
    )


@transaction.atomic
def burn_links_of_class(*, school_class: SchoolClass, by: User, now: datetime) -> int:
    """Burn every link of every family with a child in the class. Answers how many it were."""
    check_change_people(by.roles)
    homes = households_in([school_class]).order_by().values("pk")
    return _burn(FamilyLink.objects.filter(household__in=homes), f"class:{school_class.pk}", by, now)


def _burn(links: QuerySet[FamilyLink], subject: str, by: User, now: datetime) -> int:
    number = links.filter(burned_at=None, expires_at__gt=now).update(burned_at=now)
    record("people.family_links.burned", by=by.actor, subject=subject, now=now, number=number)
    return number


def may_have_link(household: Household, now: datetime) -> bool:
    """Whether there is a child here, and an adult whom nothing forbids to have a link."""
    here = household.pupils.filter(left_at=None).exists()
    return here and bool(adults_to_write_to(household, timezone.localtime(now).date()))
