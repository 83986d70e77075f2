"""Where a class's school work goes on (R4)."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.dispatch.models import WorkPlace
from circletime.dispatch.rules import check_hand_out, check_work_address
from circletime.people.models import SchoolClass, User


@transaction.atomic
def set_work_address(*, school_class: SchoolClass, address: str, by: User, now: datetime) -> None:
    """Give the address that letters and the join page name; nothing takes it away."""
    check_hand_out(by.roles)
    tidy = check_work_address(address)
    if tidy:
        WorkPlace.objects.update_or_create(school_class=school_class, defaults={"address": tidy})
    else:
        WorkPlace.objects.filter(school_class=school_class).delete()
    record("dispatch.work_address.set", by=by.actor, subject=f"class:{school_class.pk}", now=now)
