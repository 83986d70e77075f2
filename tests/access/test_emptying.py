"""Names and words of a request are gone three years after its end; its numbers stay."""

from datetime import timedelta

from circletime.access.actions import ending
from circletime.access.actions.emptying import empty_old
from circletime.access.models import Case
from circletime.access.queries.lists import register
from circletime.audit.queries import list_kinds
from circletime.people.models import Adult, Pupil, User
from circletime.policy import limits
from tests.access.conftest import ASKED, Asked, recorded


def test_what_is_over_for_three_years_names_nobody_and_what_goes_on_is_left_alone(
    checked: Asked, ask: Asked, staff: dict[str, User], amara: Pupil, parent: Adult
) -> None:
    recorded(staff, amara)
    case, open_one = checked(words="The circle of Monday", asker_email="ada@home.example"), ask()
    ending.extend(case=case, reason="Forty of them", by=staff["slt"], now=ASKED)
    ending.refuse(case=case, ground="harm", reason="Because of Monday", by=staff["dsl"], now=ASKED)
    before = register(staff["governor"], ASKED.date())
    day = ASKED + limits.REQUEST_DETAILS_KEPT
    assert empty_old(by="worker", now=day - timedelta(seconds=1)) == 0
    assert empty_old(by="worker", now=day) == 1
    assert empty_old(by="worker", now=day) == 0
    case.refresh_from_db()
    rows = [*Case.objects.filter(pk=case.pk).values(), *case.steps.values(), *case.letters.values()]
    text = repr(rows + list(case.recordings.values()))
    for word in (parent.name, "Monday", "Passport", "On our record", "Forty", "ada@", "Dear"):
        assert word not in text, word
    assert case.pupil is None and case.ground == "harm" and case.steps.count() > 4
    assert register(staff["governor"], ASKED.date()) == before
    open_one.refresh_from_db()
    assert open_one.asker_name == parent.name
    assert list_kinds(case.subject)[-1] == "access.case.emptied"
