"""Who has read what the policy is read with, and when the board looks at it again: C4, C7, R1."""

from datetime import date, datetime

from circletime.documents.models import Acceptance, Adoption, Version
from circletime.documents.queries import list_current, list_reviews
from circletime.documents.rules.kinds import Audience, Kind, audiences_of
from circletime.oversight.evidence.facts import Facts
from circletime.oversight.evidence.figure import Figure, Item, nothing, of_all, rough
from circletime.oversight.evidence.period import day_words, midnight
from circletime.people.models import Pupil, RoleGrant
from circletime.people.rules import Role

_NO_PAST = "How it stood in the past: who has read what is counted as it is today."


def read_by_staff(facts: Facts) -> Figure:
    """C4: staff and governors have read the documents that hold now."""
    roles: dict[int, set[Role]] = {}
    for user, role in RoleGrant.objects.filter(user__is_active=True).values_list("user_id", "role"):
        roles.setdefault(user, set()).add(Role(role))
    said = Acceptance.objects.filter(user__isnull=False).values_list(
        "user_id", "version__kind", "version__number"
    )
    read = {(user, kind): number or 0 for user, kind, number in said.order_by("version__number")}
    items = []
    for version in list_current():
        asked = [
            user
            for user, held in roles.items()
            if audiences_of(frozenset(held)) & set(version.audiences) - {Audience.HOUSEHOLDS}
        ]
        missing = sum(read.get((user, version.kind), 0) < (version.base or 0) for user in asked)
        if asked:
            items.append(_of(version, facts, len(asked), missing))
    if not items:
        return nothing("readers", "No document was published for staff or governors yet.")
    total, bad = sum(item.of for item in items), sum(item.bad for item in items)
    return Figure(
        f"{of_all(total - bad, total, 'times a document asks somebody of the staff or the board')}, "
        "they have read the version that holds now.",
        "readers",
        tuple(items),
        cannot=_NO_PAST,
    )


def conduct_accepted(facts: Facts) -> Figure:
    """R1: how many children's families have accepted the code of conduct that holds now."""
    version = next((each for each in list_current() if each.document == Kind.CONDUCT), None)
    if version is None:
        return nothing("children", "No code of conduct was published yet.")
    accepted = Acceptance.objects.filter(version__kind=version.kind, version__number__gte=version.base or 0)
    for_child = set(accepted.filter(pupil__isnull=False).values_list("pupil_id", flat=True))
    households = set(accepted.filter(household__isnull=False).values_list("household_id", flat=True))
    every: dict[int, bool] = {}
    for pupil, household in Pupil.objects.filter(left_at=None).values_list("pk", "households"):
        every[pupil] = every.get(pupil, False) or household in households or pupil in for_child
    if not every:
        return nothing("children", "There is no child on the roster.")
    missing = sum(not done for done in every.values())
    return Figure(
        f"Of {rough(len(every))} children, the families of {rough(len(every) - missing)} have accepted the "
        f"code of conduct that holds now; {rough(missing)} have not, and cannot join where it asks for that.",
        "children",
        (_of(version, facts, len(every), missing),),
        people=True,
        cannot=_NO_PAST,
    )


def reviews(facts: Facts) -> Figure:
    """C7: what the board reviews was looked at in time; what it adopted in the period."""
    adopted = Adoption.objects.filter(met_on__gte=facts.period.first, met_on__lte=facts.period.last).count()
    items = [
        Item(
            _moment(review.version.published_on or facts.today, facts),
            review.version.document.words,
            1,
            int(review.overdue),
            f"{'was due' if review.overdue else 'due'} on {day_words(review.due_on)}",
        )
        for review in list_reviews(facts.now)
    ]
    if not items:
        return nothing("documents", "No document that the board reviews was published yet.")
    good = sum(not item.bad for item in items)
    return Figure(
        f"{of_all(good, len(items), 'documents')} that the board reviews are not overdue. "
        f"The board adopted {adopted:,} in this period.",
        "documents",
        tuple(items),
        cannot="How it stood in the past: what is overdue is counted as it is today.",
    )


def _of(version: Version, facts: Facts, asked: int, missing: int) -> Item:
    published = version.published_on or facts.today
    what = f"{version.document.words}, version {version.number}"
    return Item(_moment(published, facts), what, asked, missing, f"published on {day_words(published)}")


def _moment(day: date, facts: Facts) -> datetime:
    return midnight(day, facts.period.zone)
