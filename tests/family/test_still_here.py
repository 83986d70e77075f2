"""Once during a meeting each household is asked whether a grown-up is still there (R3)."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.audit.models import Row
from circletime.core.errors import NotAllowed, Refused
from circletime.meetings import tasks, wire
from circletime.meetings.actions import door, grown_ups, lifecycle
from circletime.meetings.models import GrownUpAsk, Meeting, Seat
from circletime.meetings.queries import RegisterRow, register, snapshot
from circletime.meetings.rules import Kind
from tests.web.visits import Visits
from tests.world import World


def told(world: World, seat: Seat) -> dict[str, Any]:
    """What goes down this seat's live socket now."""
    return wire.view(snapshot(seat.meeting_id, world.now), seat.public_id, world.now)


def asked(world: World, seat: Seat) -> bool:
    return bool(told(world, seat)["you"]["asked_grown_up"])


def silent(world: World, host: Seat) -> list[str]:
    return list(told(world, host)["host"]["grown_ups"]["silent"])


def row_of(world: World, meeting: Meeting, label: str) -> RegisterRow:
    return next(row for row in register(world.fresh(meeting), world.now) if row.label == label)


def press(client: Client, seat: Seat) -> Any:
    return client.post(
        reverse("room-command", args=[seat.public_id, "grown-up"]), "{}", content_type="application/json"
    )


class TestAttacks:
    def test_another_childs_browser_answers_for_nobody(self, world: World, visits: Visits) -> None:
        meeting, host = world.live()
        _, amara = visits.let_in("Amara", host)
        ben, seat = visits.let_in("Ben", host)
        grown_ups.ask_grown_ups(by=host, now=world.later(seconds=60))
        for client in (ben, visits.browser(), visits.by_role("teacher")):
            assert press(client, amara).status_code == 404
        sent = json.dumps({"seat": amara.public_id})
        address = reverse("room-command", args=[seat.public_id, "grown-up"])
        assert ben.post(address, sent, content_type="application/json").status_code == 200
        assert silent(world, host) == ["Amara"]
        assert row_of(world, meeting, "Amara").asked[0][1] is None

    def test_a_host_answers_for_no_household(self, world: World) -> None:
        _, host = world.live()
        seat = world.come_in(host.meeting, host, "Amara")
        grown_ups.ask_grown_ups(by=host, now=world.later(seconds=60))
        with pytest.raises(NotAllowed):
            grown_ups.still_here(by=host, now=world.now)
        assert asked(world, seat)

    def test_who_waits_or_was_removed_answers_nothing(self, world: World) -> None:
        meeting, host = world.live()
        gone = world.come_in(meeting, host, "Amara")
        waits = world.knock(meeting, "Ben")
        grown_ups.ask_grown_ups(by=host, now=world.later(seconds=60))
        door.remove(by=host, seat_id=gone.public_id, reason="Asked to go", now=world.now)
        for seat in (gone, waits):
            with pytest.raises(NotAllowed):
                grown_ups.still_here(by=seat, now=world.later(seconds=1))
        assert row_of(world, meeting, "Amara").asked[0][1] is None

    def test_an_answer_before_anybody_asked_is_none(self, world: World) -> None:
        meeting, host = world.live()
        seat = world.come_in(meeting, host, "Amara")
        before = Row.objects.count()
        grown_ups.still_here(by=seat, now=world.later(seconds=60))
        assert Row.objects.count() == before
        grown_ups.ask_grown_ups(by=host, now=world.later(seconds=1))
        assert asked(world, seat)

    def test_after_the_end_there_is_no_answer(self, world: World) -> None:
        meeting, host = world.live()
        seat = world.come_in(meeting, host, "Amara")
        grown_ups.ask_grown_ups(by=host, now=world.later(seconds=60))
        with pytest.raises(Refused):
            grown_ups.still_here(by=seat, now=world.later(minutes=20))
        assert row_of(world, meeting, "Amara").asked[0][1] is None

    def test_a_child_does_not_ask(self, world: World) -> None:
        meeting, host = world.live()
        seat = world.come_in(meeting, host, "Amara")
        with pytest.raises(NotAllowed):
            grown_ups.ask_grown_ups(by=seat, now=world.later(seconds=60))
        assert not GrownUpAsk.objects.exists()


def test_the_clock_asks_once_a_third_of_the_way_in(world: World) -> None:
    meeting, host = world.live()
    seats = [world.come_in(meeting, host, name) for name in ("Amara", "Ben")]
    tasks.run_clock(world.later(seconds=399))
    assert not any(asked(world, seat) for seat in seats)
    tasks.run_clock(world.later(seconds=1))
    at = world.now
    assert all(asked(world, seat) for seat in seats)
    tasks.run_clock(world.later(seconds=30))
    grown_ups.still_here(by=seats[0], now=world.now)
    assert silent(world, host) == ["Ben"]
    for _ in range(3):
        tasks.run_clock(world.later(seconds=60))
    assert GrownUpAsk.objects.count() == 2 and world.fresh(meeting).grown_ups_asked_at == at
    lifecycle.end(by=host, now=world.later(seconds=60))
    assert row_of(world, meeting, "Amara").asked == ((at, at + timedelta(seconds=30)),)
    assert row_of(world, meeting, "Ben").asked == ((at, None),)
    kinds = Row.objects.filter(kind__startswith="meetings.grown_ups").values_list("kind", "by")
    assert list(kinds) == [
        ("meetings.grown_ups.asked", "system:worker"),
        ("meetings.grown_ups.answered", seats[0].actor),
    ]


def test_where_the_host_asked_the_clock_does_not(world: World) -> None:
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    grown_ups.ask_grown_ups(by=host, now=world.later(seconds=60))
    grown_ups.still_here(by=seat, now=world.later(seconds=5))
    tasks.run_clock(world.later(seconds=500))
    assert not asked(world, seat)
    grown_ups.ask_grown_ups(by=host, now=world.later(seconds=5))  # a person may ask again
    assert asked(world, seat)


def test_a_frozen_room_is_asked_when_it_goes_on_and_not_at_its_very_end(world: World) -> None:
    meeting, host = world.live()
    seat = world.come_in(meeting, host, "Amara")
    world.later(seconds=390)
    world.drop(host)
    tasks.run_clock(world.later(seconds=20))
    assert world.fresh(meeting).state == "frozen" and not asked(world, seat)
    world.connect(host, "two")
    tasks.run_clock(world.later(seconds=1))
    assert asked(world, seat)
    Meeting.objects.update(grown_ups_asked_at=None)
    tasks.run_clock(world.later(seconds=600))  # as after a worker that was away
    assert world.fresh(meeting).grown_ups_asked_at is None


def test_a_child_who_comes_later_has_just_confirmed(world: World) -> None:
    meeting, host = world.live()
    world.come_in(meeting, host, "Amara")
    tasks.run_clock(world.later(seconds=400))
    late = world.come_in(meeting, host, "Ben")
    assert not asked(world, late)
    assert silent(world, host) == ["Amara"]
    assert row_of(world, meeting, "Ben").asked == ()


def test_who_comes_back_from_another_device_has_answered_at_the_door(world: World) -> None:
    meeting, host = world.live()
    world.come_in(meeting, host, "Amara")
    tasks.run_clock(world.later(seconds=400))
    at = world.now
    seat = Seat.objects.get(pupil=world.pupil("Amara"))
    world.drop(seat)
    Seat.objects.filter(pk=seat.pk).update(seen_at=None)
    world.later(seconds=20)
    again = world.come_in(meeting, host, "Amara")
    assert again.pk != seat.pk and not asked(world, again)
    assert row_of(world, meeting, "Amara").asked == ((at, world.now),)


def test_a_parents_or_a_staff_meeting_is_not_asked(world: World, visits: Visits) -> None:
    household = visits.family_of(world.pupil("Ben"))
    for plan in ({"kind": Kind.STAFF, "minutes": 40}, {"kind": Kind.PARENTS, "household": household}):
        meeting, host = world.live(**plan)
        tasks.run_clock(world.later(seconds=800))
        assert world.fresh(meeting).grown_ups_asked_at is None
        assert not asked(world, host)
        lifecycle.end(by=host, now=world.now)


def test_the_register_says_it_in_words_and_as_csv(world: World, visits: Visits) -> None:
    meeting, host = world.live()
    world.come_in(meeting, host, "Amara")
    ben = world.come_in(meeting, host, "Ben")
    tasks.run_clock(world.later(seconds=400))
    grown_ups.still_here(by=ben, now=world.later(seconds=5))
    teacher = visits.by_role("teacher")
    page = teacher.get(reverse("register", args=[meeting.public_id])).content.decode()
    assert "no answer" in page and "answered 12:06:45" in page
    sheet = teacher.get(reverse("register-csv", args=[meeting.public_id])).content.decode()
    assert '"yes; asked 12:06:40: no answer"' in sheet
    assert '"yes; asked 12:06:40: answered 12:06:45"' in sheet
