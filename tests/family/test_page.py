"""What a household's page tells, and what is accepted and asked for there (R1, R3, R4, R8, T10)."""

from datetime import timedelta
from typing import Any

import pytest
import vobject
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from circletime.access.actions.log import log_case
from circletime.access.models import Case
from circletime.audit.models import Row
from circletime.core.errors import Refused
from circletime.dispatch.actions.workplace import set_work_address
from circletime.meetings.actions import lifecycle
from circletime.meetings.models import Meeting
from circletime.people.actions import note_restriction
from circletime.people.models import Adult, Pupil, SchoolClass
from circletime.recordings.models import Recording
from tests.family.conftest import Home
from tests.recordings.school import make_recording
from tests.web.page import Page
from tests.world import World


def page_of(client: Client) -> Page:
    answer = client.get(reverse("family-home"))
    assert answer.status_code == 200
    return Page(answer)


def met_and_recorded(world: World, name: str) -> Recording:
    """A meeting of today that this child was in, and its recording."""
    meeting, host = world.live()
    world.come_in(meeting, host, name)
    lifecycle.end(by=host, now=world.later(minutes=5))
    return make_recording(world.fresh(meeting), [])


class TestWhatItTells:
    def test_the_next_meetings_with_day_length_and_purpose(self, world: World, home: Home) -> None:
        home.visits.planned(2)
        home.visits.planned(24, minutes=15)
        home.visits.planned(24 * 4)
        words = page_of(home.by_link("Amara")).words()
        assert "Today, 14:00 Circle time · 20 minutes" in words
        assert "Tomorrow, 12:00 Circle time · 15 minutes" in words
        assert "Saturday 28 November, 12:00" in words

    def test_a_teachers_school_address(self, world: World, home: Home) -> None:
        page = page_of(home.by_link("Amara"))
        assert f"mailto:{world.teacher.email}" in page.addresses()
        for other in (world.support, world.stranger, world.staff["dsl"]):
            assert other.email not in page.source
        world.teacher.is_active = False
        world.teacher.save()
        assert world.teacher.email not in page_of(home.by_link("Amara")).source

    def test_what_is_kept_and_the_day_it_goes(self, world: World, home: Home) -> None:
        recording = met_and_recorded(world, "Amara")
        page = page_of(home.by_link("Amara"))
        day = recording.destroy_on
        assert f"{day:%A} {day.day} {day:%B}" in page.words()
        assert recording.public_id not in page.source
        others = page_of(home.by_link("Ben")).words()
        assert f"{day:%A} {day.day} {day:%B}" not in others, "a child who was not there is in no recording"
        Recording.objects.update(destroy_on=world.now.date())
        assert page_of(home.by_link("Amara")).words().count("Goes on") == 0

    def test_work_goes_on_elsewhere(self, home: Home) -> None:
        words = page_of(home.by_link("Amara")).words()
        assert (
            "through J2e or SchoolPing" in words and "Please do not talk with the teacher during it" in words
        )
        for rule in (
            "Not in a bedroom and not in a bathroom.",
            "dressed as for school",
            "No photos and no screenshots.",
        ):
            assert rule in words

    def test_where_it_goes_on_is_the_childrens_own_class(self, world: World, home: Home) -> None:
        told = {"by": world.staff["office"], "now": world.now}
        for each in SchoolClass.objects.all():
            set_work_address(school_class=each, address=f"https://work.example/{each.name.lower()}", **told)
        addresses = page_of(home.by_link("Amara")).addresses()
        assert "https://work.example/oak" in addresses and "https://work.example/ash" not in addresses

    def test_names_are_text_and_read_in_their_own_direction(self, world: World, home: Home) -> None:
        pupil = world.pupil("Amara")
        for name in ("<script>alert(1)</script>", "عائشة", "={{ 7 }}"):
            pupil.first_name = name
            pupil.save()
            page = page_of(home.by_link_of(pupil))
            assert "<script>alert" not in page.source
            assert any(each.tag == "bdi" and each.text == name for each in page.every)


class TestFamiliesAsTheyAre:
    def test_four_children_in_three_classes_on_one_page(self, world: World, home: Home) -> None:
        family = home.household("Amara")
        elm = SchoolClass.objects.create(name="Elm", year=3)
        ash = SchoolClass.objects.get(name="Ash")
        family.pupils.add(world.pupil("Ben"), Pupil.objects.filter(school_class=ash).earliest("pk"))
        family.pupils.add(Pupil.objects.create(school_class=elm, first_name="Zed", last_name="Somebody"))
        home.visits.planned(24)
        client = home.by_link("Amara")
        with CaptureQueriesContext(connection) as few:
            page = page_of(client)
        cards = [each for each in page.every if each.tag == "article"]
        assert [
            sum(each.tag == "time" or "coming" in each.get("class") for each in card.inside) for card in cards
        ]
        assert len(cards) == 4 and {"Ash", "Elm", "Oak"} <= set(page.words().split())
        with_one = home.by_link("Ben")
        with CaptureQueriesContext(connection) as queries:
            page_of(with_one)
        assert len(few) <= len(queries) + 4, "not a question more for each child"
        assert len(few) < 40 and len(page.source) < 40_000

    def test_an_adult_of_two_households_sees_the_children_of_both_by_code(
        self, world: World, home: Home
    ) -> None:
        adult = home.adult("Amara")
        adult.households.add(home.household("Ben"))
        words = page_of(home.by_code(adult)).words()
        assert "Amara" in words and "Ben" in words
        assert "Ben" not in page_of(home.by_link("Amara")).words(), "a link is one household's"

    def test_without_any_adult_or_address_the_link_works(self, home: Home) -> None:
        Adult.objects.all().delete()
        client = home.by_link("Amara")
        assert "Amara" in page_of(client).words()
        assert client.get(reverse("family-ask")).status_code == 200


class TestTheCalendar:
    def test_an_entry_that_another_program_reads(self, world: World, home: Home) -> None:
        meeting = home.visits.planned(24)
        answer = home.by_link("Amara").get(reverse("family-entry", args=[meeting.public_id]))
        assert (
            answer["Content-Type"].startswith("text/calendar")
            and "attachment" in answer["Content-Disposition"]
        )
        text = answer.content.decode()
        read = vobject.readOne(text)
        event = read.vevent
        assert event.dtstart.value == meeting.starts_at
        assert event.dtend.value - event.dtstart.value == timedelta(minutes=20)
        assert (
            event.summary.value == "Oak: Circle time" and event.uid.value == f"{meeting.public_id}@circletime"
        )
        assert read.method.value == "PUBLISH" and "Amara" not in text and "ATTENDEE" not in text

    def test_one_that_is_cancelled_is_not_there(self, world: World, home: Home) -> None:
        meeting = home.visits.planned(24)
        Meeting.objects.filter(pk=meeting.pk).update(state="cancelled")
        client = home.by_link("Amara")
        assert client.get(reverse("family-entry", args=[meeting.public_id])).status_code == 404
        assert "No meeting is planned yet" in page_of(client).words()


class TestAskingToSee:
    def ask(self, client: Client, **typed: str) -> Any:
        return client.post(reverse("family-ask"), {"relation": "parent", "words": "The one of today"} | typed)

    def test_it_opens_a_request_and_holds_the_recording_at_once(self, world: World, home: Home) -> None:
        recording = met_and_recorded(world, "Amara")
        adult = home.adult("Amara")
        answer = self.ask(home.by_code(adult))
        assert answer.status_code == 302
        case = Case.objects.get()
        assert (case.pupil, case.asker, case.logged_by, case.channel) == (
            world.pupil("Amara"),
            adult,
            None,
            "page",
        )
        assert case.words == "The one of today" and case.asked_on == world.now.date()
        assert recording.holds.filter(released_at=None).count() == 1
        row = Row.objects.get(kind="access.case.logged")
        assert row.by.startswith("code:") and adult.name not in row.data
        staff = home.visits.by_role("slt")
        shown = staff.get(reverse("request", args=[case.public_id])).content.decode()
        assert "Asked on the household" in shown

    def test_pressed_twice_it_is_one_request(self, home: Home) -> None:
        client = home.by_code(home.adult("Amara"))
        self.ask(client)
        again = self.ask(client)
        assert again.status_code == 409 and "asked already" in Page(again).alerts()[0]
        assert Case.objects.count() == 1
        assert "You asked for Amara on Tuesday 24 November" in page_of(client).words()

    def test_two_parents_each_ask_for_themselves(self, home: Home) -> None:
        first, second = home.adult("Amara", 0), home.adult("Amara", 1)
        client = home.by_link("Amara")
        missing = self.ask(client)
        assert missing.status_code == 400 and "Say who you are." in Page(missing).alerts()
        for adult in (first, second):
            assert self.ask(client, adult=str(adult.pk)).status_code == 302
        assert Case.objects.count() == 2

    def test_what_is_missing_is_said_and_what_was_typed_is_kept(self, home: Home) -> None:
        home.household("Amara").pupils.add(home.world.pupil("Ben"))
        client = home.by_code(home.adult("Amara"))
        for typed, field in (
            ({}, "child"),
            ({"child": str(home.world.pupil("Ben").pk), "relation": "uncle"}, "relation"),
        ):
            page = Page(self.ask(client, **typed))
            assert page.said_beside(field) and page.field("words").text == "The one of today"
        assert not Case.objects.exists()

    def test_a_restriction_on_another_adult_stops_it_as_everywhere(self, world: World, home: Home) -> None:
        mother, father = home.adult("Amara", 0), home.adult("Amara", 1)
        note_restriction(
            pupil=world.pupil("Amara"), what="An order", since=world.now.date(), adult=father,
            by=world.staff["dsl"], now=world.now,
        )  # fmt: skip
        assert self.ask(home.by_code(mother)).status_code == 302
        assert Case.objects.get().state == "stopped"

    def test_staff_cannot_say_that_a_household_asked_here(self, world: World) -> None:
        with pytest.raises(Refused):
            log_case(
                pupil=world.pupil("Amara"), asker_name="Ada", relation="parent", channel="page",
                asked_on=world.now.date(), by=world.staff["office"], now=world.now,
            )  # fmt: skip


def test_the_camera_page_asks_nobody_and_sends_nothing(home: Home) -> None:
    answer = home.by_link("Amara").get(reverse("family-test"))
    page = Page(answer)
    assert not any(each.tag in ("form",) and "sign-out" not in each.get("action") for each in page.every)
    script = next(a for a in page.addresses() if a.endswith("family-test.js"))
    with open(f"circletime/pages{script}") as source:
        text = source.read()
    for way_out in (
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "sendBeacon",
        "RTCPeerConnection",
        "MediaRecorder",
    ):
        assert way_out not in text
