"""A meeting ends at its limit whoever looks at the clock, whatever it says, and whether it can be written."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import OperationalError

from circletime.meetings import tasks
from circletime.meetings.actions import lifecycle
from circletime.meetings.rules import State
from circletime.pages.doorman import DatabaseDoorman, _admit, _over
from tests.world import World


def test_a_second_clock_leaves_the_first_one_a_moment(world: World) -> None:
    left_for = timedelta(seconds=0.3)
    meeting, _ = world.live()
    tasks.run_clock(world.later(minutes=20, seconds=0.2), left_for=left_for)
    assert world.fresh(meeting).state == State.LIVE
    tasks.run_clock(world.later(seconds=0.1), left_for=left_for)
    assert world.fresh(meeting).state == State.ENDED
    assert meeting.room not in world.media.rooms


def test_a_second_clock_freezes_a_room_without_a_host(world: World) -> None:
    meeting, teacher = world.live()
    world.drop(teacher)
    tasks.run_clock(world.later(seconds=3.1), left_for=timedelta(seconds=0.3))
    assert world.fresh(meeting).state == State.FROZEN


def test_a_clock_that_was_set_back_gives_no_meeting_more_time(world: World) -> None:
    """The gate let somebody in until the end, and waited for so long by no clock that can be set."""
    meeting, teacher = world.live()
    leave = _admit({"seats": {teacher.public_id: teacher.key}}, teacher.public_id)
    assert leave is not None
    world.later(minutes=-30)
    tasks.run_clock(world.now)
    assert world.fresh(meeting).state == State.LIVE
    _over(replace(leave, closes_at=world.now))
    assert world.fresh(meeting).state == State.LIVE, "the end of some other time is not this one's"
    _over(leave)
    assert world.fresh(meeting).state == State.ENDED
    assert meeting.room not in world.media.rooms


def test_a_room_whose_end_cannot_be_written_is_gone_nevertheless(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting, teacher = world.live()
    leave = _admit({"seats": {teacher.public_id: teacher.key}}, teacher.public_id)
    assert leave is not None

    def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(lifecycle, "finish", full)
    world.later(minutes=20)
    with ThreadPoolExecutor(1) as beside:  # outside of Playwright's loop
        beside.submit(lambda: asyncio.run(DatabaseDoorman().over(leave))).result()
    assert meeting.room not in world.media.rooms
    tasks.reconcile_rooms()
    assert meeting.room not in world.media.rooms, "nor is it made again"
