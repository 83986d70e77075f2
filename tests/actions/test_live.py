"""Who is told what by the live hub when time passes and nothing else happens; three seconds each."""

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest
from asgiref.sync import async_to_sync

from circletime.meetings import live, wire
from circletime.meetings.actions import floor
from circletime.meetings.live import Hub, Watcher
from circletime.meetings.models import Meeting, Seat
from circletime.meetings.rules import Purpose
from tests.world import World


@pytest.fixture(autouse=True)
def quick_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_EVERY", 0.3)


def told(meeting: Meeting, *seats: Seat, within: float = 20.0) -> list[bool]:
    """Whether each seat's page, and last the gate, is told anything at the next heartbeat that tells."""

    async def settles(watcher: Watcher) -> None:
        for _ in range(2):  # how it was when the page was opened, and when the hub looked first
            with suppress(TimeoutError):
                await asyncio.wait_for(watcher.wait(), 1.0)

    async def all_hear() -> list[bool]:
        hub = Hub()
        async with AsyncExitStack() as stack:
            names = [*(seat.public_id for seat in seats), None]
            watchers = [await stack.enter_async_context(hub.watch(meeting.pk, name)) for name in names]
            await asyncio.gather(*(settles(watcher) for watcher in watchers))
            waits = [asyncio.create_task(watcher.wait()) for watcher in watchers]
            await asyncio.wait(waits, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0.1)  # whoever else is told is told in the same breath
            heard = [wait.done() for wait in waits]
            for wait in waits:
                wait.cancel()
            return heard

    return async_to_sync(all_hear)()


def test_while_somebody_waits_the_host_hears_at_each_heartbeat_and_nobody_else_does(world: World) -> None:
    """Who waits and goes offline makes no new version, and is shown to hosts alone."""
    meeting, host = world.live()
    child = world.come_in(meeting, host, "Ben")
    world.knock(meeting, "Amara")
    assert told(meeting, host, child) == [True, False, False]


def test_a_turn_grows_longer_on_the_hosts_page(world: World) -> None:
    meeting, host = world.live()
    child = world.come_in(meeting, host, "Ben")
    floor.give_turn(by=host, seat_id=child.public_id, now=world.now)
    assert told(meeting, host, child) == [True, False, False]


def test_without_either_a_heartbeat_tells_nobody_anything(world: World) -> None:
    meeting, host = world.live()
    child = world.come_in(meeting, host, "Ben")
    assert told(meeting, host, child, within=1.0) == [False, False, False]


def test_a_meeting_for_teaching_is_told_where_no_database_may_be_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which families were not told (R5) is read with the rest; the suite itself allows asking anywhere."""
    meeting, host = world.live()
    Meeting.objects.filter(pk=meeting.pk).update(purpose=Purpose.TEACHING)
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)

    async def page() -> str:
        async with Hub().watch(meeting.pk, host.public_id) as watcher:
            return str(wire.view(await watcher.wait(), host.public_id, world.now)["type"])

    assert async_to_sync(page)() == "state"
