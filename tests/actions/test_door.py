"""The waiting room and the door, through the real actions (C2, T7, P6, P7, R3)."""

import json
import re

import pytest

from circletime.audit.queries import list_kinds
from circletime.core.errors import NotAllowed, Refused
from circletime.media.rules import Rights
from circletime.meetings import tasks, wire
from circletime.meetings.actions import door, lifecycle
from circletime.meetings.actions.host import allow_camera
from circletime.meetings.models import Happening, Seat
from circletime.meetings.queries import register, snapshot
from circletime.meetings.rules import State
from circletime.people.queries import match_pupils
from tests.world import World


def test_who_waits_is_told_nothing_of_the_meeting(world: World) -> None:
    meeting, host = world.live()
    world.come_in(meeting, host, "Ben")
    seat = world.knock(meeting, "Amara")
    told = wire.view(snapshot(meeting.pk, world.now), seat.public_id, world.now)
    assert told["people"] == []
    assert "Ben" not in json.dumps(told)
    assert "ends_at" not in told["meeting"]
    assert "host" not in told
    assert not world.connect(seat)


def test_an_admitted_child_is_told_no_surname_and_nothing_for_hosts(world: World) -> None:
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Ben")
    world.come_in(meeting, host, "Amara")
    told = wire.view(snapshot(meeting.pk, world.now), seat.public_id, world.now)
    assert {person["label"] for person in told["people"]} == {"Mrs Osei", "Ben", "Amara"}
    assert "host" not in told
    for surname in (world.pupil("Ben").last_name, world.pupil("Amara").last_name):
        assert surname not in json.dumps(told)


def test_nobody_is_admitted_without_a_host_in_the_room(world: World) -> None:
    meeting, host = world.live()
    seat = world.knock(meeting, "Amara")
    world.drop(host)
    with pytest.raises(Refused):
        door.admit(by=host, seat_id=seat.public_id, now=world.now)


def test_another_meetings_host_can_do_nothing_here(world: World) -> None:
    meeting, _ = world.live()
    seat = world.knock(meeting, "Amara")
    with pytest.raises(NotAllowed):
        door.enter_as_host(meeting=meeting, by=world.stranger, confirmed=True, key="", now=world.now)
    other = World(**(vars(world) | {"oak": world.stranger.classes.get(), "teacher": world.stranger}))
    _, foreign = other.live()
    with pytest.raises(Refused):
        door.admit(by=foreign, seat_id=seat.public_id, now=world.now)


def test_a_teacher_taken_off_the_class_hosts_no_more(world: World) -> None:
    meeting, _ = world.live()
    helper = door.enter_as_host(meeting=meeting, by=world.support, confirmed=True, key="", now=world.now)
    seat = world.knock(meeting, "Amara")
    world.oak.staff.remove(world.support)
    with pytest.raises(NotAllowed):
        door.admit(by=helper, seat_id=seat.public_id, now=world.now)


def test_s1_is_asked_each_time(world: World) -> None:
    meeting, _ = world.live()
    with pytest.raises(Refused) as refused:
        door.enter_as_host(meeting=meeting, by=world.support, confirmed=False, key="", now=world.now)
    assert refused.value.field == "confirmed"


def test_a_child_of_another_class_is_not_expected(world: World) -> None:
    meeting, _ = world.live()
    stray = world.pupil("Amara").__class__.objects.exclude(school_class=world.oak).first()
    with pytest.raises(NotAllowed):
        door.knock(meeting=meeting, person=door.Person(pupil=stray), key="", grown_up=True, now=world.now)


def test_who_left_the_school_meanwhile_is_not_expected(world: World) -> None:
    """The list is of the moment the waiting room opened; who has left since is let in no more."""
    meeting, _ = world.live()
    person = door.Person(pupil=world.pupil("Amara"))
    person.pupil.left_at = world.now
    person.pupil.save()
    with pytest.raises(NotAllowed):
        door.knock(meeting=meeting, person=person, key="", grown_up=True, now=world.now)
    assert not Seat.objects.filter(pupil=person.pupil).exists()


def test_without_a_grown_up_there_is_no_knock(world: World) -> None:
    meeting, _ = world.live()
    person = door.Person(pupil=world.pupil("Amara"))
    with pytest.raises(Refused):
        door.knock(meeting=meeting, person=person, key="", grown_up=False, now=world.now)


def test_a_second_browser_does_not_get_a_seat_that_is_in_use(world: World) -> None:
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    second = world.knock(meeting, "Amara")
    assert second.pk is None and second.state == ""
    assert Seat.objects.get(pk=seat.pk).state == "admitted"
    assert Happening.objects.filter(meeting=meeting, kind="door").exists()


def test_the_same_browser_gets_its_own_seat_again(world: World) -> None:
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    assert world.knock(meeting, "Amara", key=seat.key).pk == seat.pk


def test_a_child_who_changes_device_waits_again_and_the_old_page_is_shut_out(world: World) -> None:
    meeting, host = world.live()
    old = world.come_in(meeting, host, "Amara")
    world.drop(old)
    world.later(seconds=20)
    new = world.knock(meeting, "Amara")
    assert new.pk != old.pk and new.state == "waiting" and new.came_back
    assert not world.connect(old)
    told = wire.view(snapshot(meeting.pk, world.now), old.public_id, world.now)
    assert told["why"] == "elsewhere"


def test_a_removed_child_is_out_and_stays_out(world: World) -> None:
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    door.remove(by=host, seat_id=seat.public_id, reason="Behaviour", now=world.now)
    assert world.rights(seat) is None
    assert not world.connect(seat)
    with pytest.raises(Refused):
        world.knock(meeting, "Amara", key=seat.key)
    with pytest.raises(Refused):
        door.remove(by=host, seat_id=seat.public_id, reason=" ", now=world.now)


def test_each_step_against_a_child_is_in_the_register(world: World) -> None:
    """With who, what and why, so that it can be talked about afterwards (P6)."""
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    allow_camera(by=host, seat_id=seat.public_id, on=False, now=world.now)
    door.send_back(by=host, seat_id=seat.public_id, now=world.now)
    door.remove(by=host, seat_id=seat.public_id, reason=" Shouted at Ben ", now=world.now)
    (row,) = [row for row in register(world.fresh(meeting), world.now) if row.label == "Amara"]
    assert row.notes == [
        "Camera turned off by the host",
        "Sent back to the waiting room",
        "Removed: Shouted at Ben",
    ]
    kinds = list_kinds(meeting.subject)
    assert {"meetings.camera.off", "meetings.guest.waiting", "meetings.guest.removed"} <= set(kinds)


def test_each_meeting_has_a_room_that_nobody_guesses(world: World) -> None:
    """T6: one room for one meeting, of 128 random bits, with nothing of the class or of a person in it."""
    rooms = []
    for _ in range(3):
        meeting, host = world.live()
        lifecycle.end(by=host, now=world.now)
        rooms.append(meeting.room)
        world.later(hours=1)
    assert len(set(rooms)) == 3 and all(re.fullmatch("r-[0-9a-f]{32}", room) for room in rooms)
    assert len({place for room in rooms for place in room[2:10]}) > 4, "not counted up"


def test_nobody_is_removed_without_a_reason(world: World) -> None:
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    for reason in ("", "  ", "\n"):
        with pytest.raises(Refused) as refused:
            door.remove(by=host, seat_id=seat.public_id, reason=reason, now=world.now)
        assert refused.value.field == "reason"
    assert Seat.objects.get(pk=seat.pk).state == "admitted" and world.rights(seat) is not None


def test_sent_back_is_out_until_admitted_again_and_not_by_everyone_expected(world: World) -> None:
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    door.send_back(by=host, seat_id=seat.public_id, now=world.now)
    assert world.rights(seat) is None
    assert not world.connect(seat)
    assert door.admit_expected(by=host, now=world.now) == 0
    door.admit(by=host, seat_id=seat.public_id, now=world.now)
    assert world.connect(seat)


def test_everyone_expected_is_admitted_at_once(world: World) -> None:
    meeting, host = world.live()
    seats = [world.knock(meeting, name) for name in ("Amara", "Ben", "Farida")]
    assert door.admit_expected(by=host, now=world.now) == 3
    for seat in seats:
        assert world.connect(seat)
        assert world.rights(seat) == Rights(camera=True, microphone=False, screen=False, subscribe=True)


def test_two_olivias_are_told_apart_by_what_the_household_knows(world: World) -> None:
    both = list(world.pupil("Olivia").__class__.objects.filter(school_class=world.oak, first_name="Olivia"))
    assert len(both) == 2
    assert len(match_pupils(both, "olivia")) == 2
    assert match_pupils(both, "olivia", both[0].last_name) == [both[0]]
    assert match_pupils(both, "olivia", "Nobody") == []
    assert len({one.label for one in both}) == 2


def test_the_register_says_who_came_when_and_how_long_they_spoke(world: World) -> None:
    from circletime.meetings.actions import floor

    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    world.later(seconds=60)
    floor.give_turn(by=host, seat_id=seat.public_id, now=world.now)
    world.later(seconds=30)
    floor.end_turn(by=host, now=world.now)
    world.later(seconds=30)
    lifecycle.end(by=host, now=world.now)
    rows = {row.label: row for row in register(world.fresh(meeting), world.now)}
    assert rows["Amara"].turns == 1
    assert rows["Amara"].spoken_seconds == 30
    assert rows["Amara"].minutes == pytest.approx(2)
    assert not rows["Ben"].came
    assert rows["Mrs Osei"].role == "host"


def test_a_host_goes_on_from_another_device_and_the_class_does_not_wait(world: World) -> None:
    meeting, tablet = world.live()
    laptop = door.enter_as_host(meeting=meeting, by=world.teacher, confirmed=True, key="", now=world.now)
    assert laptop.key != tablet.key
    assert world.fresh(meeting).state == State.LIVE
    told = wire.view(snapshot(meeting.pk, world.now), tablet.public_id, world.now)
    assert told["why"] == "elsewhere"
    assert world.rights(tablet) is None
    with pytest.raises(NotAllowed):
        door.admit_expected(by=tablet, now=world.now)
    tasks.run_clock(world.later(seconds=2))
    assert world.connect(laptop, "two")
    tasks.run_clock(world.later(seconds=5))
    assert world.fresh(meeting).state == State.LIVE


def test_a_host_who_never_arrives_on_the_other_device_is_missed(world: World) -> None:
    meeting, _ = world.live()
    door.enter_as_host(meeting=meeting, by=world.teacher, confirmed=True, key="", now=world.now)
    tasks.run_clock(world.later(seconds=4))
    assert world.fresh(meeting).state == State.FROZEN


def test_the_same_browser_keeps_its_hosts_seat(world: World) -> None:
    meeting, host = world.live()
    again = door.enter_as_host(meeting=meeting, by=world.teacher, confirmed=True, key=host.key, now=world.now)
    assert again == host
