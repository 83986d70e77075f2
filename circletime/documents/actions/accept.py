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
) -> Acceptance:
    """Write down that somebody has read this version and keeps to it. Saying it again changes nothing.

    Staff and governors are a `user`. A family is a `household`, with the `adult` where it is known who
    said it; of an adult alone, the household is theirs. Only at the class's door, for a child of several
    households, it is a `pupil`. Raises `Refused` when another version holds by now, so that nobody
    accepts what they were not shown.
    """
    if adult is not None and household is None:
        household = adult.first_home
    if sum(one is not None for one in (user, household, pupil)) != 1:
        raise ValueError("one of a user, a household and a child")
    _check_holds(version)
    if user is not None and not audiences_of(user.roles):
        raise NotAllowed("This account has no part in the school any more.")
    if user is None and Audience.HOUSEHOLDS not in version.audiences:
        raise Refused("not_asked", "Families are not asked about this document.")
    if way == Way.PAPER:
        raise ValueError("paper is noted by the office: see note_paper")
    whose = {"user": user, "household": household, "adult": adult, "pupil": pupil}
    found = Acceptance.objects.filter(version=version, **whose).first()
    if found is not None:
        return found
    made = Acceptance.objects.create(version=version, way=way, at=now, **whose)
    record(
        "documents.version.accepted",
        by=made.whose,
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
    """The office has signed slips of these; answers how many it had not before. They are one row in the
    log, which names each of them, since a school has hundreds in its hand at once."""
    check_publish(by.roles)
    _check_holds(version)
    homes = list(households)
    if homes and Audience.HOUSEHOLDS not in version.audiences:
        raise Refused("not_asked", "Families are not asked about this document.")
    known = set(Acceptance.objects.filter(holds_for(version)).values_list("user_id", "household_id"))
    said = [Acceptance(household=home) for home in homes] + [Acceptance(user=user) for user in users]
    fresh = [each for each in said if (each.user_id, each.household_id) not in known]
    for each in fresh:
        each.version, each.way, each.at, each.noted_by = version, Way.PAPER, now, by
    Acceptance.objects.bulk_create(fresh, batch_size=200)
    if fresh:
        record(
            "documents.version.accepted_on_paper",
            by=by.actor,
            subject=version.document.subject,
            now=now,
            version=version.public_id,
            of=[each.whose for each in fresh],
        )
    return len(fresh)


def _check_holds(version: Version) -> None:
    Version.objects.select_for_update().get(pk=version.pk)  # two at once say it one after the other
    newest = current(version.document)
    if version.number is None or newest is None or newest.pk != version.pk:
        raise Refused("newer", "There is a newer version of this. Please read that one.", field="version")
