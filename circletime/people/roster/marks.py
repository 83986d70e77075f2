"""Neutral marks for children of one first name in one class, as it will be."""

from collections import defaultdict
from collections.abc import Iterable

from circletime.people.models import SchoolClass
from circletime.people.roster import lookups, rolls
from circletime.people.roster.bulk import by_key
from circletime.people.roster.models import RosterStaged
from circletime.people.roster.rolls import CLASSES_AT_ONCE, Member
from circletime.people.roster.rules import Kind, Verb
from circletime.people.roster.staging import Stage
from circletime.people.rules import folded

MARKS = (
    "sun", "moon", "star", "cloud", "tree", "leaf", "fish", "bird", "boat", "kite", "shell", "bell", "drum",
    "hill", "river", "seed", "lamp", "ring", "wave", "snow",
)  # fmt: skip


def deal(held: Iterable[str]) -> list[str]:
    """A mark for each of these children, of whom some hold one already and keep it; no two are the same.

    An only child needs none.
    """
    marks = list(held)
    if len(marks) < 2:
        return marks
    taken: set[str] = set()
    kept = []
    for mark in marks:
        kept.append(mark if mark and mark not in taken else "")
        taken.add(mark)
    free = (f"{mark}{turn}" for turn in ("", *(f" {n}" for n in range(2, 1000))) for mark in MARKS)
    unused = (mark for mark in free if mark not in taken)
    return [mark or next(unused) for mark in kept]


def give(stage: Stage) -> None:
    """Put down the marks that children get, a few classes at a time. Who has one keeps it."""
    for classes in by_key(SchoolClass.objects.all(), CLASSES_AT_ONCE):
        keys = lookups.class_keys(stage, [each.pk for each in classes])
        # A class that was made by hand has no ID of the school's own; this one is nobody else's.
        _give(stage, rolls.call(stage, {each.pk: keys.get(each.pk, f"\n{each.pk}") for each in classes}))
    for rows in by_key(stage.used(Kind.CLASS).filter(verb=Verb.ADDED), CLASSES_AT_ONCE):
        _give(stage, rolls.call(stage, {}, [row.source_id for row in rows]))


def _give(stage: Stage, roll: list[Member]) -> None:
    namesakes: dict[tuple[str, str], list[Member]] = defaultdict(list)
    for member in roll:
        namesakes[member.where, folded(member.first_name)].append(member)
    rows = []
    for members in namesakes.values():
        dealt = deal(member.pupil.mark if member.pupil else "" for member in members)
        for member, mark in zip(members, dealt, strict=True):
            row = _marked(stage, member, mark)
            if row is not None:
                rows.append(row)
    stage.save(rows)
    stage.flush()


def _marked(stage: Stage, member: Member, mark: str) -> RosterStaged | None:
    """The row that says so, where it is there already."""
    pupil, row = member.pupil, member.row
    held = pupil.mark if pupil else ""
    if mark == held:
        return None
    if pupil is None or row is not None:
        if row is not None:
            row.write["mark"] = mark
            if pupil is not None:
                row.details.append(["Mark", held, mark])
                row.verb = Verb.CHANGED
        return row
    stage.put(
        Kind.MARK,
        str(pupil.pk),
        ("", 0),
        f"{pupil.first_name} {pupil.last_name}".strip(),
        about=pupil.pk,
        verb=Verb.CHANGED,
        write={"mark": mark},
        details=[["Mark", held, mark]],
    )
    return None
