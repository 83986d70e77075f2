"""Links of those who may not be told of a child any more."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from circletime.audit.actions import record
from circletime.dispatch.models import Delivery
from circletime.people.models import ContactRestriction, FamilyLink, User


@transaction.atomic
def burn_links(*, restriction: ContactRestriction, by: User, now: datetime) -> int:
    """A contact restriction was noted: links it is about, from letters about this child, open nothing more.

    Who may still be written to about another child has a new one with the next letter. Answers how many.
    """
    rows = Delivery.objects.filter(pupils=restriction.pupil, link__isnull=False)
    if restriction.adult is not None:
        whose = Q(adult=restriction.adult)
        if restriction.adult.email:
            whose |= Q(adult__email__iexact=restriction.adult.email)
        rows = rows.filter(whose)
    elif restriction.household is not None:
        rows = rows.filter(household=restriction.household)
    alive = FamilyLink.objects.filter(pk__in=rows.values("link"), burned_at=None)
    number = alive.update(burned_at=now)
    if number:
        record("dispatch.links.burned", by=by.actor, subject=restriction.subject, now=now, number=number)
    return number
