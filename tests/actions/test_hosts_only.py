"""What a host does in the room nobody else does: each button, pressed by those who have none (T1, T5, P6)."""

from collections.abc import Callable

import pytest

from circletime.audit.models import Row
from circletime.core.errors import NotAllowed
from circletime.meetings import tasks
from circletime.meetings.actions import door, floor, grown_ups, host, lifecycle
from circletime.meetings.models import Meeting, Seat
from circletime.meetings.rules import SeatState
from circletime.people.models import User
from tests.world import World

Press = Callable[[], object]


def buttons(world: World, by: Seat, whom: Seat) -> dict[str, Press]:
    """Every command that only a host has, pressed by somebody about somebody."""
    seat, now = whom.public_id, world.now
    return {
        "admit": lambda: door.admit(by=by, seat_id=seat, now=now),
        "admit everybody": lambda: door.admit_expected(by=by, now=now),
        "send back": lambda: door.send_back(by=by, seat_id=seat, now=now),
        "remove": lambda: door.remove(by=by, seat_id=seat, reason="I want it", now=now),
        "give a turn": lambda: floor.give_turn(by=by, seat_id=seat, now=now),
        "end the turn": lambda: floor.end_turn(by=by, now=now),
        "begin the circle": lambda: floor.set_circle(by=by, on=True, now=now),
        "next turn": lambda: floor.next_turn(by=by, now=now),
        "camera": lambda: host.allow_camera(by=by, seat_id=seat, on=False, now=now),
        "own screen": lambda: host.share_screen(by=by, on=True, seat_id=by.public_id, now=now),
        "staff screens": lambda: host.share_screen(by=by, on=True, seat_id=None, now=now),
        "note": lambda: host.write_note(by=by, seat_id=seat, text="I was here", now=now),
        "ask grown-ups": lambda: grown_ups.ask_grown_ups(by=by, now=now),
        "start": lambda: lifecycle.start(meeting=by.meeting, by=by, now=now),
        "end": lambda: lifecycle.end(by=by, now=now),
        "break off": lambda: lifecycle.abort(by=by, reason="I want it", now=now),
    }


def none_works(world: World, by: Seat, whom: Seat) -> None:
    """Each is refused, and nothing has changed by it: no seat, no meeting, no row of the log."""

    def everything() -> tuple[object, ...]:
        return list(Meeting.objects.values()), list(Seat.objects.values()), Row.objects.count()

    before = everything()
    for name, press in buttons(world, by, whom).items():
        with pytest.raises(NotAllowed):
            press()
            pytest.fail(f"{name} was done")
        assert everything() == before, name


def test_a_child_in_the_room_presses_none_of_it(world: World) -> None:
    meeting, teacher = world.live()
    amara, ben = (world.come_in(meeting, teacher, name) for name in ("Amara", "Ben"))
    floor.give_turn(by=teacher, seat_id=ben.public_id, now=world.now)
    none_works(world, amara, ben)
    none_works(world, amara, world.knock(meeting, "Farida"))
    none_works(world, amara, teacher)


def test_who_waits_presses_none_of_it(world: World) -> None:
    meeting, teacher = world.live()
    ben = world.come_in(meeting, teacher, "Ben")
    waits = world.knock(meeting, "Amara")
    none_works(world, waits, waits)
    none_works(world, waits, ben)


def test_who_went_presses_nothing_any_more(world: World) -> None:
    """A host who left, whose page is still open; and one who went on from another device."""
    meeting, teacher = world.live()
    helper = door.enter_as_host(meeting=meeting, by=world.support, confirmed=True, key="", now=world.now)
    world.connect(helper, "two")
    ben = world.come_in(meeting, teacher, "Ben")
    door.leave(by=helper, now=world.now)
    none_works(world, helper, ben)
    door.enter_as_host(meeting=meeting, by=world.teacher, confirmed=True, key="", now=world.now)
    none_works(world, teacher, ben)


def test_who_was_taken_off_the_class_presses_nothing_any_more(world: World) -> None:
    meeting, teacher = world.live()
    helper = door.enter_as_host(meeting=meeting, by=world.support, confirmed=True, key="", now=world.now)
    world.connect(helper, "two")
    ben = world.come_in(meeting, teacher, "Ben")
    world.oak.staff.remove(world.support)
    none_works(world, helper, ben)


@pytest.mark.parametrize("how", ["on the page", "by an import"])
def test_a_host_whose_account_is_switched_off_is_out_of_the_room(how: str, world: World) -> None:
    """Whoever stops working here in the middle of a meeting sees and hears nothing of it any more."""
    meeting, host = world.live()
    amara = world.come_in(meeting, host, "Amara")
    helper = door.enter_as_host(meeting=meeting, by=world.support, confirmed=True, key="", now=world.now)
    world.connect(helper)
    User.objects.filter(pk=world.support.pk).update(is_active=False)
    if how == "on the page":
        door.put_out(user=world.support, by="test", now=world.now)
    else:
        tasks.put_out_leavers(world.now)
    helper.refresh_from_db()
    assert helper.state == SeatState.REMOVED and world.rights(helper) is None
    assert not world.connect(helper), "and does not come back"
    assert world.rights(amara) is not None and world.fresh(meeting).state == "live"
    door.put_out(user=world.teacher, by="test", now=world.later(seconds=5))
    assert world.fresh(meeting).state == "frozen", "it was the last host"
    before = world.fresh(meeting).version
    tasks.put_out_leavers(world.now)
    assert world.fresh(meeting).version == before, "nothing is done twice"
