"""Questions about people."""

import hashlib
import hmac
from collections.abc import Set
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

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
from circletime.people.rules import Role, can_change_class_password, can_see_class, folded


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


def find_household(hashed: str, now: datetime) -> Household | None:
    """The household whose link, unexpired and unburned, has a token with this hash; or None.

    Nothing is found for a household with no child at the school any more.
    """
    link = (
        FamilyLink.objects.select_related("household")
        .filter(token_hash=hashed, burned_at=None, expires_at__gt=now)
        .filter(Exists(Pupil.objects.filter(households=OuterRef("household"), left_at=None)))
        .first()
    )
    return link.household if link else None


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
    in_force = Q(until=None) | Q(until__gte=today)
    found = ContactRestriction.objects.filter(in_force, pupil=pupil, ended_at=None, since__lte=today)
    return list(found.select_related("adult", "household", "noted_by"))


def adults_to_write_to(household: Household, today: date) -> list[Adult]:
    """The adults of a household who may get its link: nobody whom a contact restriction names.

    None at all where one is about the household, or about everybody: then a person has to decide.
    """
    in_force = Q(until=None) | Q(until__gte=today)
    noted = ContactRestriction.objects.filter(
        in_force, pupil__households=household, ended_at=None, since__lte=today
    )
    if noted.filter(Q(household=household) | Q(household=None, adult=None)).exists():
        return []
    named = noted.exclude(adult=None).values("adult")
    return list(household.adult_set.exclude(pk__in=named).order_by("name", "pk"))


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


def count_adults_by_language() -> dict[str, int]:
    """How many adults of the roster read each language."""
    return dict(
        Adult.objects.filter(left_at=None)
        .values_list("language")
        .annotate(number=Count("pk"))
        .values_list("language", "number")
    )
