"""What may be changed about people and classes."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from circletime.audit.actions import record
from circletime.people.models import (
    FamilyLink,
    Household,
    SchoolClass,
    User,
    new_class_password,
    new_join_id,
)
from circletime.people.queries import is_on_staff, token_hash
from circletime.people.rules import check_change_class_password

FAMILY_LINK_LASTS = timedelta(days=120)


@transaction.atomic
def change_class_password(*, school_class: SchoolClass, by: User, now: datetime) -> SchoolClass:
    """Give the class a new ID and password at once (T6). The old ones stop working."""
    locked = SchoolClass.objects.select_for_update().get(pk=school_class.pk)
    check_change_class_password(by.roles, on_its_staff=is_on_staff(by, locked))
    locked.join_id, locked.password = new_join_id(), new_class_password()
    locked.save(update_fields=["join_id", "password"])
    record("people.class.password_changed", by=by.actor, subject=f"class:{locked.pk}", now=now)
    return locked


@transaction.atomic
def make_family_link(*, household: Household, by: str, now: datetime) -> str:
    """A new personal link for a household; answers the token, which is not kept."""
    token = secrets.token_urlsafe(24)
    link = FamilyLink.objects.create(
        household=household, token_hash=token_hash(token), expires_at=now + FAMILY_LINK_LASTS
    )
    record("people.family_link.made", by=by, subject=f"link:{link.pk}", now=now)
    return token
