"""Names and words of a request are gone three years after its end; its numbers stay."""

from datetime import timedelta

from circletime.access.actions import ending
from circletime.access.actions.emptying import empty_old
from circletime.access.actions.keeping import keep
from circletime.access.models import Case, Invitation, Mark, Redaction, ViewingSession
from circletime.access.queries.lists import register
from circletime.audit.queries import list_kinds
from circletime.people.models import Adult, Pupil, User
from circletime.policy import limits
from tests.access.conftest import ASKED, Asked, recorded


def seen_with_marks(case: Case, staff: dict[str, User], parent: Adult) -> tuple[Mark, ViewingSession]:
    """A mark with a note on one of its films, and a viewing beside the leader."""
    keep(case, by=staff["slt"], now=ASKED)
    redaction = Redaction.objects.create(case_recording=case.recordings.get())
    mark = Mark.objects.create(
        redaction=redaction,
        begins=3,
        ends=9,
        picture=True,
        sound=True,
        why="name",
        note="Monday's visitor says a name",
        added_by=staff["slt"],
        added_at=ASKED,
    )
    invitation = Invitation.objects.create(
        case=case,
        starts_at=ASKED,
        minutes=30,
        where="school",
        place="Room 4",
        leader=staff["slt"],
        invited_by=staff["slt"],
        invited_at=ASKED,
        held_at=ASKED,
    )
    session = ViewingSession.objects.create(
        invitation=invitation,
        leader=staff["slt"],
        ends_at=ASKED,
        closed_at=ASKED,
        here_name=parent.name,
        here_at=ASKED,
    )
    return mark, session


def test_what_is_over_for_three_years_names_nobody_and_what_goes_on_is_left_alone(
    checked: Asked, ask: Asked, staff: dict[str, User], amara: Pupil, parent: Adult
) -> None:
    recorded(staff, amara)
    case, open_one = checked(words="The circle of Monday", asker_email="ada@home.example"), ask()
    marked, session = seen_with_marks(case, staff, parent)
    ending.extend(case=case, reason="Forty of them", by=staff["slt"], now=ASKED)
    ending.refuse(case=case, ground="harm", reason="Because of Monday", by=staff["dsl"], now=ASKED)
    before = register(staff["governor"], ASKED.date())
    day = ASKED + limits.REQUEST_DETAILS_KEPT
    assert empty_old(by="worker", now=day - timedelta(seconds=1)) == 0
    marked.refresh_from_db()
    session.refresh_from_db()
    assert marked.note == "Monday's visitor says a name" and session.here_name == parent.name
    assert empty_old(by="worker", now=day) == 1
    assert empty_old(by="worker", now=day) == 0
    case.refresh_from_db()
    marked.refresh_from_db()
    session.refresh_from_db()
    assert (marked.note, marked.begins, marked.ends, marked.why) == ("", 3, 9, "name")
    assert (session.here_name, session.here_at) == ("", ASKED)
    rows = [*Case.objects.filter(pk=case.pk).values(), *case.steps.values(), *case.letters.values()]
    rows += [*Mark.objects.values(), *ViewingSession.objects.values()]
    text = repr(rows + list(case.recordings.values()))
    for word in (parent.name, "Monday", "Passport", "On our record", "Forty", "ada@", "Dear"):
        assert word not in text, word
    assert case.pupil is None and case.ground == "harm" and case.steps.count() > 4
    assert register(staff["governor"], ASKED.date()) == before
    open_one.refresh_from_db()
    assert open_one.asker_name == parent.name
    assert list_kinds(case.subject)[-1] == "access.case.emptied"
