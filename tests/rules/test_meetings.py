"""The rules of meetings, as plain Python."""

from datetime import UTC, datetime, timedelta

import pytest

from circletime.core.errors import Refused
from circletime.media.rules import Rights
from circletime.meetings import rules
from circletime.meetings.rules import TRANSITIONS, Kind, Recording, SeatRole, SeatState, State
from circletime.people.rules import folded

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def good(**changes: object) -> dict[str, object]:
    plan: dict[str, object] = {
        "kind": Kind.CLASS,
        "purpose": "circle",
        "starts_at": NOW,
        "minutes": 20,
        "invited": 30,
        "others": [],
        "now": NOW,
    }
    return plan | changes


def test_a_good_plan_is_taken() -> None:
    rules.check_schedule(**good())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"minutes": 21}, "minutes"),
        ({"minutes": 0}, "minutes"),
        ({"kind": Kind.STAFF, "purpose": "staff", "minutes": 41}, "minutes"),
        ({"starts_at": NOW - timedelta(minutes=2)}, "starts_at"),
        ({"starts_at": NOW + timedelta(days=400)}, "starts_at"),
        ({"invited": 0}, "who"),
        ({"purpose": "fun"}, "purpose"),
        ({"purpose": "staff"}, "purpose"),
        ({"others": [(NOW + timedelta(minutes=19), 20)]}, "starts_at"),
        ({"others": [(NOW - timedelta(minutes=19), 20)]}, "starts_at"),
    ],
)
def test_a_bad_plan_names_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.check_schedule(**good(**changes))  # type: ignore[arg-type]
    assert refused.value.field == field


def test_meetings_may_follow_each_other_closely() -> None:
    rules.check_schedule(
        **good(others=[(NOW + timedelta(minutes=20), 20), (NOW - timedelta(minutes=20), 20)])
    )  # type: ignore[arg-type]


def test_staff_may_meet_for_forty_minutes() -> None:
    rules.check_schedule(**good(kind=Kind.STAFF, purpose="staff", minutes=40))  # type: ignore[arg-type]


def test_every_state_but_the_last_ones_has_a_way_on_and_every_state_is_reached() -> None:
    left = {before for before, _ in TRANSITIONS}
    reached = set(TRANSITIONS.values()) | {State.SCHEDULED}
    assert reached == set(State)
    assert left == set(State) - set(rules.OVER)


def test_a_step_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(Refused):
        rules.next_state(State.ENDED, "start")


def rights(**changes: object) -> Rights:
    known: dict[str, object] = {
        "state": State.LIVE,
        "role": SeatRole.PUPIL,
        "seat": SeatState.ADMITTED,
        "floor": False,
        "camera_allowed": True,
        "may_share": False,
    }
    return rules.rights_for(**(known | changes))  # type: ignore[arg-type]


def test_a_pupil_is_seen_and_not_heard() -> None:
    assert rights() == Rights(camera=True, microphone=False, screen=False, subscribe=True)


def test_only_the_floor_gives_a_pupil_the_microphone() -> None:
    assert rights(floor=True).microphone


def test_adults_speak_freely() -> None:
    assert rights(role=SeatRole.ADULT).microphone
    assert rights(role=SeatRole.STAFF).microphone


def test_a_camera_turned_off_stays_off() -> None:
    assert not rights(camera_allowed=False).camera


@pytest.mark.parametrize("state", [s for s in State if s != State.LIVE])
@pytest.mark.parametrize("role", [SeatRole.PUPIL, SeatRole.ADULT, SeatRole.STAFF])
def test_nothing_reaches_anyone_but_a_host_unless_the_meeting_is_live(state: State, role: SeatRole) -> None:
    assert rights(state=state, role=role, floor=True, may_share=True) == Rights.NONE


@pytest.mark.parametrize("seat", [s for s in SeatState if s != SeatState.ADMITTED])
@pytest.mark.parametrize("role", list(SeatRole))
def test_nothing_reaches_anyone_who_is_not_admitted(seat: SeatState, role: SeatRole) -> None:
    assert rights(seat=seat, role=role, floor=True) == Rights.NONE


def test_a_meeting_that_is_not_recorded_does_not_start() -> None:
    for recording in (Recording.OFF, Recording.LOST):
        with pytest.raises(Refused):
            rules.check_start(state=State.OPEN, recording=recording, starts_at=NOW, now=NOW)


def test_a_lost_recorder_has_ten_seconds_to_come_back() -> None:
    def run(after: float) -> bool:
        return rules.should_run(
            hosts_in=1,
            hosts_needed=1,
            recording=Recording.LOST,
            recording_lost_at=NOW,
            now=NOW + timedelta(seconds=after),
        )

    assert run(9.9)
    assert not run(10)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  zoe ", "Zoë"),
        ("ines", "Inés"),
        ("DARCY", "D'Arcy"),
        ("d\u2019arcy", "D'Arcy"),
        ("maryjane", "Mary Jane"),
        ("Mary  Jane", "Mary Jane"),
        ("eun ji", "Eun-ji"),
        ("soren", "Søren"),
        ("pawel", "Paweł"),
    ],
)
def test_case_accents_and_spacing_are_forgiven(typed: str, name: str) -> None:
    assert folded(typed) == folded(name)


def test_other_names_stay_others() -> None:
    assert folded("Ben") != folded("Bea")
    assert folded("  ") == ""
