"""Hands, turns, the room's state, and what the media server is told (P1, P2, T1, T2, T5)."""

from datetime import timedelta

import pytest

from circletime.audit.queries import list_kinds, verify
from circletime.core.errors import Refused
from circletime.media.rules import Rights
from circletime.meetings import orders, tasks, wire
from circletime.meetings.actions import floor, host, lifecycle
from circletime.meetings.models import Happening, MediaOrder, Meeting, Seat, Turn
from circletime.meetings.queries import register, snapshot
from circletime.meetings.rules import Recording, State
from circletime.policy import limits
from tests.world import World


def microphones(world: World, *seats: Seat) -> list[str]:
    return [seat.label for seat in seats if (rights := world.rights(seat)) and rights.microphone]


def test_a_turn_moves_the_one_microphone(world: World) -> None:
    meeting, teacher = world.live()
    amara, ben = (world.come_in(meeting, teacher, name) for name in ("Amara", "Ben"))
    floor.give_turn(by=teacher, seat_id=amara.public_id, now=world.now)
    assert microphones(world, amara, ben) == ["Amara"]
    floor.give_turn(by=teacher, seat_id=ben.public_id, now=world.now)
    assert microphones(world, amara, ben) == ["Ben"]
    floor.end_turn(by=teacher, now=world.now)
    assert microphones(world, amara, ben) == []
    assert Turn.objects.filter(ended_at=None).count() == 0


def test_while_a_microphone_cannot_be_taken_none_is_given(world: World) -> None:
    meeting, teacher = world.live()
    amara, ben = (world.come_in(meeting, teacher, name) for name in ("Amara", "Ben"))
    floor.give_turn(by=teacher, seat_id=amara.public_id, now=world.now)
    world.media.failing = True
    floor.give_turn(by=teacher, seat_id=ben.public_id, now=world.now)
    assert microphones(world, amara, ben) == ["Amara"]
    world.media.failing = False
    assert orders.carry_out(meeting.pk)
    assert microphones(world, amara, ben) == ["Ben"]
    assert not MediaOrder.objects.exists()


def test_at_no_moment_do_two_children_have_a_microphone(world: World) -> None:
    """Looked at after each single change, also where both waited for a media server that was away."""
    meeting, teacher = world.live()
    amara, ben = (world.come_in(meeting, teacher, name) for name in ("Amara", "Ben"))
    most: list[int] = []
    world.media.watch = lambda: most.append(len(microphones(world, amara, ben)))
    for one in (amara, ben, amara):
        floor.give_turn(by=teacher, seat_id=one.public_id, now=world.now)
    world.media.failing = True
    floor.give_turn(by=teacher, seat_id=ben.public_id, now=world.now)
    world.media.failing = False
    assert orders.carry_out(meeting.pk)
    assert most and max(most) == 1 and microphones(world, amara, ben) == ["Ben"]


def test_while_another_process_tells_the_media_server_nobody_else_does(world: World) -> None:
    """Two at once might give before the other has taken."""
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    Meeting.objects.filter(pk=meeting.pk).update(media_leased_until=world.now + orders.LEASE)
    floor.give_turn(by=teacher, seat_id=amara.public_id, now=world.now)
    assert not orders.carry_out(meeting.pk)
    assert microphones(world, amara) == [] and MediaOrder.objects.exists()
    world.later(seconds=orders.LEASE.total_seconds() + 1)
    assert orders.carry_out(meeting.pk), "a process that died holds it no longer"
    assert microphones(world, amara) == ["Amara"]


def test_a_turn_ends_with_the_connection(world: World) -> None:
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    floor.give_turn(by=teacher, seat_id=amara.public_id, now=world.now)
    world.drop(amara)
    assert world.fresh(meeting).floor is None and not Turn.objects.filter(ended_at=None).exists()
    world.connect(amara)
    assert microphones(world, amara) == []


def test_a_late_connection_brings_no_microphone_along(world: World) -> None:
    meeting, teacher = world.live()
    amara, ben = (world.come_in(meeting, teacher, name) for name in ("Amara", "Ben"))
    floor.give_turn(by=teacher, seat_id=amara.public_id, now=world.now)
    world.drop(amara)
    floor.give_turn(by=teacher, seat_id=ben.public_id, now=world.now)
    world.connect(amara)
    assert microphones(world, amara, ben) == ["Ben"]


def test_hands_keep_their_order_and_go_down_with_the_turn(world: World) -> None:
    meeting, teacher = world.live()
    amara, ben = (world.come_in(meeting, teacher, name) for name in ("Amara", "Ben"))
    floor.raise_hand(by=ben, up=True, now=world.later(seconds=1))
    floor.raise_hand(by=amara, up=True, now=world.later(seconds=1))
    floor.raise_hand(by=ben, up=True, now=world.later(seconds=1))
    up = Seat.objects.exclude(hand_at=None).order_by("hand_at")
    assert [seat.label for seat in up] == ["Ben", "Amara"]
    floor.give_turn(by=teacher, seat_id=ben.public_id, now=world.now)
    assert [seat.label for seat in up.all()] == ["Amara"]


def test_a_pupil_cannot_give_turns(world: World) -> None:
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    with pytest.raises(Refused):
        floor.give_turn(by=amara, seat_id=amara.public_id, now=world.now)


def test_the_circle_goes_round_once(world: World) -> None:
    meeting, teacher = world.live()
    for name in ("Farida", "Amara", "Ben"):
        world.come_in(meeting, teacher, name)
    floor.set_circle(by=teacher, on=True, now=world.now)
    order = []
    for _ in range(3):
        floor.next_turn(by=teacher, now=world.later(seconds=5))
        order.append(world.fresh(meeting).floor.label)
    assert order == ["Amara", "Ben", "Farida"]
    floor.next_turn(by=teacher, now=world.now)
    assert world.fresh(meeting).floor is None
    assert world.fresh(meeting).circle_began_at is None


def test_the_host_is_shown_who_had_no_turn_yet(world: World) -> None:
    meeting, teacher = world.live()
    amara, _ = (world.come_in(meeting, teacher, name) for name in ("Amara", "Ben"))

    def silent() -> list[str]:
        told = wire.view(snapshot(meeting.pk, world.now), teacher.public_id, world.now)
        return list(told["host"]["not_spoken"])

    assert silent() == ["Amara", "Ben"]
    floor.give_turn(by=teacher, seat_id=amara.public_id, now=world.now)
    floor.end_turn(by=teacher, now=world.later(seconds=9))
    assert silent() == ["Ben"]
    rows = {row.label: row for row in register(world.fresh(meeting), world.now)}
    assert (rows["Amara"].turns, rows["Ben"].turns) == (1, 0)


def test_without_a_host_the_room_freezes_and_comes_back(world: World) -> None:
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    floor.give_turn(by=teacher, seat_id=amara.public_id, now=world.now)
    world.drop(teacher)
    tasks.run_clock(world.later(seconds=2))
    assert world.fresh(meeting).state == State.LIVE
    tasks.run_clock(world.later(seconds=2))
    assert world.fresh(meeting).state == State.FROZEN
    assert world.rights(amara) == Rights.NONE
    world.connect(teacher)
    assert world.fresh(meeting).state == State.LIVE
    assert world.rights(amara) == Rights(camera=True, microphone=False, screen=False, subscribe=True)


def test_a_frozen_room_is_broken_off_after_two_minutes(world: World) -> None:
    meeting, teacher = world.live()
    world.drop(teacher)
    tasks.run_clock(world.later(seconds=4))
    tasks.run_clock(world.later(seconds=119))
    assert world.fresh(meeting).state == State.FROZEN
    tasks.run_clock(world.later(seconds=2))
    assert world.fresh(meeting).state == State.ABORTED
    assert meeting.room not in world.media.rooms


def test_where_two_adults_are_needed_one_is_not_enough(world: World) -> None:
    from circletime.people.models import School

    School.objects.update(hosts_needed=2)
    meeting, _ = world.live()
    tasks.run_clock(world.later(seconds=1))
    assert world.fresh(meeting).state == State.FROZEN


def test_the_room_closes_at_its_limit(world: World) -> None:
    meeting, teacher = world.live()
    world.come_in(meeting, teacher, "Amara")
    tasks.run_clock(world.later(minutes=19, seconds=59.9))
    assert world.fresh(meeting).state == State.LIVE
    tasks.run_clock(world.later(seconds=0.1))
    assert world.fresh(meeting).state == State.ENDED
    assert meeting.room not in world.media.rooms


def test_a_room_that_could_not_be_closed_is_closed_as_soon_as_it_can(world: World) -> None:
    meeting, _ = world.live()
    world.media.failing = True
    tasks.run_clock(world.later(minutes=20))
    assert meeting.room in world.media.rooms
    world.media.failing = False
    orders.carry_out(meeting.pk)
    assert meeting.room not in world.media.rooms


def test_a_lost_recorder_freezes_the_room_after_ten_seconds(world: World) -> None:
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    lifecycle.recording_changed(meeting=meeting, to=Recording.LOST, by="test", now=world.now)
    tasks.run_clock(world.later(seconds=9))
    assert world.fresh(meeting).state == State.LIVE
    tasks.run_clock(world.later(seconds=2))
    assert world.fresh(meeting).state == State.FROZEN
    assert world.rights(amara) == Rights.NONE
    lifecycle.recording_changed(meeting=meeting, to=Recording.ON, by="test", now=world.now)
    assert world.fresh(meeting).state == State.LIVE


def test_screens_are_off_until_switched_on_and_go_off_with_their_person(world: World) -> None:
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    assert not world.rights(teacher).screen
    host.share_screen(by=teacher, on=True, seat_id=None, now=world.now)
    assert world.rights(teacher).screen and not world.rights(amara).screen
    host.share_screen(by=teacher, on=True, seat_id=amara.public_id, now=world.now)
    assert world.rights(amara).screen and not world.rights(teacher).screen
    world.drop(amara)
    assert not world.fresh(meeting).sharing_on
    world.connect(amara)
    assert not world.rights(amara).screen


def test_a_screen_that_stopped_is_not_shared_again_by_itself(world: World) -> None:
    """T5: whoever wants to show another one asks again."""
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    host.share_screen(by=teacher, on=True, seat_id=amara.public_id, now=world.now)
    host.screen_stopped(seat=amara, now=world.now)
    assert not world.fresh(meeting).sharing_on and not world.rights(amara).screen
    host.share_screen(by=teacher, on=True, seat_id=None, now=world.now)
    lifecycle.end(by=teacher, now=world.now)
    assert not world.fresh(meeting).sharing_on


def test_a_camera_the_host_turns_off_is_off_in_the_room(world: World) -> None:
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    host.allow_camera(by=teacher, seat_id=amara.public_id, on=False, now=world.now)
    assert not world.rights(amara).camera
    world.drop(amara)
    world.connect(amara)
    assert not world.rights(amara).camera, "nor after coming back"
    host.allow_camera(by=teacher, seat_id=amara.public_id, on=True, now=world.now)
    assert world.rights(amara).camera


def test_a_virtual_camera_is_shown_to_the_host_and_kept(world: World) -> None:
    """P5: what a browser reveals is a notice at once, once, and stands in the register."""
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    for _ in range(3):
        host.told(by=amara, kind="virtual_camera", detail="OBS\n\x00 Virtual Camera", now=world.now)
    host.told(by=amara, kind="blur", detail="", now=world.now)
    told = wire.view(snapshot(meeting.pk, world.now), teacher.public_id, world.now)["host"]
    said = ["Virtual camera: OBS Virtual Camera", "Blurred background"]
    assert sorted(one["text"] for one in told["notices"]) == sorted(f"Amara: {each}" for each in said)
    (shown,) = [one for one in told["pupils"] if one["label"] == "Amara"]
    assert sorted(shown["notes"]) == sorted(said)
    (row,) = [row for row in register(world.fresh(meeting), world.now) if row.label == "Amara"]
    assert row.notes == said
    assert list_kinds(meeting.subject).count("meetings.camera.noticed") == 2
    seen_by_a_child = wire.view(snapshot(meeting.pk, world.now), amara.public_id, world.now)
    assert "Virtual" not in str(seen_by_a_child)
    with pytest.raises(Refused):
        host.told(by=amara, kind="teacher is silly", detail="x", now=world.now)
    assert Happening.objects.filter(kind="camera").count() == 2


def test_the_reconciler_puts_the_media_server_right(world: World) -> None:
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    world.media.rooms[meeting.room][amara.public_id] = Rights(
        camera=True, microphone=True, screen=True, subscribe=True
    )
    world.media.rooms[meeting.room]["somebody"] = Rights.NONE
    world.media.rooms["r-left-over"] = {}
    tasks.reconcile_rooms()
    assert not world.rights(amara).microphone
    assert "somebody" not in world.media.rooms[meeting.room]
    assert "r-left-over" not in world.media.rooms


def test_a_seat_that_does_not_come_back_is_given_up(world: World) -> None:
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    world.drop(amara)
    world.later(seconds=limits.SEAT_KEPT.total_seconds() - 1)
    assert world.connect(amara)
    world.drop(amara)
    tasks.give_up_dropped(world.later(seconds=limits.SEAT_KEPT.total_seconds()))
    assert not world.connect(amara)


def test_everything_is_in_the_log_and_the_log_holds(world: World) -> None:
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    floor.give_turn(by=teacher, seat_id=amara.public_id, now=world.now)
    lifecycle.abort(by=teacher, reason="Internet failure", now=world.now)
    kinds = list_kinds(world.fresh(meeting).subject)
    for kind in (
        "meetings.meeting.scheduled",
        "meetings.meeting.started",
        "meetings.guest.admitted",
        "meetings.turn.given",
        "meetings.turn.ended",
        "meetings.meeting.aborted",
    ):
        assert kind in kinds
    count, broken = verify()
    assert count > 8 and broken is None


def test_no_meeting_is_broken_off_without_a_reason(world: World) -> None:
    """Families are told why, so there has to be a why (T12)."""
    meeting, teacher = world.live()
    for reason in ("", "   ", "\n\t"):
        with pytest.raises(Refused) as refused:
            lifecycle.abort(by=teacher, reason=reason, now=world.now)
        assert refused.value.field == "reason"
    assert world.fresh(meeting).state == State.LIVE
    lifecycle.abort(by=teacher, reason=" Internet failure ", now=world.now)
    assert world.fresh(meeting).end_reason == "Internet failure"


def test_minutes_run_from_going_live(world: World) -> None:
    meeting, _ = world.live(minutes=15)
    assert world.fresh(meeting).ends_at == world.now + timedelta(minutes=15)
