"""The rows of a person, taken away for good. Whoever calls has emptied first what points to them.

Children and adults are deleted; their numbers are not given again, and the log has nothing but those numbers.
An account stays as a number without a name, because it is what did things.
"""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import (
    Adult,
    ContactRestriction,
    FamilyLink,
    Household,
    MailCode,
    PasswordAsk,
    Pupil,
    RoleGrant,
    RosterBefore,
    RosterImport,
    RosterOdd,
    RosterSaid,
    User,
)

WHO_LEFT = "A colleague who left"
FAMILY_THAT_LEFT = "A family that left"


@transaction.atomic
def erase_pupil(*, pupil: Pupil, by: str, now: datetime) -> None:
    """The child's row, and the contact restrictions for the child."""
    _forget_roster("pupil", pupil.source_id)
    ContactRestriction.objects.filter(pupil=pupil).delete()
    number = pupil.pk
    Pupil.objects.filter(pk=number).delete()
    record("people.pupil.erased", by=by, subject=f"pupil:{number}", now=now)


@transaction.atomic
def erase_adult(*, adult: Adult, by: str, now: datetime) -> None:
    """The adult's row, contact restrictions about them, and sign-ins by e-mail."""
    _forget_roster("adult", adult.source_id)
    if adult.email and not Adult.objects.filter(email=adult.email).exclude(pk=adult.pk).exists():
        MailCode.objects.filter(email=adult.email.lower()).delete()
    number = adult.pk
    Adult.objects.filter(pk=number).delete()
    record("people.adult.erased", by=by, subject=f"adult:{number}", now=now)


@transaction.atomic
def erase_household(*, household: Household, named: bool, by: str, now: datetime) -> None:
    """The household's row; where a meeting was held for it (`named`), a row without name and links stays."""
    if household.pupils.exists() or household.adults.exists():
        raise Refused("people", "Somebody belongs to this household.")
    number = household.pk
    if named:
        FamilyLink.objects.filter(household=household).delete()
        ContactRestriction.objects.filter(household=household).delete()
        Household.objects.filter(pk=number).update(name=FAMILY_THAT_LEFT, erased_at=now)
    else:
        Household.objects.filter(pk=number).delete()
    record("people.household.erased", by=by, subject=f"household:{number}", now=now)


@transaction.atomic
def erase_account(*, user: User, by: str, now: datetime) -> None:
    """Name, address, password, roles and classes of an account. Raises `Refused` while it may sign in."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.is_active:
        raise Refused("on", "This account is switched on.")
    _forget_roster("staff", locked.source_id)
    PasswordAsk.objects.filter(email=locked.email).delete()
    for way_in in (EmailAddress, Authenticator, SocialAccount):
        way_in.objects.filter(user_id=locked.pk).delete()
    RoleGrant.objects.filter(user=locked).delete()
    locked.classes.clear()
    locked.name, locked.email, locked.source_id = WHO_LEFT, f"erased-{locked.pk}@erased.invalid", ""
    locked.password, locked.last_login, locked.erased_at = make_password(None), None, now
    locked.save()
    record("people.account.erased", by=by, subject=locked.actor, now=now)


def _forget_roster(kind: str, source_id: str) -> None:
    """What the school's own system said of them, and with it the way back behind the last import."""
    if source_id:
        RosterSaid.objects.filter(kind=kind, source_id=source_id).delete()
    RosterBefore.objects.all().delete()
    RosterOdd.objects.all().delete()
    RosterImport.objects.filter(state="applied").update(state="earlier")
