"""Erasing a person everywhere at once. The log keeps numbers, and stays whole (ADR 31)."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from circletime.access.actions import emptying as requests
from circletime.access.models import Case
from circletime.access.rules.case import OVER
from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.dispatch.actions.emptying import count_before
from circletime.dispatch.models import Delivery
from circletime.documents.models import Acceptance
from circletime.meetings.actions.emptying import take_out_of_registers
from circletime.meetings.models import Meeting
from circletime.notices.actions import empty_letters_to
from circletime.oversight.actions.emptying import empty_exception, empty_incident
from circletime.oversight.models import RuleException
from circletime.people.actions.erasing import erase_account, erase_adult, erase_household, erase_pupil
from circletime.people.models import Adult, Household, Pupil, User
from circletime.protection.queries.people import (
    Family,
    Person,
    addresses_of,
    find_person,
    goes_with,
    sort_of,
    subject_of,
)
from circletime.protection.queries.standing import against, concerns_about, incidents_about
from circletime.protection.queries.telling import meetings_told, of_meetings
from circletime.protection.rules import (
    Ground,
    check_confirmed,
    check_ground,
    check_handed_on,
    check_nothing_against,
    check_protects,
)

KEPT_LONG_ENOUGH = "kept long enough"
"""The worker's ground: the school's own time is over."""


@transaction.atomic
def erase_person(
    *, person: Person, ground: str, confirmed: bool, handed_on: bool, by: User, now: datetime
) -> dict[str, int]:
    """Headteacher or safeguarding lead erase somebody who left, for a ground of a list.

    `handed_on` is the safeguarding lead's word that what concerns the child's safety went to the next school.
    Raises `Refused` with what stands against it. Answers how much of each sort was emptied.
    """
    check_protects(by.roles)
    if isinstance(person, User) and person.pk == by.pk:
        raise NotAllowed("Nobody erases their own account.")
    chosen = check_ground(ground)
    check_confirmed(confirmed)
    family = _lock(person)
    check_nothing_against(against(family, timezone.localtime(now).date()))
    concerns = sum(len(concerns_about(each)) for each in family.people)
    check_handed_on(by.roles, concerns=concerns, handed_on=handed_on)
    return _erase(family, subject_of(person), chosen, by=by.actor, now=now, concerns=concerns)


@transaction.atomic
def erase_leaver(*, person: Person, by: str, now: datetime) -> bool:
    """The worker erases somebody whose time is over. Answers whether it could.

    Anything against it, and any incident that still names them, waits: a later day tries again.
    """
    family = _lock(person)
    named = any(incidents_about(each) for each in family.people)
    if named or against(family, timezone.localtime(now).date()):
        return False
    _erase(family, subject_of(person), KEPT_LONG_ENOUGH, by=by, now=now)
    return True


def _lock(person: Person) -> Family:
    """The person as it is now, held until the transaction ends, and who goes with them."""
    fresh = find_person(sort_of(person), person.pk, lock=True)
    if fresh is None:
        raise Refused("gone", "They were erased already.")
    return goes_with(fresh)


def _erase(
    family: Family, subject: str, ground: Ground | str, *, by: str, now: datetime, concerns: int = 0
) -> dict[str, int]:
    counts: Counter[str] = Counter()
    people = family.people
    joined, off = of_meetings(meetings_told(family))
    count_before(joined=joined, off=off, now=now)
    counts["letters"] = empty_letters_to(
        addresses=addresses_of([*family.adults, *family.users]), by=by, now=now
    )
    for person in people:
        counts["meetings"] += take_out_of_registers(person=person, by=by, now=now)
        counts["incidents"] += sum(
            empty_incident(incident=each, by=by, now=now) for each in incidents_about(person)
        )
        counts["requests"] += sum(
            requests.empty(case=each, by=by, now=now, erased=True) for each in _cases(person)
        )
        counts["accepted"] += _acceptances(person)
    for user in family.users:
        for exception in RuleException.objects.filter(asked_by=user, emptied_at=None).order_by("pk"):
            counts["exceptions"] += empty_exception(exception=exception, by=by, now=now)
        erase_account(user=user, by=by, now=now)
    for pupil in family.pupils:
        counts["told"] += Delivery.pupils.through.objects.filter(pupil_id=pupil.pk).count()
        erase_pupil(pupil=pupil, by=by, now=now)
    for adult in family.adults:
        counts["told"] += Delivery.objects.filter(adult=adult).count()
        erase_adult(adult=adult, by=by, now=now)
    for home in family.households:
        counts["accepted"] += Acceptance.objects.filter(household=home).delete()[0]
        Delivery.objects.filter(household=home).delete()
        erase_household(household=home, named=_named(home), by=by, now=now)
    counts["households"], counts["people"] = len(family.households), len(people)
    counts["concerns_handed_on"] = concerns
    found: dict[str, Any] = {name: number for name, number in sorted(counts.items()) if number}
    record("protection.person.erased", by=by, subject=subject, now=now, ground=str(ground), **found)
    return found


def _cases(person: Person) -> list[Case]:
    over = Case.objects.filter(state__in=OVER, emptied_at=None)
    if isinstance(person, Pupil):
        return list(over.filter(pupil=person).order_by("pk"))
    if isinstance(person, Adult):
        theirs = Q(asker=person)
        if person.email:
            theirs |= Q(asker=None, asker_email__iexact=person.email)
        return list(over.filter(theirs).order_by("pk"))
    return []


def _acceptances(person: Person) -> int:
    """What they accepted themselves. What an adult said for a household stays the household's."""
    if isinstance(person, Adult):
        return 0
    whose = {type(person).__name__.lower(): person}
    return Acceptance.objects.filter(**whose).delete()[0]


def _named(home: Household) -> bool:
    """Whether a meeting was held for it, whose row needs the household's."""
    return Meeting.objects.filter(household=home).exists()
