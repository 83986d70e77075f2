"""Who goes together, and who has left: the people that an erasure is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from circletime.people.models import Adult, Household, Pupil, User

Person = Pupil | Adult | User


@dataclass(frozen=True)
class Family:
    """Who is erased together: with a family's last child its households, and adults with no other child."""

    pupils: tuple[Pupil, ...] = ()
    adults: tuple[Adult, ...] = ()
    households: tuple[Household, ...] = ()
    users: tuple[User, ...] = ()

    @property
    def people(self) -> list[Person]:
        """All of them, the households aside."""
        return [*self.pupils, *self.adults, *self.users]


def find_person(sort: str, pk: int, *, lock: bool = False) -> Person | None:
    """The child, adult or member of staff with this number, held until the transaction ends where asked."""
    if sort == "child":
        return (Pupil.objects.select_for_update() if lock else Pupil.objects).filter(pk=pk).first()
    if sort == "adult":
        return (Adult.objects.select_for_update() if lock else Adult.objects).filter(pk=pk).first()
    return (User.objects.select_for_update() if lock else User.objects).filter(pk=pk).first()


def sort_of(person: Person) -> str:
    """As the pages call it: child, adult or staff."""
    if isinstance(person, User):
        return "staff"
    return "child" if isinstance(person, Pupil) else "adult"


def name_of(person: Person) -> str:
    """In words for staff."""
    return f"{person.label} {person.last_name}" if isinstance(person, Pupil) else person.name


def subject_of(person: Person | Household) -> str:
    """As the log names them."""
    return f"{type(person).__name__.lower()}:{person.pk}"


def goes_with(person: Person) -> Family:
    """This person, and who has no reason to stay without them."""
    if isinstance(person, User):
        return Family(users=(person,))
    if isinstance(person, Adult):
        homes = [home for home in person.households.order_by("pk") if _is_empty(home, but_adult=person)]
        return Family(adults=(person,), households=tuple(homes))
    homes = [h for h in person.households.order_by("pk") if not h.pupils.exclude(pk=person.pk).exists()]
    ours = {home.pk for home in homes}
    adults = [
        adult
        for adult in Adult.objects.filter(households__in=homes).distinct().order_by("pk")
        if set(adult.households.values_list("pk", flat=True)) <= ours
    ]
    # A household stays where an adult of it does, who belongs to another child as well.
    kept = set(
        Household.objects.filter(
            pk__in=ours, adults__in=Adult.objects.exclude(pk__in=[a.pk for a in adults])
        ).values_list("pk", flat=True)
    )
    return Family((person,), tuple(adults), tuple(home for home in homes if home.pk not in kept))


def _is_empty(home: Household, *, but_adult: Adult) -> bool:
    return not home.pupils.exists() and not home.adults.exclude(pk=but_adult.pk).exists()


def is_here(person: Person) -> bool:
    """Whether they belong to the school now. An adult does with a child, until taken off the list."""
    if isinstance(person, User):
        return person.is_active
    if isinstance(person, Adult):
        return (
            person.left_at is None
            and Pupil.objects.filter(households__in=person.households.all(), left_at=None).exists()
        )
    return person.left_at is None


def pupils_that_left(before: datetime) -> QuerySet[Pupil]:
    """Children who left before a moment."""
    return Pupil.objects.filter(left_at__lt=before).order_by("left_at", "pk")


def adults_that_left(before: datetime) -> QuerySet[Adult]:
    """Adults taken off the list before a moment. Who was not goes with their last child."""
    return Adult.objects.filter(left_at__lt=before).order_by("left_at", "pk")


def accounts_that_left(before: datetime) -> QuerySet[User]:
    """Accounts switched off before a moment, whose names are still there."""
    return User.objects.filter(is_active=False, erased_at=None, off_at__lt=before).order_by("pk")


def addresses_of(people: Iterable[Adult | User]) -> list[str]:
    """Their addresses, without those that somebody else has who stays."""
    every = list(people)
    wanted = {each.email for each in every if each.email}
    adults = [each.pk for each in every if isinstance(each, Adult)]
    users = [each.pk for each in every if isinstance(each, User)]
    shared = set(
        Adult.objects.filter(email__in=wanted).exclude(pk__in=adults).values_list("email", flat=True)
    )
    shared |= set(User.objects.filter(email__in=wanted).exclude(pk__in=users).values_list("email", flat=True))
    return sorted(wanted - shared)
