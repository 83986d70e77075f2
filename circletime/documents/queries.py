"""Questions about documents: what holds now, and who has yet to read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from circletime.documents import limits
from circletime.documents.models import Acceptance, Adoption, Version, Wording
from circletime.documents.rules.kinds import Audience, Gate, Kind, audiences_of, check_read
from circletime.documents.rules.review import is_overdue, next_review
from circletime.people.models import Household, Pupil, User
from circletime.policy.limits import REVIEW_MONTHS, Limit

ENGLISH = "en"
_FIELDS = {
    Audience.STAFF: "for_staff",
    Audience.HOUSEHOLDS: "for_households",
    Audience.GOVERNORS: "for_governors",
    Gate.HOSTING: "before_hosting",
    Gate.JOINING: "before_joining",
    Gate.WATCHING: "before_watching",
}


def list_current() -> list[Version]:
    """The version of each document that holds now, in the order of `Kind`."""
    newest: dict[str, Version] = {}
    for version in Version.objects.filter(number__isnull=False).order_by("number"):
        newest[version.kind] = version
    return [newest[kind] for kind in Kind if kind in newest]


def current(kind: Kind) -> Version | None:
    """The version of a document that holds now, or None where none was published."""
    return Version.objects.filter(kind=kind, number__isnull=False).order_by("-number").first()


def draft(kind: Kind) -> Version | None:
    """What is being written of a document, or None."""
    return Version.objects.filter(kind=kind, number=None).first()


def get_version(public_id: str) -> Version | None:
    """The published version of this name, or None."""
    return Version.objects.filter(public_id=public_id, number__isnull=False).first()


def list_versions(kind: Kind) -> list[Version]:
    """Every published version, the newest first."""
    found = Version.objects.filter(kind=kind, number__isnull=False).select_related("changed_by")
    return list(found.order_by("-number"))


def list_wordings(version: Version) -> list[Wording]:
    """A version's wordings without their files, English first."""
    found = version.wordings.defer("pdf")
    return sorted(found, key=lambda wording: (wording.language != ENGLISH, wording.language))


def wording_of(version: Version, language: str = ENGLISH) -> Wording:
    """A version in a language, or in English where it is not written in that."""
    every = list_wordings(version)
    return next((each for each in every if each.language == language), every[0])


def holds_for(version: Version) -> Q:
    """Which acceptances hold for a version: of it, or of one it merely corrects."""
    return Q(
        version__kind=version.kind, version__number__gte=version.base, version__number__lte=version.number
    )


def _unread(versions: Iterable[Version], accepted: QuerySet[Acceptance]) -> list[Version]:
    said = list(accepted.values_list("version__kind", "version__number"))
    return [
        version
        for version in versions
        if not any(kind == version.kind and (version.base or 0) <= (number or 0) for kind, number in said)
    ]


def due_of(user: User) -> list[Version]:
    """What somebody who signs in has yet to read, as a member of staff or as a governor."""
    mine = audiences_of(user.roles)
    asked = [version for version in list_current() if mine & set(version.audiences)]
    return _unread(asked, Acceptance.objects.filter(user=user)) if asked else []


def conduct_due(household: Household, now: datetime) -> list[Version]:
    """What a family has yet to accept, the code of conduct first (R1).

    A document asks from the moment it is published, so `now` only leaves out what is not yet.
    """
    asked = [v for v in _for(Audience.HOUSEHOLDS) if v.published_at is not None and v.published_at <= now]
    asked.sort(key=lambda version: version.document != Kind.CONDUCT)
    return _unread(asked, Acceptance.objects.filter(household=household)) if asked else []


def _for(audience: Audience) -> list[Version]:
    return [version for version in list_current() if audience in version.audiences]


def missing_for_user(user: User, gate: Gate) -> list[Version]:
    """What stands between somebody who signs in and what a gate is about; nothing when they may pass."""
    return [version for version in due_of(user) if gate in version.gates]


def missing_at_door(*, pupil: Pupil | None = None, household: Household | None = None) -> list[Version]:
    """What stands between a family and the meeting (R1).

    Who comes by a household's own way is asked as that household; a child at the class's door, where
    nobody knows with whom it sits there, as any of its households.
    """
    _, unread = _asked_at_door(pupil, household)
    return [version for version in unread if Gate.JOINING in version.gates]


def _asked_at_door(pupil: Pupil | None, household: Household | None) -> tuple[list[Version], list[Version]]:
    """What families are asked to accept, and what of it this one has not."""
    asked = _for(Audience.HOUSEHOLDS)
    if not asked:
        return [], []
    whose = Q(household=household)
    if household is None and pupil is not None:
        whose = Q(household__in=pupil.households.all()) | Q(pupil=pupil)
    return asked, _unread(asked, Acceptance.objects.filter(whose))


def check_pass(user: User, gate: Gate) -> None:
    """Raise `Refused` unless somebody who signs in has read all that this needs."""
    check_read([version.document for version in missing_for_user(user, gate)])


def check_at_door(*, pupil: Pupil | None = None, household: Household | None = None) -> int:
    """Raise `Refused` unless a family has accepted what joining needs (R1).

    Answers the number of the code of conduct that holds now, where it has accepted that; else 0.
    """
    asked, unread = _asked_at_door(pupil, household)
    check_read([version.document for version in unread if Gate.JOINING in version.gates])
    read = [version for version in asked if version not in unread and version.document == Kind.CONDUCT]
    return (read[0].number or 0) if read else 0


def number_read(user: User, kind: Kind) -> int:
    """The number of a document's version that holds now, where somebody who signs in has read it; else 0."""
    version = current(kind)
    if version is None or not Acceptance.objects.filter(holds_for(version), user=user).exists():
        return 0
    return version.number or 0


def can_pass(user: User, gate: Gate) -> bool:
    """Whether somebody who signs in has read all that this needs. Pages and actions share it."""
    return not missing_for_user(user, gate)


def acceptances_of(household: Household) -> list[Acceptance]:
    """What a family has accepted, when and in which way, the newest first."""
    found = Acceptance.objects.filter(household=household).select_related("version", "adult", "noted_by")
    return list(found.order_by("-at", "-pk"))


def last_adoption(kind: Kind) -> Adoption | None:
    """When the board last adopted a version of a document, or None."""
    return Adoption.objects.filter(version__kind=kind).select_related("version", "noted_by").first()


def adoption_of(version: Version) -> Adoption | None:
    """The adoption of a version; of one that only corrects, that of what it corrects counts."""
    return Adoption.objects.filter(holds_for(version)).select_related("version", "noted_by").first()


@dataclass(frozen=True)
class Review:
    """When a document that holds is reviewed next (C7)."""

    version: Version
    adoption: Adoption | None
    due_on: date
    overdue: bool
    months: int

    @property
    def every(self) -> str:
        """How often, in words."""
        if self.months == REVIEW_MONTHS:
            return "Quarterly"
        return "Monthly" if self.months == 1 else f"Every {self.months} months"


def review_of(version: Version, now: datetime) -> Review:
    """When this document is reviewed next: a quarter after its last adoption or, before the first, after
    it was first published."""
    adopted = last_adoption(version.document)
    first = Version.objects.filter(kind=version.kind, number=1).first() or version
    since = adopted.met_on if adopted is not None else first.published_on
    months = limits.holds(Limit.REVIEW)
    due_on = next_review(since or timezone.localtime(now).date(), months)
    return Review(version, adopted, due_on, is_overdue(due_on, timezone.localtime(now).date()), months)


def list_reviews(now: datetime) -> list[Review]:
    """The documents that the board reviews, with their next days."""
    return [review_of(version, now) for version in list_current() if version.document.reviewed]


def list_overdue(now: datetime) -> list[Review]:
    """Those whose day has passed; shown on every page of staff (C7)."""
    return [review for review in list_reviews(now) if review.overdue]


def last_published(kind: Kind) -> QuerySet[Version]:
    """Every version after the one that the board adopted last, oldest first."""
    adopted = last_adoption(kind)
    found = Version.objects.filter(kind=kind, number__isnull=False).order_by(F("number"))
    return found.filter(number__gt=adopted.version.number) if adopted is not None else found
