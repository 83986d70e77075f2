"""The random meeting, and the bugs it has to find when they are put back on purpose."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from circletime.audit.queries import verify
from circletime.media.rules import Rights
from circletime.meetings import orders
from circletime.meetings.actions import door, floor, lifecycle
from circletime.meetings.rules import State
from circletime.pages import doorman
from tests.actions import machine
from tests.actions.machine import MeetingMachine
from tests.world import World

STEPS = int(os.environ.get("CIRCLETIME_STEPS", "800"))
"""`make soak` takes 10,000."""
RUN_LENGTH = 100

pytestmark = pytest.mark.timeout(900)


def play(world: World, steps: int, *, seed_free: bool = False) -> None:
    """Let the machine take about so many steps."""
    MeetingMachine.world = world
    run_state_machine_as_test(
        MeetingMachine,
        settings=settings(
            max_examples=max(1, steps // RUN_LENGTH),
            stateful_step_count=RUN_LENGTH,
            deadline=None,
            database=None,
            derandomize=not seed_free,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_invariants_hold_at_every_step(world: World) -> None:
    machine.steps = 0
    while machine.steps < STEPS:
        # Other examples than before each time; with derandomize they would be the same again.
        play(world, STEPS - machine.steps, seed_free=machine.steps > 0)
    assert machine.steps >= STEPS
    checked, broken = verify()
    assert broken is None
    assert checked > STEPS / 8, "most of what was tried was refused"


def no_microphone_is_taken(patch: pytest.MonkeyPatch) -> None:
    """Two floors: nobody tells the media server that the last turn is over."""
    whole = floor.order

    def order(meeting: Any, verb: str, seat: Any, now: Any) -> None:
        if meeting.floor is not None:
            whole(meeting, verb, seat, now)

    patch.setattr(floor, "order", order)


def microphones_are_given_first(patch: pytest.MonkeyPatch) -> None:
    """Two floors for a moment: orders are carried out in the wrong order."""
    patch.setattr(orders, "sorted", lambda items, key: sorted(items, key=key, reverse=True), raising=False)


def a_token_carries_the_microphone(patch: pytest.MonkeyPatch) -> None:
    """Two floors by a slow connection: what a pass was given before comes into the room after."""
    patch.setattr(doorman, "Rights", lambda **given: Rights(**(given | {"microphone": True})))


def anybody_is_admitted(patch: pytest.MonkeyPatch) -> None:
    """A late admit: nobody asks whether the meeting is still live, or a host there."""
    patch.setattr(door, "check_admit", lambda **known: None)


def the_limit_is_missed(patch: pytest.MonkeyPatch) -> None:
    """The worker's clock forgets the end."""
    whole = lifecycle.tick

    def tick(*, meeting: Any, now: Any) -> None:
        if meeting.ends_at is None or now < meeting.ends_at:
            whole(meeting=meeting, now=now)

    patch.setattr(lifecycle, "tick", tick)


def the_end_counts_only_once_it_is_written(patch: pytest.MonkeyPatch) -> None:
    """A late admit while the worker is away: the limit is passed, but no row says so yet."""
    patch.setattr("circletime.meetings.models.state_at", lambda state, ends_at, now: State(state))


def who_is_sent_away_stays(patch: pytest.MonkeyPatch) -> None:
    """The media server is not told that somebody was removed."""
    patch.setattr(door, "order", lambda *given: None)


def the_room_does_not_freeze(patch: pytest.MonkeyPatch) -> None:
    """Everybody keeps their rights when the last host goes."""
    patch.setattr(lifecycle, "order_everyone", lambda *given: None)


Bug = Callable[[pytest.MonkeyPatch], None]
FOUND_AS: dict[Bug, str] = {
    no_microphone_is_taken: "two children can be heard|other rights than the database says",
    microphones_are_given_first: "two children can be heard",
    a_token_carries_the_microphone: "two children can be heard",
    anybody_is_admitted: "admitted",
    the_limit_is_missed: "the limit was missed",
    the_end_counts_only_once_it_is_written: "after the limit",
    who_is_sent_away_stays: "in the room who was not admitted",
    the_room_does_not_freeze: "other rights than the database says",
}


@pytest.mark.soak
@pytest.mark.parametrize("bug", FOUND_AS, ids=lambda bug: bug.__name__)
def test_a_bug_put_back_is_found(world: World, bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug(monkeypatch)
    with pytest.raises(AssertionError, match=FOUND_AS[bug]):
        play(world, 12_000)
