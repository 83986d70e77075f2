"""Two who do the same thing at the same moment, in the room, in the office and in the log."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from circletime.audit import queries as log
from circletime.audit.actions import record
from circletime.audit.models import Row
from circletime.core.errors import Refused
from circletime.documents.actions.remind import remind_all
from circletime.documents.models import Reminder
from circletime.documents.rules.kinds import Audience
from circletime.documents.rules.kinds import Kind as Paper
from circletime.meetings.actions import door, floor, lifecycle, schedule
from circletime.meetings.models import Meeting, Seat, Turn
from circletime.meetings.rules import HELD, Kind, Purpose, SeatState, State
from circletime.notices.actions import take_letter
from circletime.notices.models import Letter
from circletime.people.actions import classes, pupils, staff
from circletime.people.models import Pupil, SchoolClass, User
from tests.documents.papers import Papers
from tests.grown.conftest import Works
from tests.world import World

ROUNDS = range(4)
"""A race is run more than once: who is first is chance."""


def fine(answers: list[Any]) -> list[Any]:
    """Nobody met anything but a rule's plain sentence."""
    for answer in answers:
        assert not isinstance(answer, BaseException) or isinstance(answer, Refused), repr(answer)
    return [answer for answer in answers if not isinstance(answer, Refused)]


def written(kind: str) -> int:
    return Row.objects.filter(kind=kind).count()


def whole() -> int:
    """The chain holds; answers how many rows it has."""
    count, broken = log.verify()
    assert broken is None
    return count


def test_two_children_are_given_the_floor_at_once_by_two_hosts(world: World, at_once: Works) -> None:
    meeting, host = world.live()
    helper = door.enter_as_host(meeting=meeting, by=world.support, confirmed=True, key="", now=world.now)
    world.connect(helper, "two")
    names = ("Amara", "Ben", "Chloé")
    seats = [world.come_in(meeting, host, name) for name in names]
    voices: list[int] = []
    world.media.watch = lambda: voices.append(
        sum(world.media.rooms[meeting.room][seat.public_id].microphone for seat in seats)
    )
    for _ in ROUNDS:
        fine(
            at_once(
                *(
                    lambda by=by, seat=seat: floor.give_turn(by=by, seat_id=seat.public_id, now=world.now)
                    for by, seat in zip((host, helper, host), seats, strict=True)
                )
            )
        )
        (turn,) = Turn.objects.filter(meeting=meeting, ended_at=None)
        assert world.fresh(meeting).floor_id == turn.seat_id
        world.later(seconds=1)
    assert voices and max(voices) <= 1
    whole()


def test_one_child_is_let_in_by_two_hosts_at_once(world: World, at_once: Works) -> None:
    meeting, host = world.live()
    helper = door.enter_as_host(meeting=meeting, by=world.support, confirmed=True, key="", now=world.now)
    world.connect(helper, "two")
    for name in ("Amara", "Ben", "Chloé", "Farida"):
        seat, before = world.knock(meeting, name), written("meetings.guest.admitted")
        presses = [
            lambda by=by, seat=seat: door.admit(by=by, seat_id=seat.public_id, now=world.now)
            for by in (host, helper)
        ]
        assert len(fine(at_once(*presses, lambda: door.admit_expected(by=host, now=world.now)))) >= 1
        assert Seat.objects.get(pk=seat.pk).state == SeatState.ADMITTED
        assert written("meetings.guest.admitted") == before + 1
    whole()


def test_one_child_knocks_in_four_browsers_at_once_and_has_one_seat(world: World, at_once: Works) -> None:
    meeting, _ = world.live()
    for name in ("Amara", "Ben", "Chloé"):
        fine(at_once(*[lambda name=name: world.knock(meeting, name) for _ in range(4)]))
        assert Seat.objects.filter(meeting=meeting, pupil=world.pupil(name), state__in=HELD).count() == 1
    whole()


def test_a_child_is_let_in_and_sent_away_at_once(world: World, at_once: Works) -> None:
    meeting, host = world.live()
    for name in ("Amara", "Ben", "Chloé", "Farida"):
        seat = world.knock(meeting, name)
        fine(
            at_once(
                lambda seat=seat: door.admit(by=host, seat_id=seat.public_id, now=world.now),
                lambda seat=seat: door.remove(
                    by=host, seat_id=seat.public_id, reason="Too loud", now=world.now
                ),
            )
        )
        assert Seat.objects.get(pk=seat.pk).state == SeatState.REMOVED
        assert not world.connect(seat)
    whole()


def test_a_meeting_is_ended_by_its_host_and_by_two_clocks_at_once(world: World, at_once: Works) -> None:
    meeting, host = world.live()
    child = world.come_in(meeting, host, "Amara")
    floor.give_turn(by=host, seat_id=child.public_id, now=world.now)
    end = world.fresh(meeting).ends_at
    assert end is not None
    world.now = end
    tick = lambda: lifecycle.tick(meeting=meeting, now=world.now)  # noqa: E731
    fine(at_once(lambda: lifecycle.end(by=host, now=world.now), tick, tick))
    assert world.fresh(meeting).state == State.ENDED
    assert written("meetings.meeting.ended") == 1 and written("meetings.turn.ended") == 1
    whole()


def test_eight_write_the_log_at_once_and_it_is_one_chain(world: World, at_once: Works) -> None:
    before = whole()

    def writes(who: int) -> None:
        for number in range(25):
            with transaction.atomic():
                record("test.thing.done", by=f"test:{who}", subject="thing:1", now=world.now, number=number)

    fine(at_once(*[lambda who=who: writes(who) for who in range(8)]))
    assert whole() == before + 200
    for who in range(8):
        mine = Row.objects.filter(by=f"test:{who}").order_by("number").values_list("data", flat=True)
        assert [json.loads(data)["number"] for data in mine] == list(range(25))


def test_the_first_row_of_all_is_written_by_one(world: World, at_once: Works) -> None:
    from circletime.audit.models import Head

    Row.objects.all().delete()
    Head.objects.all().delete()

    def writes() -> None:
        with transaction.atomic():
            record("test.thing.done", by="test", subject="thing:1", now=world.now)

    fine(at_once(*[writes] * 6))
    assert whole() == 6


def test_two_children_of_one_name_need_a_mark_however_fast_they_are_added(
    world: World, at_once: Works
) -> None:
    home = [world.pupil("Amara").households.get()]

    def adds() -> Pupil:
        told = {"school_class": world.oak, "first_name": "Ngozi", "last_name": "Eze", "mark": ""}
        return pupils.add_pupil(**told, households=home, by=world.staff["office"], now=world.now)

    assert len(fine(at_once(*[adds] * 4))) == 1
    assert Pupil.objects.filter(first_name="Ngozi").count() == 1


def test_no_class_and_no_address_is_there_twice(world: World, at_once: Works) -> None:
    office = world.staff["office"]
    adds_class = lambda: classes.add_class(name="Rowan", year="2", by=office, now=world.now)  # noqa: E731
    told = {"name": "Mr New", "email": "new@larkfield.example"}
    adds_staff = lambda: staff.add_staff(**told, by=office, now=world.now)  # noqa: E731
    assert len(fine(at_once(*[adds_class] * 3, *[adds_staff] * 3))) == 2
    assert SchoolClass.objects.filter(name="Rowan").count() == 1
    assert User.objects.filter(email=told["email"]).count() == 1


def test_the_last_two_headteachers_do_not_take_each_others_role(world: World, at_once: Works) -> None:
    one = world.staff["headteacher"]
    two = staff.add_staff(name="Ms Two", email="two@larkfield.example", by=one, now=world.now)
    staff.set_roles(user=two, roles=["headteacher"], by=one, now=world.now)
    one, two = User.objects.get(pk=one.pk), User.objects.get(pk=two.pk)
    fine(
        at_once(
            lambda: staff.set_roles(user=two, roles=[], by=one, now=world.now),
            lambda: staff.set_roles(user=one, roles=[], by=two, now=world.now),
        )
    )
    assert User.objects.filter(is_active=True, rolegrant__role="headteacher").count() == 1


def plan(world: World, days: int) -> Meeting:
    """A meeting in so many days, of which families are told now."""
    when = world.now + timedelta(days=days)
    told = {"kind": Kind.CLASS, "purpose": Purpose.CIRCLE, "starts_at": when, "minutes": 20}
    return schedule.schedule(**told, school_class=world.oak, by=world.teacher, now=world.now)


def test_a_meeting_is_planned_once_however_often_it_is_pressed(world: World, at_once: Works) -> None:
    before = Meeting.objects.count()
    assert len(fine(at_once(*[lambda: plan(world, 1)] * 4))) == 1
    assert Meeting.objects.count() == before + 1


def test_a_meeting_is_cancelled_while_its_letters_are_being_taken(world: World, at_once: Works) -> None:
    def takes() -> int:
        return sum(take_letter(now=world.now) is not None for _ in range(4))

    for day in range(1, 4):
        meeting = plan(world, day)
        told = list(Letter.objects.filter(about=meeting.subject).values_list("pk", flat=True))
        cancelled, *taken = at_once(
            lambda meeting=meeting: schedule.cancel(meeting=meeting, by=world.teacher, now=world.now),
            takes,
            takes,
        )
        assert cancelled is None, repr(cancelled)
        states = Letter.objects.filter(pk__in=told).values_list("state", flat=True)
        assert set(states) <= {"sending", "stopped"} and len(told) > 8 and taken


@pytest.mark.parametrize("how_many", [2, 4])
def test_who_is_reminded_is_reminded_once(world: World, at_once: Works, how_many: int) -> None:
    papers = Papers(world)
    version = papers.publish(Paper.VIDEO, of=(Audience.STAFF,), gates=())
    fine(
        at_once(
            *[lambda: remind_all(version=version, by=world.staff["headteacher"], now=world.now)] * how_many
        )
    )
    users = list(Reminder.objects.filter(version=version).values_list("user", flat=True))
    assert users and len(users) == len(set(users))
