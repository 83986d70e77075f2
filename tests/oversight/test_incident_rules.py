"""What may be reported, what leads where, and the 72 hours of a breach. Plain Python."""

from datetime import UTC, datetime, timedelta

import pytest

from circletime.core.errors import NotAllowed, Refused
from circletime.oversight.rules import incidents as rules
from circletime.oversight.rules.incidents import Event, Kind, State
from circletime.people.rules import Role

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("role", Role)
def test_who_reports_and_who_answers(role: Role) -> None:
    if role == Role.GOVERNOR:
        with pytest.raises(NotAllowed):
            rules.check_report({role})
    else:
        rules.check_report({role})
    assert rules.can_answer({role}, concerned=False) == (role in (Role.HEADTEACHER, Role.DSL))
    assert not rules.can_answer({role}, concerned=True)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_only_what_is_in_the_table_leads_anywhere(state: State, event: Event) -> None:
    if (state, event) in rules.TRANSITIONS:
        assert rules.next_state(state, event) == rules.TRANSITIONS[state, event]
    else:
        with pytest.raises(Refused):
            rules.next_state(state, event)


def test_what_nobody_has_in_hand_is_not_closed() -> None:
    with pytest.raises(Refused, match="Say first who has it in hand"):
        rules.next_state(State.REPORTED, Event.CLOSE)


@pytest.mark.parametrize("kind", Kind)
def test_some_kinds_ask_whom_it_is_about(kind: Kind) -> None:
    if kind in rules.ABOUT_SOMEBODY:
        with pytest.raises(Refused) as refused:
            rules.check_whom(kind, somebody="  ", anybody=False)
        assert refused.value.field == "somebody"
    else:
        assert rules.check_whom(kind, somebody=" ", anybody=False) == ""
    assert rules.check_whom(kind, somebody=" a  voice ", anybody=False) == "a voice"
    with pytest.raises(Refused):
        rules.check_whom(kind, somebody="x" * 121, anybody=True)


def test_a_moment_is_of_the_past() -> None:
    for moment in (None, NOW + timedelta(seconds=1), datetime(1999, 1, 1, tzinfo=UTC)):
        with pytest.raises(Refused) as refused:
            rules.check_moment(moment, NOW, field="happened_at")
        assert refused.value.field == "happened_at"
    assert rules.check_moment(NOW, NOW, field="happened_at") == NOW


@pytest.mark.parametrize(
    ("hours", "words", "overdue"),
    [
        (0, "72 hours of the 72 hours left", False),
        (0.01, "71 hours of the 72 hours left", False),
        (70.5, "1 hour of the 72 hours left", False),
        (71.5, "30 minutes of the 72 hours left", False),
        (72, "Less than a minute of the 72 hours left", False),
        (72.5, "Overdue by 30 minutes", True),
        (100, "Overdue by 28 hours", True),
    ],
)
def test_the_clock_of_a_breach(hours: float, words: str, overdue: bool) -> None:
    assert rules.breach_clock(NOW, None, NOW + timedelta(hours=hours)) == (words, overdue)


def test_the_clock_stands_when_it_was_decided() -> None:
    later = NOW + timedelta(days=30)
    assert rules.breach_clock(NOW, NOW + timedelta(hours=10), later) == (
        "Decided with 62 hours of the 72 hours left",
        False,
    )
    words, late = rules.breach_clock(NOW, NOW + timedelta(hours=74), later)
    assert words == "Decided 2 hours after the 72 hours were over" and late


def test_a_breach_is_not_closed_undecided_and_decided_once() -> None:
    with pytest.raises(Refused):
        rules.check_close(Kind.BREACH, "")
    rules.check_close(Kind.BREACH, "told")
    rules.check_close(Kind.TECHNICAL, "")
    for kind, decided, answer in (
        (Kind.LEAK, "", "told"),
        (Kind.BREACH, "told", "told"),
        (Kind.BREACH, "", "x"),
    ):
        with pytest.raises(Refused):
            rules.check_commissioner(kind, decided, answer)
