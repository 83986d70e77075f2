"""The pass that the gate asks for: who has none, and what none carries (T2, T7, P2, P6)."""

import pytest

from circletime.media.gate import Pass
from circletime.meetings.actions import door, floor, lifecycle
from circletime.meetings.models import Seat
from circletime.pages import doorman
from tests.world import World


def pass_of(seat: Seat, key: str | None = None) -> Pass | None:
    """What a browser is answered whose session holds this seat."""
    return doorman._admit({"seats": {seat.public_id: seat.key if key is None else key}}, seat.public_id)


def test_who_waits_has_no_pass(world: World) -> None:
    meeting, host = world.live()
    seat = world.knock(meeting, "Amara")
    assert pass_of(seat) is None
    door.admit(by=host, seat_id=seat.public_id, now=world.now)
    assert pass_of(seat) is not None
    door.send_back(by=host, seat_id=seat.public_id, now=world.now)
    assert pass_of(seat) is None


def test_who_was_removed_or_left_has_no_pass(world: World) -> None:
    meeting, host = world.live()
    removed, left = (world.come_in(meeting, host, name) for name in ("Amara", "Ben"))
    door.remove(by=host, seat_id=removed.public_id, reason="Behaviour", now=world.now)
    door.leave(by=left, now=world.now)
    assert pass_of(removed) is None and pass_of(left) is None


def test_past_the_end_there_is_no_pass(world: World) -> None:
    """Though the worker has not written down yet that the meeting is over."""
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    world.later(minutes=20)
    assert world.fresh(meeting).state == "live"
    assert pass_of(seat) is None and pass_of(host) is None


def test_before_the_start_and_after_the_end_there_is_no_pass(world: World) -> None:
    planned = world.plan()
    lifecycle.open_waiting_room(meeting=planned, by="test", now=world.now)
    host = door.enter_as_host(meeting=planned, by=world.teacher, confirmed=True, key="", now=world.now)
    assert pass_of(host) is None
    world.later(hours=1)
    _, host = world.live()
    assert pass_of(host) is not None
    lifecycle.end(by=host, now=world.now)
    assert pass_of(host) is None


@pytest.mark.parametrize("key", ["", "x" * 22])
def test_another_browsers_seat_gives_no_pass(world: World, key: str) -> None:
    meeting, host = world.live()
    assert pass_of(world.come_in(meeting, host, "Amara"), key) is None
    assert pass_of(host, key) is None


def test_no_pass_of_a_child_carries_the_microphone(world: World) -> None:
    """Not even while it has the turn: the microphone is ordered, in line behind what is taken away (P2)."""
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    floor.give_turn(by=host, seat_id=seat.public_id, now=world.now)
    given = pass_of(seat)
    assert given is not None and given.rights.camera and not given.rights.microphone
    hosts = pass_of(host)
    assert hosts is not None and hosts.rights.microphone


def test_a_pass_is_for_its_own_room_under_its_own_name_and_ends_with_the_meeting(world: World) -> None:
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    given = pass_of(seat)
    assert given is not None
    assert (given.room, given.identity, given.name) == (meeting.room, seat.public_id, "Amara")
    assert given.closes_at == meeting.ends_at
