"""What the rows of a standard's export have to do with each other, once all of them are there.

Only rows that are odd are looked at one by one; the rest is asked of the database.
"""

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from circletime.people.roster import cells
from circletime.people.roster.bulk import by_key
from circletime.people.roster.models import RosterStaged, RosterTie
from circletime.people.roster.rules import FAMILY, PEOPLE, Kind, Tie, Verb
from circletime.people.roster.staging import Place, Stage

NOBODY = "This ID is nobody's: users.csv does not have it."


def settle(stage: Stage) -> None:
    """Put everything together that was read, and tell of what leads nowhere."""
    _tell_of_ties_to_nobody(stage)
    if stage.delta:
        _put_who_moved(stage)
    _give_roles(stage)
    _turn(stage)
    _tell_of_odd_links(stage)
    classes = stage.used(Kind.CLASS)
    if classes.exists() and not classes.filter(homeroom=True).exists():
        words = "No class here is a homeroom. Each child is in the first of their classes, by name."
        stage.odd.note("classes.csv", 0, "classType", words)
    if not stage.delta:
        _leave_out_lone_adults(stage)
        _leave_out_classes(stage)


def put_adult(stage: Stage, key: str, at: Place, name: str, email: str) -> RosterStaged:
    """A parent or carer; one without a name is not used."""
    stage.says_adults = True
    if not name:
        stage.odd.refuse(*at, "givenName", "This adult has no name.")
    said = {"name": name, "email": email, "here": True}
    verb = Verb.UNCHANGED if name else Verb.LEFT_OUT
    return stage.put(Kind.ADULT, key, at, name, said=said, match=email, verb=verb)


def linked(rows: QuerySet[RosterStaged], end: str) -> Exists:
    """That one of these rows is at this end of a tie."""
    return Exists(rows.filter(source_id=OuterRef(end)))


def _tell_of_ties_to_nobody(stage: Stage) -> None:
    somebody = stage.every(*PEOPLE)
    for roles in by_key(stage.ties(Tie.ROLE).exclude(linked(somebody, "one"))):
        for tie in roles:
            words = "This role belongs to nobody: users.csv has no such ID."
            stage.odd.refuse(tie.file, tie.line, "userSourcedId", words)
    for enrolled in by_key(stage.ties(Tie.ENROLLED).exclude(linked(somebody, "one"))):
        for tie in () if stage.delta else enrolled:
            stage.odd.refuse(tie.file, tie.line, "userSourcedId", NOBODY)
    for column, end in (("userSourcedId", "one"), ("relationshipUserSourcedId", "other")):
        for relations in by_key(stage.ties(Tie.RELATION).exclude(linked(somebody, end))):
            for tie in relations:
                stage.odd.refuse(tie.file, tie.line, column, NOBODY)
    for agents in by_key(stage.ties(Tie.AGENT).exclude(linked(somebody, "other"))):
        for tie in () if stage.delta else agents:
            words = f"“{cells.short(tie.other)}” is nobody's ID. The link was left out."
            stage.odd.note(tie.file, tie.line, "agentSourcedIds", words)


def _put_who_moved(stage: Stage) -> None:
    """Children of whom a delta says nothing but their new class."""
    alone = stage.ties(Tie.ENROLLED).filter(role__in=(cells.PUPIL, ""))
    for some in by_key(alone.exclude(linked(stage.every(*PEOPLE), "one"))):
        best: dict[str, tuple[int, str]] = {}
        own = alone.filter(one__in={tie.one for tie in some})
        for one, worth, where in own.values_list("one", "worth", "other"):
            best[one] = max(best.get(one, (0, "")), (worth, where))
        for key, (_, where) in best.items():
            said = {"class": where, "here": True}
            stage.put(Kind.PUPIL, key, ("enrollments.csv", 0), said=said, place=where)
        stage.flush()


def _give_roles(stage: Stage) -> None:
    """Somebody of no role who is linked to a child is of their family; of the others nothing is known."""
    pupils = stage.every(Kind.PUPIL)
    for some in by_key(stage.every(Kind.UNKNOWN)):
        keys = [row.source_id for row in some]
        ties = stage.ties(*FAMILY)
        found = set(ties.filter(linked(pupils, "other"), one__in=keys).values_list("one", flat=True))
        found |= set(ties.filter(linked(pupils, "one"), other__in=keys).values_list("other", flat=True))
        for row in some:
            at = (row.file, row.line)
            if row.source_id in found:
                put_adult(stage, row.source_id, at, row.said["name"], row.said["email"])
            else:
                words = "This person has no role that is known here, and was left out."
                stage.odd.refuse(*at, "role", words)
        stage.flush()


def _turn(stage: Stage) -> None:
    """Have the child at the near end of each link of a family."""
    pupils = stage.used(Kind.PUPIL)
    turned = stage.ties(*FAMILY).exclude(linked(pupils, "one")).filter(linked(pupils, "other"))
    turned.update(one=F("other"), other=F("one"))


def family(stage: Stage) -> QuerySet[RosterTie]:
    """Who belongs to a child: the child's ID is `one`, the adult's `other`."""
    return stage.ties(*FAMILY).filter(linked(stage.used(Kind.ADULT), "other"))


def _tell_of_odd_links(stage: Stage) -> None:
    pupils = stage.used(Kind.PUPIL)
    at_a_child = stage.ties(*FAMILY).filter(linked(pupils, "one"))
    staff = Q(linked(stage.every(Kind.STAFF, Kind.LISTED), "other")) & ~Q(
        linked(stage.used(Kind.ADULT, Kind.PUPIL), "other")
    )
    for found, words in (
        (linked(pupils, "other"), "Two children are linked. The link was left out."),
        (staff, "The child is linked to staff, which makes no family. The link was left out."),
    ):
        for some in by_key(at_a_child.filter(found)):
            for tie in some:
                column = "agentSourcedIds" if tie.sort == Tie.AGENT else ""
                stage.odd.note(tie.file, tie.line, column, words)


def _leave_out_lone_adults(stage: Stage) -> None:
    theirs = stage.ties(*FAMILY).filter(linked(stage.used(Kind.PUPIL), "one"), other=OuterRef("source_id"))
    for some in by_key(stage.used(Kind.ADULT).exclude(Exists(theirs))):
        keys = [row.source_id for row in some]
        ends = stage.ties(*FAMILY).filter(Q(one__in=keys) | Q(other__in=keys)).values_list("one", "other")
        meant = {end for tie in ends for end in tie}
        for row in some:
            if row.source_id in meant:
                words = "This adult is linked to nobody whose row could be used."
                stage.odd.note(row.file, row.line, "agentSourcedIds", words)
            else:
                words = "This adult is linked to no child here. Link them to theirs."
                stage.odd.refuse(row.file, row.line, "agentSourcedIds", words)
        stage.leave_out(some)


def _leave_out_classes(stage: Stage) -> None:
    """Only classes with a child in them become ours; sets for a subject stay with the school's own system."""
    places = stage.used(Kind.PUPIL).values("place")
    for some in by_key(stage.used(Kind.CLASS).exclude(source_id__in=places)):
        for row in some:
            words = "No child is in this class first of all, so that it was left out."
            stage.odd.note(row.file, row.line, "title", words)
        stage.leave_out(some)
