"""Saying that a document was read and is kept to: by oneself, at the door, or on paper (C4, R1)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.documents.models import Acceptance, Version
from circletime.documents.queries import current, holds_for
from circletime.documents.rules.kinds import Audience, Way, audiences_of, check_publish
from circletime.people.models import Adult, Household, Pupil, User


@transaction.atomic
def accept(
    *,
    version: Version,
    way: Way,
    now: datetime,
    user: User | None = None,
    household: Household | None = None,
    adult: Adult | None = None,
    pupil: Pupil | None = None,
    noted_by: User | None = None,
) -> Acceptance:
    """Write down that somebody has read this version and keeps to it. Saying it again changes nothing.

    Staff and governors are a `user`. A family is a `household`, with the `adult` where it is known who
    said it; of an adult alone, the household is theirs. Only at the class's door, for a child of several
    households, it is a `pupil`. Raises `Refused` when another version holds by now, so that nobody
    accepts what they were not shown.
    """
    if adult is not None and household is None:
        household = adult.household
    if sum(one is not None for one in (user, household, pupil)) != 1:
        raise ValueError("one of a user, a household and a child")
    _check_holds(version)
    if user is not None and not audiences_of(user.roles):
        raise NotAllowed("This account has no part in the school any more.")
    if user is None and Audience.HOUSEHOLDS not in version.audiences:
        raise Refused("not_asked", "Families are not asked about this document.")
    if (way == Way.PAPER) != (noted_by is not None):
        raise ValueError("paper is noted by somebody")
    if noted_by is not None:
        check_publish(noted_by.roles)
    whose = {"user": user, "household": household, "adult": adult, "pupil": pupil}
    found = Acceptance.objects.filter(version=version, **whose).first()
    if found is not None:
        return found
    made = Acceptance.objects.create(version=version, way=way, at=now, noted_by=noted_by, **whose)
    actor = noted_by or user
    record(
        "documents.version.accepted",
        by=actor.actor if actor else made.whose,
        subject=version.document.subject,
        now=now,
        version=version.public_id,
        way=way.value,
        of=made.whose,
        adult=adult.pk if adult else None,
    )
    return made


@transaction.atomic
def accept_at_door(
    *, versions: Iterable[Version], pupil: Pupil | None, household: Household | None, way: Way, now: datetime
) -> None:
    """Whoever sits with a child accepts, at the door, what stands between it and the meeting (R1)."""
    if household is None and pupil is not None:
        homes = list(pupil.households.all())
        household = homes[0] if len(homes) == 1 else None
    for version in versions:
        accept(version=version, household=household, pupil=None if household else pupil, way=way, now=now)


@transaction.atomic
def note_paper(
    *, version: Version, households: Iterable[Household], users: Iterable[User] = (), by: User, now: datetime
) -> int:
    """The office has signed slips of these; answers how many it had not before."""
    check_publish(by.roles)
    noted = 0
    for household in households:
        if not Acceptance.objects.filter(holds_for(version), household=household).exists():
            accept(version=version, household=household, way=Way.PAPER, noted_by=by, now=now)
            noted += 1
    for user in users:
        if not Acceptance.objects.filter(holds_for(version), user=user).exists():
            accept(version=version, user=user, way=Way.PAPER, noted_by=by, now=now)
            noted += 1
    return noted


def _check_holds(version: Version) -> None:
    Version.objects.select_for_update().get(pk=version.pk)  # two at once say it one after the other
    newest = current(version.document)
    if version.number is None or newest is None or newest.pk != version.pk:
        raise Refused("newer", "There is a newer version of this. Please read that one.", field="version")
