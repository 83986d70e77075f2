"""Questions about people."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from circletime.core.languages import ENGLISH, LANGUAGES, Language, known
from circletime.core.sentences import sentences
from circletime.people.models import (
    Adult,
    ContactRestriction,
    FamilyLink,
    Household,
    Pupil,
    School,
    SchoolClass,
    TranslationReview,
    User,
)
from circletime.people.rules import HOSTS, Role, can_change_class_password, can_see_class, folded


def get_school() -> School:
    """The one school; made with an invented name when there is none yet."""
    school, _ = School.objects.get_or_create(pk=1, defaults={"name": "Our school"})
    return school


def find_account(email: str) -> User | None:
    """The account this address signs in with, or None where there is none or it was switched off."""
    return User.objects.filter(email=email.strip().lower(), is_active=True).first()


def list_active_with(roles: Set[Role]) -> list[User]:
    """Everybody who holds one of these roles and may sign in."""
    found = User.objects.filter(is_active=True, rolegrant__role__in=roles).distinct()
    return list(found.order_by("pk"))


def list_classes_for(user: User) -> list[SchoolClass]:
    """The classes `user` looks after: their own, or all for the office and the head. No closed ones."""
    if can_see_class(user.roles, on_its_staff=False):
        return list(SchoolClass.objects.filter(closed_at=None))
    own = can_see_class(user.roles, on_its_staff=True)
    return list(user.classes.filter(closed_at=None)) if own else []


def is_on_staff(user: User, school_class: SchoolClass) -> bool:
    """Whether `user` is on the staff list of this class."""
    return school_class.staff.filter(pk=user.pk).exists()


def can_change_password(user: User, school_class: SchoolClass) -> bool:
    """Whether `user` may give this class a new ID and password, as it stands now."""
    return can_change_class_password(user.roles, on_its_staff=is_on_staff(user, school_class))


def find_class(join_id: str, password: str) -> SchoolClass | None:
    """The class that both words belong to, or None. Does the same work whether or not the ID exists."""
    typed_id = "".join(join_id.split()).lower()
    typed_password = "".join(password.split()).lower()
    found = SchoolClass.objects.filter(join_id=typed_id, closed_at=None).first()
    wanted = found.password if found else "no-such-class-password"
    right = hmac.compare_digest(typed_password.encode(), wanted.encode())
    return found if found and right else None


def find_class_again(pk: int, password: str) -> SchoolClass | None:
    """The class somebody has shown the password of before, unless it was changed meanwhile."""
    return SchoolClass.objects.filter(pk=pk, password=password, closed_at=None).first()


def match_pupils(pupils: list[Pupil], first_name: str, last_name: str = "") -> list[Pupil]:
    """Those of `pupils` whose first name was typed (P7), told apart by last name where one was given."""
    wanted, family = folded(first_name), folded(last_name)
    found = [
        pupil for pupil in pupils if wanted and wanted in (folded(pupil.first_name), folded(pupil.label))
    ]
    if len(found) > 1 and family:
        found = [pupil for pupil in found if folded(pupil.last_name) == family]
    return found


def token_hash(token: str) -> str:
    """How a family link's token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_link(hashed: str) -> FamilyLink | None:
    """The family link whose token has this hash, whether or not it works any more; or None."""
    return FamilyLink.objects.select_related("household").filter(token_hash=hashed).first()


def list_classes_of(household: Household) -> list[SchoolClass]:
    """The classes this household has children in."""
    mine = household.pupils.filter(left_at=None)
    return list(SchoolClass.objects.filter(pupil__in=mine, closed_at=None).distinct())


def pupils_in(school_class: SchoolClass) -> QuerySet[Pupil]:
    """The children of a class, without those who left the school."""
    return Pupil.objects.filter(school_class=school_class, left_at=None)


def adults_in(household: Household) -> list[Adult]:
    """The adults of a household, without those the school does not know any more."""
    return list(household.adults.filter(left_at=None).order_by("name", "pk"))


def households_in(classes: list[SchoolClass]) -> QuerySet[Household]:
    """The households with a child in one of these classes, by name."""
    there = Pupil.objects.filter(school_class__in=classes, left_at=None)
    return Household.objects.filter(pupils__in=there).distinct().order_by("name")


def adults_of(pupil: Pupil) -> list[Adult]:
    """The adults of every household this child belongs to. A leaver's are who they were at the time."""
    found = Adult.objects.filter(households__pupils=pupil)
    if pupil.left_at is None:
        found = found.filter(left_at=None)
    return list(found.distinct().order_by("name", "pk"))


def restrictions_on(pupil: Pupil, today: date) -> list[ContactRestriction]:
    """The contact restrictions that hold for this child on this day, the newest first."""
    found = _in_force(today).filter(pupil=pupil)
    return list(found.select_related("adult", "household", "noted_by"))


def adults_to_write_to(household: Household, today: date) -> list[Adult]:
    """The adults of a household who may get its link: nobody whom a contact restriction names.

    None at all where one is about the household, or about everybody: then a person has to decide.
    """
    return adults_to_write_to_each([household], today)[household.pk]


def adults_to_write_to_each(households: Iterable[Household], today: date) -> dict[int, list[Adult]]:
    """The same for many households, by their keys."""
    found: dict[int, list[int]] = {each.pk: [] for each in households}
    noted = _in_force(today).filter(pupil__households__in=found)
    shut: set[int] = set()
    named: set[tuple[int, int]] = set()
    for home, about, adult in noted.values_list("pupil__households", "household", "adult"):
        if adult is not None:
            named.add((home, adult))
        elif about in (None, home):
            shut.add(home)
    members = Adult.households.through.objects.filter(household__in=found, adult__left_at=None)
    for home, adult in members.values_list("household", "adult"):
        if home not in shut and (home, adult) not in named:
            found[home].append(adult)
    adults = {
        each.pk: each for each in Adult.objects.filter(pk__in={a for own in found.values() for a in own})
    }
    return {
        home: sorted((adults[pk] for pk in own), key=lambda each: (each.name, each.pk))
        for home, own in found.items()
    }


def _in_force(today: date) -> QuerySet[ContactRestriction]:
    lasting = Q(until=None) | Q(until__gte=today)
    return ContactRestriction.objects.filter(lasting, ended_at=None, since__lte=today)


def restrictions_in(household: Household, today: date) -> list[ContactRestriction]:
    """The contact restrictions that hold for the children of a household."""
    noted = _in_force(today).filter(pupil__households=household)
    return list(noted.select_related("pupil", "adult", "household").distinct())


def list_restrictions() -> list[ContactRestriction]:
    """Every contact restriction that was ever noted, the newest first."""
    related = ("pupil__school_class", "adult", "household", "noted_by", "ended_by")
    return list(ContactRestriction.objects.select_related(*related))


def get_restriction(public_id: str) -> ContactRestriction | None:
    """The contact restriction of this name, or None."""
    return ContactRestriction.objects.filter(public_id=public_id).first()


def reviews_of(language: str) -> dict[str, TranslationReview]:
    """The ticks of a language, by the sentence; each may be of other words than stand there now."""
    return {
        one.sentence: one for one in TranslationReview.objects.filter(language=language).select_related("by")
    }


def count_unreviewed(language: str) -> int:
    """How many translations of a language nobody who reads it has found right as they are."""
    ticked = set(TranslationReview.objects.filter(language=language).values_list("sentence", "said"))
    return sum((one.key, one.said) not in ticked for one in sentences(language))


def find_unreviewed(language: str) -> Language | None:
    """The language, where some of its translations are a machine's that nobody has found right yet."""
    one = LANGUAGES.get(known(language), ENGLISH)
    return one if one is not ENGLISH and count_unreviewed(one.code) else None


def count_adults_by_language() -> dict[str, int]:
    """How many adults of the roster read each language."""
    return dict(
        Adult.objects.filter(left_at=None)
        .values_list("language")
        .annotate(number=Count("pk"))
        .values_list("language", "number")
    )


@dataclass(frozen=True)
class Hit:
    """Somebody whose name was looked for; `kind` names the page about them."""

    kind: str
    pk: int
    words: str
    where: str


MOST_FOUND = 50


def search(text: str) -> tuple[list[Hit], bool]:
    """Children, adults, households and staff in whose names every word of `text` stands, case and accents
    forgiven; and whether there are more than are answered."""
    wanted = [word for word in (folded(each) for each in text.split()) if word]
    if not wanted:
        return [], False
    found = [hit for hit in _everybody() if all(word in folded(hit.words) for word in wanted)]
    return found[:MOST_FOUND], len(found) > MOST_FOUND


def _everybody() -> Iterator[Hit]:
    pupils = Pupil.objects.order_by("last_name", "first_name", "pk")
    for pk, first, last, mark, name, left in pupils.values_list(
        "pk", "first_name", "last_name", "mark", "school_class__name", "left_at"
    ):
        label = f"{first} {last} ({mark})" if mark else f"{first} {last}"
        yield Hit("people-pupil", pk, label, "Left the school" if left is not None else f"Child, {name}")
    for pk, name in Household.objects.filter(erased_at=None).order_by("name", "pk").values_list("pk", "name"):
        yield Hit("people-household", pk, name, "Household")
    for pk, name, left in Adult.objects.order_by("name", "pk").values_list("pk", "name", "left_at"):
        yield Hit("people-adult", pk, name, "Adult" if left is None else "Adult, off the list")
    for pk, name in User.objects.filter(erased_at=None).order_by("name", "pk").values_list("pk", "name"):
        yield Hit("people-staff-one", pk, name, "Staff")


def count_by_class() -> list[tuple[SchoolClass, int]]:
    """Every class that is open, with the number of its children."""
    here = Count("pupil", filter=Q(pupil__left_at=None))
    return [
        (each, each.children) for each in SchoolClass.objects.filter(closed_at=None).annotate(children=here)
    ]


def list_households() -> list[Household]:
    """Every household, by name."""
    return list(Household.objects.filter(erased_at=None).order_by("name", "pk"))


def list_hosts() -> list[User]:
    """Everybody at work who may look after a class."""
    return list(
        User.objects.filter(is_active=True, rolegrant__role__in=HOSTS).distinct().order_by("name", "pk")
    )


def list_staff() -> list[tuple[User, str]]:
    """Every account with its roles in words, those that are switched off last."""
    found = (
        User.objects.filter(erased_at=None)
        .prefetch_related("rolegrant_set")
        .order_by("-is_active", "name", "pk")
    )
    return [(user, ", ".join(sorted(Role(g.role).words for g in user.rolegrant_set.all()))) for user in found]


def list_links(household: Household, now: datetime) -> list[FamilyLink]:
    """The links of a household that work, the newest first."""
    working = FamilyLink.objects.filter(household=household, burned_at=None, expires_at__gt=now)
    return list(working.order_by("-expires_at", "pk"))


def families_without_email(school_class: SchoolClass) -> list[Household]:
    """The households of a class where no adult has an e-mail address."""
    reached = Adult.objects.filter(households=OuterRef("pk"), left_at=None).exclude(email="")
    return list(households_in([school_class]).exclude(Exists(reached)))


def families_without_link(school_class: SchoolClass, now: datetime) -> list[Household]:
    """The households of a class that get no link: a contact restriction is noted, or no adult known."""
    homes = list(households_in([school_class]))
    reached = adults_to_write_to_each(homes, timezone.localtime(now).date())
    return [each for each in homes if not reached[each.pk]]
