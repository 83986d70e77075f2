"""The families' forms: what they ask for, what they say beside a field, and what they keep (P7, R3, T6)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.dispatch.actions.workplace import set_work_address
from circletime.meetings.actions import lifecycle
from circletime.meetings.models import DoorTry, Meeting, Seat
from circletime.meetings.rules import Kind, Purpose
from circletime.oversight.rehearsal.meeting import take_letters
from circletime.people.models import Group, Pupil, SchoolClass
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World


@pytest.fixture
def meeting(visits: Visits) -> Meeting:
    return visits.open_meeting()


@pytest.fixture
def inside(visits: Visits, browser: Client, meeting: Meeting) -> Client:
    """A browser that typed the class ID and password."""
    assert visits.class_door(browser).status_code == 302
    return browser


def comes_back(answer: Any, field: str, typed: dict[str, str]) -> str:
    """The form once more: a sentence beside `field`, what was typed kept, nobody in the waiting room."""
    assert answer.status_code == 400
    page = Page(answer)
    sentence = page.said_beside(field)
    assert sentence.endswith(".")
    assert page.alerts() == [sentence] and page.marked() == {field}
    for name, value in typed.items():
        assert page.value(name) == value[:60], name
    assert not Seat.objects.exists() and not DoorTry.objects.exists()
    return sentence


EMPTY = ("", "   ", "\0", "\u3000", None)


def test_a_field_left_empty_is_asked_for_and_is_no_guess(browser: Client, meeting: Meeting) -> None:
    typed = {"class_id": "abcdef", "password": "ghjkmnpq"}
    for field in typed:
        rest = {name: value for name, value in typed.items() if name != field}
        for empty in EMPTY:
            sent = rest if empty is None else rest | {field: empty}
            comes_back(browser.post(reverse("join"), sent), field, rest)


def test_a_first_name_left_empty_is_asked_for(inside: Client) -> None:
    for empty in EMPTY:
        sent = {"grown_up": "yes"} | ({} if empty is None else {"name": empty})
        comes_back(inside.post(reverse("join-name"), sent), "name", {"grown_up": "yes"})


def test_without_a_grown_up_nobody_asks_to_join_and_no_name_is_told(inside: Client) -> None:
    for name in ("Amara", "Nobody"):
        said = comes_back(inside.post(reverse("join-name"), {"name": name}), "grown_up", {"name": name})
        assert said == "A grown-up has to be there. Ask them, then tick the box."


@pytest.mark.parametrize(
    "long", ["x" * 61, "x" * 100_000, "🎈" * 9000, "-" * 9000, "'; drop table people_pupil; --"]
)
def test_very_long_or_odd_words_are_only_wrong(long: str, inside: Client, browser: Client) -> None:
    answer = inside.post(reverse("join-name"), {"name": long, "last_name": long, "grown_up": "yes"})
    assert answer.status_code == 403
    assert Page(answer).value("name") == long[:60]
    answer = browser.post(reverse("join"), {"class_id": long, "password": long})
    assert answer.status_code == 403
    assert Page(answer).value("class_id") == long[:60]
    assert not Seat.objects.exists() and Pupil.objects.exists()


def test_a_wrong_try_is_said_beside_the_fields_and_kept(inside: Client, browser: Client) -> None:
    answer = inside.post(reverse("join-name"), {"name": "Zebedee", "grown_up": "yes"})
    page = Page(answer)
    assert page.marked() == {"name"} and page.said_beside("name").startswith("That did not work.")
    assert page.value("name") == "Zebedee" and page.value("grown_up") == "yes"
    page = Page(browser.post(reverse("join"), {"class_id": "abc", "password": "def"}))
    assert page.marked() == {"class_id", "password"}
    assert page.said_beside("class_id") == page.said_beside("password")
    assert (page.value("class_id"), page.value("password")) == ("abc", "def")


def test_what_was_typed_is_kept_as_text(inside: Client, browser: Client) -> None:
    evil = '"><script>alert(1)</script>'
    for answer in (
        inside.post(reverse("join-name"), {"name": evil, "last_name": evil, "grown_up": "yes"}),
        browser.post(reverse("join"), {"class_id": evil, "password": evil}),
    ):
        assert b"<script>alert" not in answer.content and answer.status_code == 403


def test_no_form_is_sent_in_an_address(inside: Client, browser: Client) -> None:
    for address in (reverse("join"), reverse("join-name")):
        page = Page(inside.get(address))
        assert {e.get("method").lower() for e in page.every if e.tag == "form"} == {"post"}
    sent = {"class_id": "abc", "password": "secret", "name": "Amara", "grown_up": "yes"}
    assert b"secret" not in inside.get(reverse("join"), sent).content
    inside.get(reverse("join-name"), sent)
    assert not Seat.objects.exists()


def test_the_fields_have_the_words_a_child_is_told(inside: Client) -> None:
    page = Page(inside.get(reverse("join")))
    assert [e.text for e in page.every if e.tag == "label"] == ["Class ID", "Password"]
    assert page.buttons() == ["Next"]
    page = Page(inside.get(reverse("join-name")))
    labels = [" ".join(e.text.split()) for e in page.every if e.tag == "label"]
    assert labels == ["Your first name", "A grown-up is here with me"]
    assert page.buttons() == ["Ask to join"]
    assert page.alerts() == [] and page.marked() == set()
    assert "Circle time" in page.words()


def test_before_the_waiting_room_opens_the_next_meeting_is_told(visits: Visits, browser: Client) -> None:
    assert visits.class_door(browser).status_code == 302
    assert "No meeting is planned yet" in Page(browser.get(reverse("join-name"))).words()
    meeting = visits.planned(hours=24)
    answer = browser.get(reverse("join-name"))
    assert "Wednesday 25 November at 12:00" in Page(answer).words()
    assert meeting.public_id.encode() not in answer.content
    assert browser.get(reverse("join-open")).json() == {"open": False}
    visits.open_meeting()
    assert browser.get(reverse("join-open")).json() == {"open": True}


def test_a_meeting_that_is_over_is_asked_for_in_vain(world: World, visits: Visits, browser: Client) -> None:
    meeting, host = world.live()
    assert visits.class_door(browser).status_code == 302
    assert Page(browser.get(reverse("join-name"))).field("name")
    lifecycle.end(by=host, now=world.now)
    answer = visits.ask(browser, "Amara")
    assert answer.status_code == 200 and "Not open yet" in Page(answer).words()
    assert not Seat.objects.filter(meeting=meeting, role="pupil").exists()


def test_a_meeting_past_its_end_takes_nobody_even_before_it_is_written_down(
    world: World, visits: Visits, browser: Client
) -> None:
    world.live(minutes=5)
    assert visits.class_door(browser).status_code == 302
    world.later(minutes=6)
    assert visits.ask(browser, "Amara").status_code != 302
    assert not Seat.objects.filter(role="pupil").exists()


def test_a_group_meeting_is_for_its_group(world: World, visits: Visits, browser: Client) -> None:
    group = Group.objects.get(school_class=world.oak)
    outside = Pupil.objects.filter(school_class=world.oak).exclude(group=group).latest("pk")
    visits.open_meeting(kind=Kind.GROUP, group=group)
    assert visits.class_door(browser).status_code == 302
    assert visits.ask(browser, outside.first_name, outside.last_name).status_code == 403
    assert visits.ask(browser, group.pupils.earliest("pk").first_name).status_code == 302


def test_two_meetings_that_are_open_at_once_each_get_their_own(
    world: World, visits: Visits, browser: Client
) -> None:
    group = Group.objects.get(school_class=world.oak)
    reading = visits.open_meeting(kind=Kind.GROUP, group=group, minutes=5)
    world.later(minutes=6)
    visits.open_meeting(minutes=5)
    _, seat = visits.waiting(group.pupils.earliest("pk").first_name)
    assert seat.meeting == reading
    outside = Pupil.objects.filter(school_class=world.oak).exclude(group=group).exclude(first_name="Olivia")
    _, seat = visits.waiting(outside.earliest("pk").first_name)
    assert seat.meeting != reading


def test_the_same_browser_comes_back_to_its_seat_and_another_does_not_take_it(
    world: World, visits: Visits
) -> None:
    visits.open_meeting()
    client, seat = visits.waiting("Amara")
    again = visits.ask(client, "Amara")
    assert again["Location"] == reverse("room", args=[seat.public_id])
    other = visits.browser("192.0.2.9")
    visits.class_door(other)
    answer = visits.ask(other, "Amara")
    assert answer.status_code == 409 and "here already" in Page(answer).words()
    assert seat.public_id.encode() not in answer.content
    assert Seat.objects.count() == 1


def test_the_door_says_where_school_work_goes_on(
    world: World, visits: Visits, inside: Client, meeting: Meeting
) -> None:
    """R4, at the join page, with the address of the class's work once the office has written it down."""
    page = Page(inside.get(reverse("join-name")))
    social = "This meeting is social, for well-being. School work continues through J2e or SchoolPing."
    assert social in page.words() and "work.example" not in page.source
    told = {"by": world.staff["office"], "now": world.now}
    set_work_address(school_class=world.oak, address="https://work.example/oak", **told)
    other = SchoolClass.objects.exclude(pk=world.oak.pk).earliest("pk")
    set_work_address(school_class=other, address="https://work.example/other", **told)
    page = Page(inside.get(reverse("join-name")))
    assert page.addresses().count("https://work.example/oak") == 1
    assert "https://work.example/other" not in page.source, "another class's is not told"
    Meeting.objects.filter(pk=meeting.pk).update(purpose=Purpose.TEACHING)
    take_letters(meeting.subject, world.now)  # it stays shut until every family was told
    words = Page(inside.get(reverse("join-name"))).words()
    assert "Other school work continues through J2e or SchoolPing." in words and social not in words
