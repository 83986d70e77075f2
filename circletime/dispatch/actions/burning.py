"""Links of those who may not be told of a child any more."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from circletime.audit.actions import record
from circletime.dispatch.models import Delivery
from circletime.notices.models import Letter
from circletime.notices.rules import Kind
from circletime.people import links
from circletime.people.models import ContactRestriction, FamilyLink, User


@transaction.atomic
def burn_links(*, restriction: ContactRestriction, by: User, now: datetime) -> int:
    """A contact restriction was noted: links it is about, from letters about this child, open nothing more.

    Who may still be written to about another child has a new one with the next letter. Answers how many.
    """
    rows = Delivery.objects.filter(pupils=restriction.pupil, link__isnull=False)
    if restriction.adult is not None:
        theirs = Q(adult=restriction.adult)
        if restriction.adult.email:
            theirs |= Q(adult__email__iexact=restriction.adult.email)
        rows = rows.filter(theirs)
    elif restriction.household is not None:
        rows = rows.filter(household=restriction.household)
    whose = Q(pk__in=rows.values("link")) | Q(pk__in=_mailed_anew(restriction))
    alive = FamilyLink.objects.filter(whose, burned_at=None)
    number = alive.update(burned_at=now)
    if number:
        record("dispatch.links.burned", by=by.actor, subject=restriction.subject, now=now, number=number)
    return number


def _mailed_anew(restriction: ContactRestriction) -> list[str]:
    """The names of the links that were mailed in place of burned ones, to whom this is about."""
    letters = Letter.objects.filter(kind=Kind.LINK)
    found = FamilyLink.objects.filter(household__pupils=restriction.pupil)
    if restriction.adult is not None:
        letters = letters.filter(to__iexact=restriction.adult.email)
    elif restriction.household is not None:
        found = found.filter(household=restriction.household)
    names = [name for text in letters.values_list("text", flat=True) for name in links.names_in(text)]
    return list(found.filter(pk__in=names).values_list("pk", flat=True))
