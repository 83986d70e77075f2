"""A contact restriction stops a request and says so, until somebody has decided in writing (T10)."""

from datetime import date, timedelta
from typing import Any

import pytest

from circletime.access.actions import checks, stopping
from circletime.access.actions.log import name_child
from circletime.access.rules.case import State
from circletime.core.errors import NotAllowed, Refused
from circletime.people.actions import end_restriction
from circletime.people.models import Adult, ContactRestriction, Pupil, User
from circletime.people.queries import restrictions_on
from tests.access.conftest import ASKED, Asked

TODAY = ASKED.date()


@pytest.fixture
def note(staff: dict[str, User], amara: Pupil) -> Any:
    def noted(**more: Any) -> ContactRestriction:
        said: dict[str, Any] = {"pupil": amara, "what": "No contact, by order of the court", "since": TODAY}
        return stopping.note_restriction(**(said | {"by": staff["dsl"], "now": ASKED} | more))

    return noted


def test_one_that_is_noted_already_stops_a_request_as_it_is_logged(
    ask: Asked, note: Any, parent: Adult
) -> None:
    note(adult=parent)
    case = ask()
    assert case.state == State.STOPPED and case.stopped_reason == stopping.RESTRICTED
    assert case.stopped_from == State.LOGGED


def test_one_about_somebody_else_stops_it_as_well(ask: Asked, note: Any, parent: Adult) -> None:
    note(household=parent.households.get())
    assert ask(asker_name="A Stranger").state == State.STOPPED


def test_one_that_is_noted_later_stops_what_goes_on_and_nothing_of_another_child(
    checked: Asked, ask: Asked, note: Any
) -> None:
    ben = Pupil.objects.filter(first_name="Ben").earliest("pk")
    hers, his = checked(), ask(pupil=ben)
    note()
    hers.refresh_from_db()
    his.refresh_from_db()
    assert (hers.state, hers.stopped_from, his.state) == (State.STOPPED, State.CHECKED, State.LOGGED)


def test_one_that_begins_on_a_later_day_stops_the_step_of_that_day(
    ask: Asked, note: Any, staff: dict[str, User]
) -> None:
    case = ask()
    note(since=TODAY + timedelta(days=3))
    case.refresh_from_db()
    assert case.state == State.LOGGED
    later = ASKED + timedelta(days=3)
    stopped = checks.check_identity(case=case, how="Passport", by=staff["slt"], now=later)
    assert stopped.state == State.STOPPED and stopped.identity_checked_at is None


def test_it_goes_on_where_it_was_when_the_safeguarding_lead_says_so_and_another_stops_it_again(
    checked: Asked, note: Any, staff: dict[str, User]
) -> None:
    case = checked()
    note()
    with pytest.raises(Refused, match="Nothing goes on until the safeguarding lead"):
        checks.identify(case=case, by=staff["slt"], now=ASKED)
    said = "The order is about the uncle, who does not live with them"
    case = stopping.go_on(case=case, decision=said, by=staff["dsl"], now=ASKED)
    assert case.state == State.CHECKED
    assert case.steps.get(kind="go_on").note == said
    case = checks.identify(case=case, by=staff["slt"], now=ASKED)
    assert case.state == State.IDENTIFIED
    note(what="Another order")
    case.refresh_from_db()
    assert (case.state, case.stopped_from) == (State.STOPPED, State.IDENTIFIED)


def test_one_of_the_child_that_turned_out_to_be_meant_stops_it(
    ask: Asked, note: Any, staff: dict[str, User], amara: Pupil
) -> None:
    note()
    case = ask(pupil=None, child_name="Amara")
    assert case.state == State.LOGGED
    assert name_child(case=case, pupil=amara, by=staff["slt"], now=ASKED).state == State.STOPPED


def test_one_that_was_ended_or_is_over_stops_nothing(ask: Asked, note: Any, staff: dict[str, User]) -> None:
    over = note(since=TODAY - timedelta(days=9), until=TODAY - timedelta(days=1))
    lifted = note()
    end_restriction(restriction=lifted, reason="The court lifted it", by=staff["dsl"], now=ASKED)
    assert restrictions_on(over.pupil, TODAY) == [] and ask().state == State.LOGGED
    with pytest.raises(Refused, match="ended already"):
        end_restriction(restriction=lifted, reason="Again", by=staff["dsl"], now=ASKED)


def test_the_last_day_counts(ask: Asked, note: Any) -> None:
    note(since=TODAY - timedelta(days=9), until=TODAY)
    assert ask().state == State.STOPPED


def test_who_may_note_one_and_who_may_end_it(note: Any, staff: dict[str, User]) -> None:
    for who in ("slt", "headteacher", "governor", "teacher", "support"):
        with pytest.raises(NotAllowed):
            note(by=staff[who])
    made = note(by=staff["office"])
    for who in ("office", "slt", "headteacher", "teacher"):
        with pytest.raises(NotAllowed):
            end_restriction(restriction=made, reason="No more", by=staff[who], now=ASKED)
    assert ContactRestriction.objects.get().ended_at is None


@pytest.mark.parametrize(
    ("more", "field"),
    [({"what": " "}, "what"), ({"since": None}, "since"), ({"until": date(2026, 1, 1)}, "until")],
)
def test_what_is_wrong_with_one_is_said(note: Any, more: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refusal:
        note(**more)
    assert refusal.value.field == field and not ContactRestriction.objects.exists()


def test_one_is_about_somebody_of_the_childs_own_family(note: Any, parent: Adult) -> None:
    other = Adult.objects.exclude(households__in=parent.households.all()).earliest("pk")
    for whom in ({"adult": other}, {"household": other.households.get()}):
        with pytest.raises(Refused) as refusal:
            note(**whom)
        assert refusal.value.field == "whom"
