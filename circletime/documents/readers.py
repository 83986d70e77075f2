"""Who has read a document and who has not: for the office's page, its reminders and its CSV."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet

from circletime.documents.models import Acceptance, Reminder, Version
from circletime.documents.queries import holds_for
from circletime.documents.rules.kinds import Audience, Way
from circletime.people.models import Adult, Household, Pupil, SchoolClass, User
from circletime.people.rules import Role

WAYS = {way.value: way.words for way in Way}


@dataclass(frozen=True)
class Said:
    """When and how somebody said it: the way in words, which adult of a family, and who noted a slip."""

    at: datetime
    way: str
    adult: str
    noted_by: str


@dataclass(frozen=True)
class Reader:
    """One person, or one family, and whether they have said that they read it."""

    name: str
    said: Said | None
    user: User | None = None
    household: Household | None = None


@dataclass
class Part:
    """Those of one class, or the staff, or the governors."""

    title: str
    readers: list[Reader] = field(default_factory=list)

    @property
    def read(self) -> int:
        return sum(reader.said is not None for reader in self.readers)

    @property
    def waiting(self) -> list[Reader]:
        return [reader for reader in self.readers if reader.said is None]


@dataclass(frozen=True)
class Count:
    """How many of how many have read a version."""

    read: int
    of: int

    @property
    def missing(self) -> int:
        return self.of - self.read


def asked_users(version: Version) -> list[User]:
    """Who signs in and is asked to read this version."""
    whom = Q(pk__in=[])
    if Audience.STAFF in version.audiences:
        whom |= Q(rolegrant__role__in=[role for role in Role if role != Role.GOVERNOR])
    if Audience.GOVERNORS in version.audiences:
        whom |= Q(rolegrant__role=Role.GOVERNOR)
    return list(User.objects.filter(whom, is_active=True).distinct().order_by("name", "pk"))


def asked_households(version: Version) -> list[Household]:
    """The families that are asked: those with a child here."""
    return list(_homes(version).order_by("name", "pk"))


def _homes(version: Version) -> QuerySet[Household]:
    if Audience.HOUSEHOLDS not in version.audiences:
        return Household.objects.none()
    return Household.objects.filter(pupils__in=_here()).distinct()


def _here() -> QuerySet[Pupil]:
    return Pupil.objects.filter(left_at=None)


def _key(user: int | None, household: int | None) -> tuple[str, int]:
    return ("user", user) if user is not None else ("household", household or 0)


def _said(version: Version) -> dict[tuple[str, int], Said]:
    # Values, not rows with their people: a school has a thousand, and the page is asked for often.
    whose, what = ("user_id", "household_id"), ("at", "way", "adult__name", "noted_by__name")
    found = Acceptance.objects.filter(holds_for(version)).values_list(*whose, *what)
    said: dict[tuple[str, int], Said] = {}
    for user, household, at, way, adult, noted_by in found:
        said.setdefault(_key(user, household), Said(at, WAYS[way], adult or "", noted_by or ""))
    return said


def _who_said(version: Version) -> set[tuple[str, int]]:
    found = Acceptance.objects.filter(holds_for(version)).values_list("user_id", "household_id")
    return {_key(user, household) for user, household in found}


def parts(version: Version) -> list[Part]:
    """Everybody who is asked, the staff first, then class by class; a family in each of its classes."""
    said = _said(version)
    users = asked_users(version)
    found = [Part("Staff and governors", [Reader(u.name, said.get(("user", u.pk)), user=u) for u in users])]
    if Audience.HOUSEHOLDS in version.audiences:
        found += _by_class(said)
    return [part for part in found if part.readers]


def _by_class(said: dict[tuple[str, int], Said]) -> list[Part]:
    homes: dict[int, set[Household]] = defaultdict(set)
    every = Household.objects.in_bulk()
    lives = Pupil.households.through.objects.filter(pupil__in=_here())
    for place, household in lives.values_list("pupil__school_class_id", "household_id"):
        homes[place].add(every[household])
    found = []
    for school_class in SchoolClass.objects.all():
        mine = sorted(homes[school_class.pk], key=lambda each: (each.name.casefold(), each.pk))
        readers = [Reader(h.name, said.get(("household", h.pk)), household=h) for h in mine]
        found.append(Part(school_class.name, readers))
    return found


def count(version: Version) -> Count:
    """How many people and families are asked, and how many of them have read it."""
    said = _who_said(version)
    keys = [("user", user.pk) for user in asked_users(version)]
    keys += [("household", household) for household in _homes(version).values_list("pk", flat=True)]
    return Count(sum(key in said for key in keys), len(keys))


def waiting_people(version: Version) -> tuple[list[User], list[Adult]]:
    """Whom a reminder goes to: staff and governors, and every adult of a family, that have not read it."""
    said = _who_said(version)
    users = [user for user in asked_users(version) if ("user", user.pk) not in said]
    homes = [home.pk for home in asked_households(version) if ("household", home.pk) not in said]
    return users, list(Adult.objects.filter(households__in=homes, left_at=None).order_by("pk").distinct())


@dataclass(frozen=True)
class Progress:
    """How far the worker is with the reminders of a version."""

    done: int
    sent: int
    of: int

    @property
    def running(self) -> bool:
        return self.done < self.of

    @property
    def percent(self) -> int:
        return 100 * self.done // self.of if self.of else 100


def progress(version: Version) -> Progress | None:
    """The reminders that were asked for last, or None where none ever were."""
    last = Reminder.objects.filter(version=version).order_by("-asked_at").first()
    if last is None:
        return None
    rows = Reminder.objects.filter(version=version, asked_at=last.asked_at)
    return Progress(rows.exclude(done_at=None).count(), rows.filter(sent=True).count(), rows.count())
