"""What belongs to a batch of rows: what was said of them last, their classes, their adults."""

from collections import defaultdict
from collections.abc import Iterable

from circletime.people.models import Adult, SchoolClass
from circletime.people.roster import settling
from circletime.people.roster.models import RosterSaid
from circletime.people.roster.rules import Kind, Tie
from circletime.people.roster.staging import Stage


def heard(kind: Kind, keys: Iterable[str]) -> dict[str, RosterSaid]:
    """What a source said of them last, by their IDs."""
    found = RosterSaid.objects.filter(kind=kind, source_id__in=set(keys))
    return {each.source_id: each for each in found}


def class_keys(stage: Stage, classes: Iterable[int]) -> dict[int, str]:
    """The school's own IDs of these classes, also of those that get theirs by this import."""
    wanted = set(classes)
    known = SchoolClass.objects.filter(pk__in=wanted).exclude(source_id="").values_list("pk", "source_id")
    found = stage.used(Kind.CLASS).filter(about__in=wanted).values_list("about", "source_id")
    return {int(pk): key for pk, key in (*known, *found) if pk is not None}


def class_names(stage: Stage, keys: Iterable[str]) -> dict[str, str]:
    """How the classes of these IDs are called, as the file has it or else as it stands."""
    wanted = set(keys)
    names = dict(SchoolClass.objects.filter(source_id__in=wanted).values_list("source_id", "name"))
    return names | dict(stage.used(Kind.CLASS).filter(source_id__in=wanted).values_list("source_id", "label"))


def adult_names(stage: Stage, keys: Iterable[str]) -> dict[str, str]:
    """How these adults are called, as the file has it or else as it stands."""
    wanted = set(keys)
    names = dict(Adult.objects.filter(source_id__in=wanted).values_list("source_id", "name"))
    return names | dict(stage.used(Kind.ADULT).filter(source_id__in=wanted).values_list("source_id", "label"))


def adults_of(stage: Stage, pupils: Iterable[str]) -> dict[str, list[str]]:
    """The adults whom the file links to each of these children."""
    found: dict[str, set[str]] = defaultdict(set)
    for child, adult in settling.family(stage).filter(one__in=set(pupils)).values_list("one", "other"):
        found[child].add(adult)
    return {child: sorted(adults) for child, adults in found.items()}


def classes_of(stage: Stage, staff: Iterable[str]) -> dict[str, list[str]]:
    """The classes the file puts each of these members of staff into."""
    found: dict[str, set[str]] = defaultdict(set)
    ties = stage.ties(Tie.ENROLLED).exclude(role=Kind.PUPIL).filter(one__in=set(staff))
    if not stage.delta:
        ties = ties.filter(settling.linked(stage.used(Kind.CLASS), "other"))
    for one, other in ties.values_list("one", "other"):
        found[one].add(other)
    return {one: sorted(classes) for one, classes in found.items()}


def gone(stage: Stage, keys: Iterable[str]) -> set[str]:
    """Those of these people of whom the file says that they are not there any more."""
    found = stage.every(Kind.GONE).filter(source_id__in=set(keys))
    return set(found.values_list("source_id", flat=True))
