"""Accounts of staff and governors, and the roles they hold."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.addresses import check_address
from circletime.core.errors import Refused
from circletime.people.actions import ask_for_password
from circletime.people.models import RoleGrant, School, User
from circletime.people.rules import (
    NEVER_WITHOUT,
    Role,
    check_change_people,
    check_give_roles,
    check_name,
    check_still_held,
)

LONGEST_NAME = 120


@transaction.atomic
def begin_school(*, school: str, name: str, email: str, by: str, now: datetime) -> User:
    """The school's name, and the first account of all: headteacher and office, without a password.

    Raises `Refused` once there is any account: from then on a person makes the others.
    """
    if User.objects.exists():
        raise Refused("begun", "This school has accounts already. Who has lost a password: sign-in link.")
    name_school(name=school, by=by, now=now)
    tidy = check_name(name, _ASK, field="name", most=LONGEST_NAME)
    made = User.objects.create_user(email=_free_address(email), name=tidy)
    roles = (Role.HEADTEACHER, Role.OFFICE)
    RoleGrant.objects.bulk_create(RoleGrant(user=made, role=role) for role in roles)
    record("people.staff.added", by=by, subject=made.actor, now=now)
    record("people.staff.roles", by=by, subject=made.actor, now=now, roles=sorted(roles))
    return made


@transaction.atomic
def name_school(*, name: str, by: str, now: datetime) -> str:
    """The name on every page and letter. Raises `Refused` where there is none in it."""
    ask = "Type the school's name as families know it, as: Larkfield Primary School."
    tidy = check_name(name, ask, field="school", most=LONGEST_NAME)
    School.objects.update_or_create(pk=1, defaults={"name": tidy})
    record("people.school.named", by=by, subject="school:1", now=now, name=tidy)
    return tidy


@transaction.atomic
def add_staff(*, name: str, email: str, by: User, now: datetime) -> User:
    """An account without a role and without a password; a link to set one is mailed to them."""
    check_change_people(by.roles)
    made = User.objects.create_user(
        email=_free_address(email), name=check_name(name, _ASK, field="name", most=LONGEST_NAME)
    )
    record("people.staff.added", by=by.actor, subject=made.actor, now=now)
    ask_for_password(email=made.email, now=now)
    return made


@transaction.atomic
def change_staff(*, user: User, name: str, email: str, by: User, now: datetime) -> User:
    """Another name or address. Who changes the address changes who gets in, so it is the headteacher's."""
    check_change_people(by.roles)
    locked = User.objects.select_for_update().get(pk=user.pk)
    address = _free_address(email, but=locked)
    if address != locked.email:
        check_give_roles(by.roles)
    locked.name, locked.email = check_name(name, _ASK, field="name", most=LONGEST_NAME), address
    locked.save(update_fields=["name", "email"])
    record("people.staff.changed", by=by.actor, subject=locked.actor, now=now)
    return locked


@transaction.atomic
def set_roles(*, user: User, roles: Iterable[str], by: User, now: datetime) -> None:
    """Exactly these roles. Nobody takes away the last headteacher, safeguarding lead or of the office."""
    check_give_roles(by.roles)
    # One at a time: two headteachers who take each other's role away must not both succeed.
    everybody = {each.pk: each for each in User.objects.select_for_update().order_by("pk")}
    locked, chosen = everybody[user.pk], {str(role) for role in roles}
    if not chosen <= set(Role):
        raise Refused("roles", "Choose from the roles there are.", field="roles", status=400)
    wanted = {Role(role) for role in chosen}
    for role in locked.roles - wanted:
        check_still_held(role, _others(role, locked))
    RoleGrant.objects.filter(user=locked).exclude(role__in=wanted).delete()
    held = set(RoleGrant.objects.filter(user=locked).values_list("role", flat=True))
    RoleGrant.objects.bulk_create(RoleGrant(user=locked, role=role) for role in sorted(wanted - held))
    record("people.staff.roles", by=by.actor, subject=locked.actor, now=now, roles=sorted(wanted))


@transaction.atomic
def switch_off(*, user: User, by: User, now: datetime) -> None:
    """They are out of every page at once. What they did stays written down."""
    check_change_people(by.roles)
    everybody = {each.pk: each for each in User.objects.select_for_update().order_by("pk")}
    locked = everybody[user.pk]
    if not locked.is_active:
        raise Refused("off", "This account is switched off already.")
    if locked.roles & {Role.HEADTEACHER, Role.DSL, Role.SLT}:
        check_give_roles(by.roles)
    for role in NEVER_WITHOUT:
        if role in locked.roles:
            check_still_held(role, _others(role, locked))
    User.objects.filter(pk=locked.pk).update(is_active=False, off_at=now, sessions_from=now)
    record("people.staff.switched_off", by=by.actor, subject=locked.actor, now=now)


@transaction.atomic
def switch_on(*, user: User, by: User, now: datetime) -> None:
    """They may sign in again, with the roles of before; so it is the headteacher's."""
    check_give_roles(by.roles)
    if User.objects.filter(pk=user.pk, erased_at__isnull=False).exists():
        raise Refused("erased", "This account was erased. Add a new one.")
    if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True, off_at=None):
        raise Refused("on", "This account is switched on.")
    record("people.staff.switched_on", by=by.actor, subject=user.actor, now=now)


@transaction.atomic
def invite_again(*, user: User, by: User, now: datetime) -> None:
    """Mail them a link to set a password once more."""
    check_change_people(by.roles)
    if not user.is_active:
        raise Refused("off", "This account is switched off.")
    ask_for_password(email=user.email, now=now)
    record("people.staff.invited", by=by.actor, subject=user.actor, now=now)


_ASK = "Type the name as everybody in a meeting sees it, as: Mrs Osei."


def _others(role: Role, user: User) -> int:
    return User.objects.filter(is_active=True, rolegrant__role=role).exclude(pk=user.pk).count()


def _free_address(email: str, but: User | None = None) -> str:
    address = check_address(email, name="email").lower()
    if User.objects.filter(email=address).first() not in (None, but):
        raise Refused("email", "Somebody signs in with this address already.", field="email", status=400)
    return address
