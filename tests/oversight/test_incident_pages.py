"""The pages of incidents: what each sees, what is kept of what was typed, two presses from the room (C6)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circletime.meetings.actions import door
from circletime.oversight.actions import incidents as actions
from circletime.oversight.evidence.facts import Facts
from circletime.oversight.evidence.figure import Verdict
from circletime.oversight.evidence.period import Span, span_of
from circletime.oversight.evidence.school import upheld
from circletime.oversight.models import Incident
from circletime.people.models import Pupil
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World

NEW = reverse("incident-new")


def typed(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "verb": "report",
        "kind": "behaviour",
        "what": "He shouted at the others",
        "pupil": world.pupil("Ben").pk,
        "happened_at": f"{timezone.localtime(world.now):%Y-%m-%dT%H:%M}",
        **changed,
    }


@pytest.fixture
def teacher(visits: Visits) -> Client:
    return visits.by_role("teacher")


@pytest.fixture
def incident(world: World, teacher: Client) -> Incident:
    teacher.post(NEW, typed(world))
    return Incident.objects.get()


def do(client: Client, incident: Incident, verb: str, **said: Any) -> Any:
    return client.post(reverse("incident", args=[incident.public_id]), {"verb": verb, **said})


def show(client: Client, incident: Incident) -> Page:
    return Page(client.get(reverse("incident", args=[incident.public_id])))


class TestAttacks:
    def test_without_a_token_nothing_is_sent(self, world: World, visits: Visits, incident: Incident) -> None:
        client = visits.signed_in(world.teacher, enforce_csrf_checks=True)
        assert client.post(NEW, typed(world)).status_code == 403
        assert do(client, incident, "step", text="Something").status_code == 403
        assert Incident.objects.count() == 1

    def test_another_classs_child_meeting_and_colleague_cannot_be_named(
        self, world: World, visits: Visits, teacher: Client
    ) -> None:
        meeting = visits.open_meeting()
        stranger = visits.by_role("teacher_ash")
        assert stranger.get(f"{NEW}?meeting={meeting.public_id}").status_code == 404
        for field, changed in {
            "meeting": {"meeting": meeting.public_id, "pupil": ""},
            "pupil": {},
            "staff": {"pupil": "", "staff": "999999"},
        }.items():
            answer = stranger.post(NEW, typed(world, **changed))
            assert answer.status_code == 400 and Page(answer).said_beside(field), field
        offered = {option.get("value") for option in Page(stranger.get(NEW)).field("pupil").inside}
        assert len(offered) > 2
        assert not offered & {str(child.pk) for child in Pupil.objects.filter(school_class=world.oak)}
        assert not Incident.objects.exists()

    def test_who_reported_it_sees_their_own_words_who_has_it_and_the_end(
        self, world: World, visits: Visits, teacher: Client, incident: Incident
    ) -> None:
        dsl = visits.by_role("dsl")
        do(dsl, incident, "take", owner=world.staff["dsl"].pk)
        do(dsl, incident, "step", text="The family is known to us")
        page = show(teacher, incident)
        assert "The family is known to us" not in page.words()
        assert f"In hand: {world.staff['dsl'].name}" in page.words() and "He shouted" in page.words()
        assert "Write it down" in page.buttons() and "Close it" not in page.buttons()
        assert do(teacher, incident, "close", outcome="All is well").status_code == 404
        do(dsl, incident, "close", outcome="We talked with the family")
        assert "We talked with the family" in show(teacher, incident).words()
        assert do(teacher, incident, "reopen", reason="No").status_code == 403

    def test_the_office_reads_no_letter_about_it(self, visits: Visits, incident: Incident) -> None:
        page = Page(visits.by_role("office").get(reverse("letters")))
        assert incident.public_id not in page.source

    def test_a_governor_has_no_link_and_only_figures(self, visits: Visits, incident: Incident) -> None:
        governor = visits.by_role("governor")
        assert reverse("incidents") not in Page(governor.get(reverse("meetings"))).addresses()
        page = Page(governor.get(reverse("report-clause", args=["C6"])))
        assert "1 of 1 incidents" in page.words() and "Ben" not in page.words() and "Oak" not in page.words()


class TestRoom:
    def test_it_is_two_presses_from_the_room(self, world: World, visits: Visits) -> None:
        meeting, _ = world.live()
        teacher = visits.by_role("teacher")
        confirmed = {"confirmed": ["1", "2", "3", "4"]}
        there = teacher.post(reverse("meeting-start", args=[meeting.public_id]), confirmed)["Location"]
        link = f"{NEW}?meeting={meeting.public_id}"
        assert f'"incident_url": "{link}"' in teacher.get(there).content.decode()
        page = Page(teacher.get(link))
        assert page.value("meeting") == meeting.public_id and page.value("happened_at")
        assert "Your meeting goes on in its own tab" in page.words()
        answer = teacher.post(link, typed(world, meeting=meeting.public_id, keep="yes"))
        made = Incident.objects.get()
        assert answer["Location"] == reverse("incident", args=[made.public_id]) and made.meeting == meeting

    def test_a_childs_room_has_no_such_link(self, world: World, visits: Visits) -> None:
        _, host = world.live()
        client, seat = visits.waiting("Ben")
        door.admit(by=host, seat_id=seat.public_id, now=world.now)
        assert '"incident_url": ""' in client.get(reverse("room", args=[seat.public_id])).content.decode()

    def test_the_meetings_page_leads_there_later(self, visits: Visits) -> None:
        meeting = visits.open_meeting()
        page = Page(visits.by_role("teacher").get(reverse("meeting", args=[meeting.public_id])))
        assert f"{NEW}?meeting={meeting.public_id}" in page.addresses()


class TestForms:
    def test_what_is_wrong_is_said_beside_it_and_what_was_typed_is_kept(
        self, world: World, teacher: Client
    ) -> None:
        for field, changed in {
            "kind": {"kind": ""},
            "what": {"what": ""},
            "somebody": {"pupil": ""},
            "happened_at": {"happened_at": "yesterday"},
            "known_at": {"kind": "breach", "known_at": "some time"},
        }.items():
            answer = teacher.post(NEW, typed(world, keep="yes", **changed))
            page = Page(answer)
            assert answer.status_code == 400 and page.marked() == {field}, field
            assert page.said_beside(field)
            assert field == "what" or page.value("what") == "He shouted at the others"
            assert field in ("kind", "known_at") or page.value("kind") == "behaviour"
            assert page.value("keep") == "yes"
        far = f"{timezone.localtime(world.now + timedelta(days=2)):%Y-%m-%dT%H:%M}"
        assert Page(teacher.post(NEW, typed(world, happened_at=far))).said_beside("happened_at")
        assert not Incident.objects.exists()

    def test_an_outcome_in_words_is_asked_for(self, world: World, visits: Visits, incident: Incident) -> None:
        dsl = visits.by_role("dsl")
        assert "Close it" not in show(dsl, incident).buttons()
        assert do(dsl, incident, "take", owner="").status_code == 400
        assert do(dsl, incident, "take", owner=world.staff["slt"].pk).status_code == 302
        answer = do(dsl, incident, "close", outcome=" ")
        assert answer.status_code == 400 and Page(answer).said_beside("outcome")
        assert do(dsl, incident, "close", outcome="We talked").status_code == 302
        assert do(dsl, incident, "reopen", reason="Again").status_code == 302
        assert show(visits.by_role("slt"), incident).buttons().count("Write it down") == 1

    def test_the_nav_counts_what_waits(self, visits: Visits, incident: Incident) -> None:
        assert "Incidents 1 waiting for you" in Page(visits.by_role("dsl").get(reverse("meetings"))).words()
        assert "waiting for you" not in Page(visits.by_role("slt").get(reverse("meetings"))).words()


class TestBreach:
    def test_the_72_hours_are_on_the_page_and_overdue_is_said(
        self, world: World, visits: Visits, teacher: Client
    ) -> None:
        known = f"{timezone.localtime(world.now - timedelta(hours=22)):%Y-%m-%dT%H:%M}"
        answer = teacher.post(NEW, typed(world, kind="breach", known_at=known))
        assert answer.status_code == 302
        breach, dsl = Incident.objects.get(), visits.by_role("dsl")
        assert "50 hours of the 72 hours left" in show(dsl, breach).words()
        world.later(hours=51)
        dsl = visits.by_role("dsl")  # that session is over
        assert "Overdue by 1 hour" in show(dsl, breach).words()
        assert "Overdue by 1 hour" in Page(dsl.get(reverse("incidents"))).words()
        at = f"{timezone.localtime(world.now):%Y-%m-%dT%H:%M}"
        assert do(dsl, breach, "decide", answer="told", at=at, note="Rang them").status_code == 302
        assert "Decided 1 hour after the 72 hours were over" in show(dsl, breach).words()


class TestFigures:
    def test_what_nobody_takes_in_hand_is_an_exception(self, world: World, incident: Incident) -> None:
        def figure() -> Any:
            today = timezone.localtime(world.now)
            return upheld(Facts(span_of(Span.TERM, today.date(), today.tzinfo), world.now))  # type: ignore[arg-type]

        assert figure().verdict == Verdict.KEPT
        world.later(hours=25)
        assert figure().verdict == Verdict.EXCEPTIONS and figure().items[0].meeting == ""
        dsl = world.staff["dsl"]
        actions.take(incident=incident, owner=dsl, by=dsl, now=world.now)
        actions.close(incident=incident, outcome="We talked", by=dsl, now=world.now)
        assert figure().verdict == Verdict.KEPT and "1 are closed" in figure().sentence

    def test_kinds_are_told_roughly_beside_their_clauses(self, visits: Visits, incident: Incident) -> None:
        page = Page(visits.by_role("governor").get(reverse("report-clause", args=["P6"])))
        assert "Incidents that staff reported (behaviour): fewer than 5" in page.words()
