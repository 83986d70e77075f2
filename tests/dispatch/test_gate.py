"""A teaching meeting is shut to families until every household has been told that it is for teaching (R5)."""

import pytest
from django.test import Client
from django.urls import reverse

from circletime.core.errors import Refused
from circletime.dispatch.actions.sending import tick_told
from circletime.dispatch.queries.reach import may_go
from circletime.meetings import wire
from circletime.meetings.actions import lifecycle
from circletime.meetings.families import keeping_shut
from circletime.meetings.models import Meeting, Seat
from circletime.meetings.rules import Purpose
from circletime.notices import tasks
from circletime.people.actions import note_restriction
from circletime.people.models import Pupil
from tests.dispatch.conftest import family, letters, notice, only, plan, rows
from tests.signing import sign_in
from tests.web.post_office import PostOffice
from tests.world import World


def teaching(world: World) -> Meeting:
    """A meeting for teaching whose waiting room is open to staff."""
    meeting = plan(world, purpose=Purpose.TEACHING, hours=0)
    lifecycle.open_waiting_room(meeting=meeting, by="test", now=world.now)
    return world.fresh(meeting)


def test_nobody_knocks_before_the_last_household_was_told(world: World, office: PostOffice) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    nobody = family(ben, name="Nobody")
    meeting = teaching(world)
    assert "for teaching" in letters()[0].subject and "This meeting is for teaching." in letters()[0].text
    assert len(keeping_shut(meeting, world.now)) == 2
    with pytest.raises(Refused, match="not open yet"):
        world.knock(meeting, "Amara")
    tasks.send_due(world.now, may_go)
    assert keeping_shut(meeting, world.now) == [nobody]
    with pytest.raises(Refused, match="not open yet"):
        world.knock(meeting, "Amara")
    assert not Seat.objects.exists()
    (row,) = [row for row in rows() if row.household == nobody]
    tick_told(
        deliveries=[row.public_id], notice=notice(), how="paper", by=world.staff["office"], now=world.now
    )
    assert not keeping_shut(meeting, world.now)
    assert world.knock(meeting, "Amara").state == "waiting"


def test_a_letter_that_failed_keeps_it_shut(world: World, office: PostOffice) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    office.at_recipient = "550 5.1.1 No such mailbox"
    meeting = teaching(world)
    tasks.send_due(world.now, may_go)
    assert len(keeping_shut(meeting, world.now)) == 1


def test_a_household_that_may_not_be_written_to_keeps_nothing_shut(world: World) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    note_restriction(
        pupil=amara, what="An order", since=world.now.date(), by=world.staff["dsl"], now=world.now
    )
    assert not keeping_shut(teaching(world), world.now)


def test_a_meeting_for_anything_else_opens_at_once(world: World) -> None:
    only(world, "Amara")
    meeting = plan(world, hours=0)
    lifecycle.open_waiting_room(meeting=meeting, by="test", now=world.now)
    assert world.knock(world.fresh(meeting), "Amara").state == "waiting"


def test_the_family_reads_that_it_is_not_open_and_the_host_reads_why(
    world: World, office: PostOffice
) -> None:
    only(world, "Amara")
    meeting = teaching(world)
    home, staff = Client(REMOTE_ADDR="203.0.113.7"), Client()
    home.post(reverse("join"), {"class_id": world.oak.join_id, "password": world.oak.password})
    assert b"Not open yet" in home.get(reverse("join-name")).content
    assert home.get(reverse("join-open")).json() == {"open": False}
    sign_in(staff, world.teacher)
    page = staff.get(reverse("meeting", args=[meeting.public_id])).content.decode()
    assert "1 family has not been told so yet" in page
    tasks.send_due(world.now, may_go)
    assert home.get(reverse("join-open")).json() == {"open": True}
    assert b"Your first name" in home.get(reverse("join-name")).content
    assert b"not been told" not in staff.get(reverse("meeting", args=[meeting.public_id])).content


def test_a_host_in_the_room_is_told_as_well(world: World) -> None:
    only(world, "Amara")
    Pupil.objects.filter(school_class=world.oak).update(first_name="Amara")
    meeting, host = world.live()
    Meeting.objects.filter(pk=meeting.pk).update(purpose=Purpose.TEACHING)
    letters()[0].__class__.objects.update(state="failed")
    said = wire.view(wire.read(meeting.pk, world.now), host.public_id, world.now)["host"]["notices"]
    assert said[0]["kind"] == "shut" and "1 family" in said[0]["text"]
