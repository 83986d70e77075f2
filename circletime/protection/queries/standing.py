"""What stands against erasing somebody now, in plain sentences."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Q

from circletime.access.models import Case, Invitation
from circletime.access.rules.case import OVER as CASE_OVER
from circletime.meetings.models import Expected, Meeting, Seat
from circletime.meetings.rules import OVER as MEETING_OVER
from circletime.oversight.models import Incident, RuleException
from circletime.oversight.rules.incidents import Kind, State
from circletime.people.models import Adult, ContactRestriction, Household, Pupil, RosterImport, User
from circletime.people.roster.rules import UNSETTLED
from circletime.protection.queries.people import Family, Person, is_here, name_of
from circletime.recordings.models import Hold


def against(family: Family, today: date) -> list[str]:
    """Every reason why these people are not erased now; empty when there is none.

    A recording is no reason: it goes on its own day. One that is kept by a hold is.
    """
    found: list[str] = []
    for person in family.people:
        found += _of(person, today)
    found += [
        "A meeting is planned for their household. Cancel it first."
        for home in family.households
        if _planned(home)
    ]
    if RosterImport.objects.filter(state__in=UNSETTLED).exists():
        found.append("A roster is being brought in. Bring it in, or leave it, first.")
    return found


def _of(person: Person, today: date) -> Iterator[str]:
    name = name_of(person)
    if is_here(person):
        yield (
            f"{name} can still sign in. Switch the account off first."
            if isinstance(person, User)
            else f"{name} still belongs to the school. Write down first that they have left."
        )
    if isinstance(person, User) and person.erased_at is not None:
        yield "This account was erased already."
    if _in_a_meeting(person):
        yield f"{name} belongs to a meeting that is not over."
    if _held(person):
        yield f"A recording that {name} was in is kept by a hold. Somebody has to let it go first."
    if _asked(person):
        yield f"A request about {name}, or by them, is not answered yet."
    if open_incidents(person):
        yield f"An incident that concerns {name} is not closed."
    if isinstance(person, Adult) and _restricted(person, today):
        yield f"A contact restriction about {name} protects a child who is at the school."
    if isinstance(person, User) and RuleException.objects.filter(asked_by=person, granted=None).exists():
        yield f"{name} asked for an exception that nobody has answered."


def _whose(person: Person) -> dict[str, Person]:
    return {type(person).__name__.lower(): person}


def _in_a_meeting(person: Person) -> bool:
    going_on = [
        model.objects.filter(**_whose(person)).exclude(meeting__state__in=MEETING_OVER).exists()
        for model in (Seat, Expected)
    ]
    hosts = (
        isinstance(person, User)
        and Meeting.objects.filter(host=person).exclude(state__in=MEETING_OVER).exists()
    )
    return any(going_on) or hosts


def _planned(home: Household) -> bool:
    return Meeting.objects.filter(household=home).exclude(state__in=MEETING_OVER).exists()


def _held(person: Person) -> bool:
    """Staff host most of what is held; their account stays a number there, and the hold needs no name."""
    if isinstance(person, User):
        return False
    meetings = Seat.objects.filter(**_whose(person)).values("meeting")
    return Hold.objects.filter(released_at=None, recordings__meeting__in=meetings).exists()


def _asked(person: Person) -> bool:
    open_cases = Case.objects.exclude(state__in=CASE_OVER)
    if isinstance(person, Pupil):
        return open_cases.filter(pupil=person).exists()
    if isinstance(person, Adult):
        theirs = Q(asker=person)
        if person.email:
            theirs |= Q(asker=None, asker_email__iexact=person.email)
        return open_cases.filter(theirs).exists()
    waiting = Invitation.objects.filter(called_off_at=None, held_at=None, leader=person)
    return waiting.exclude(case__state__in=CASE_OVER).exists()


def incidents_about(person: Person) -> list[Incident]:
    """Incidents that name them and still have words, the closed ones included."""
    found = Incident.objects.filter(emptied_at=None)
    if isinstance(person, Pupil):
        return list(found.filter(pupil=person).order_by("pk"))
    if isinstance(person, User):
        return list(found.filter(staff=person).order_by("pk"))
    return []


def concerns_about(person: Person) -> list[Incident]:
    """Of these, the safeguarding concerns."""
    return [each for each in incidents_about(person) if each.kind == Kind.CONCERN]


def open_incidents(person: Person) -> bool:
    """Whether something that concerns them, or is in their hands, is still open."""
    going_on = Incident.objects.exclude(state=State.CLOSED)
    if isinstance(person, Pupil):
        return going_on.filter(pupil=person).exists()
    if isinstance(person, User):
        return going_on.filter(Q(staff=person) | Q(owner=person)).exists()
    return False


def _restricted(person: Adult, today: date) -> bool:
    in_force = ContactRestriction.objects.filter(adult=person, ended_at=None, pupil__left_at=None)
    return in_force.filter(Q(until=None) | Q(until__gte=today)).exists()
