"""What is refused without a document: hosting, joining, watching; and how it is shown there (C4, R1)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.core.errors import Refused
from circletime.documents.models import Acceptance
from circletime.documents.rules.kinds import Audience, Gate, Kind, Way
from circletime.meetings.actions import door, lifecycle
from circletime.meetings.models import Meeting, Seat
from circletime.meetings.rules import Kind as MeetingKind
from circletime.meetings.rules import Recording, State
from circletime.people.models import Adult
from circletime.recordings.actions.viewing import begin_viewing
from circletime.recordings.models import Viewing
from tests.documents.papers import Papers
from tests.recordings.school import make_meeting, make_recording
from tests.web.page import Page
from tests.web.school import CONFIRMED
from tests.web.visits import Visits
from tests.world import World

ACCEPT = "We accept, ask to join"


def knock(world: World, meeting: Meeting, name: str, **how: Any) -> Seat:
    person = door.Person(pupil=world.pupil(name))
    return door.knock(meeting=meeting, person=person, key="", grown_up=True, now=world.now, **how)


def test_nobody_knocks_before_a_parent_accepted_the_code(
    world: World, papers: Papers, visits: Visits
) -> None:
    """R1, in the action, whatever page it came from."""
    version, meeting = papers.publish(), visits.open_meeting()
    with pytest.raises(Refused) as refusal:
        knock(world, meeting, "Amara")
    assert refusal.value.code == "documents" and "code of conduct" in str(refusal.value)
    assert not Seat.objects.exists()
    papers.accept(version, household=papers.home("Ben"))
    with pytest.raises(Refused):
        knock(world, meeting, "Amara")
    papers.accept(version, household=papers.home("Amara"))
    assert knock(world, meeting, "Amara").state == "waiting"


def test_it_is_asked_again_when_it_changes(world: World, papers: Papers, visits: Visits) -> None:
    meeting, home = visits.open_meeting(), papers.home("Amara")
    papers.accept(papers.publish(), household=home)
    new = papers.publish(text="A new wording of the code of conduct, which asks for more than before.")
    with pytest.raises(Refused):
        knock(world, meeting, "Amara")
    papers.accept(new, household=home)
    assert knock(world, meeting, "Amara").state == "waiting"


def test_a_clock_that_is_set_back_lets_nobody_in_unread(world: World, papers: Papers, visits: Visits) -> None:
    """To before it was published, or to before the word was given: it is the version that counts."""
    meeting = visits.open_meeting()
    now = world.now
    world.later(hours=1)
    version = papers.publish()
    papers.accept(version, household=papers.home("Ben"))
    world.now = now
    with pytest.raises(Refused) as refusal:
        knock(world, meeting, "Amara")
    assert refusal.value.code == "documents"
    assert knock(world, meeting, "Ben").state == "waiting"


def test_nothing_published_asks_nothing(world: World, papers: Papers, visits: Visits) -> None:
    papers.write(Kind.CONDUCT)
    papers.write(Kind.VIDEO)
    meeting = visits.open_meeting()
    assert knock(world, meeting, "Amara").state == "waiting"
    assert door.enter_as_host(meeting=meeting, by=world.teacher, confirmed=True, key="", now=world.now)


def test_a_document_without_a_gate_keeps_nobody_out(world: World, papers: Papers, visits: Visits) -> None:
    papers.publish(Kind.HOME)
    assert knock(world, visits.open_meeting(), "Amara").state == "waiting"


def test_at_the_class_door_the_code_is_shown_and_accepted_with_one_press(
    world: World, papers: Papers, visits: Visits, browser: Client
) -> None:
    version = papers.publish()
    visits.open_meeting()
    visits.class_door(browser)
    shown = Page(visits.ask(browser, "amara"))
    assert shown.buttons() == [ACCEPT]
    assert "one of us speaks at a time" in shown.words()
    assert not Seat.objects.exists() and not Acceptance.objects.exists()
    answer = browser.post(reverse("join-name"), hidden(shown))
    assert answer.status_code == 302 and answer["Location"].startswith("/room/")
    said = Acceptance.objects.get()
    assert (said.household, said.way, said.version, said.adult) == (
        papers.home("Amara"),
        Way.DOOR,
        version,
        None,
    )
    again = visits.browser()
    visits.class_door(again)
    assert visits.ask(again, "Amara").status_code == 409, "she is here already, and was not asked again"
    assert Acceptance.objects.count() == 1


def test_a_forged_acceptance_lets_nobody_in(
    world: World, papers: Papers, visits: Visits, browser: Client
) -> None:
    """Neither another document's name, nor an old version's, nor an invented one is the code's."""
    old = papers.publish()
    papers.publish(text="A new wording of the code of conduct, which asks for more than before.")
    other = papers.publish(Kind.VIDEO)
    draft = papers.write(Kind.HOME)
    visits.open_meeting()
    visits.class_door(browser)
    for forged in ("", "x" * 22, old.public_id, other.public_id, draft.public_id, "' or 1=1"):
        typed = {"name": "Amara", "grown_up": "yes", "accept": forged}
        answer = browser.post(reverse("join-name"), typed)
        assert answer.status_code == 200 and Page(answer).buttons() == [ACCEPT]
    assert not Seat.objects.exists() and not Acceptance.objects.exists()


def test_accepting_needs_the_class_door_and_a_child_of_it(
    world: World, papers: Papers, visits: Visits, browser: Client
) -> None:
    version = papers.publish()
    visits.open_meeting()
    typed = {"name": "Amara", "grown_up": "yes", "accept": version.public_id}
    assert browser.post(reverse("join-name"), typed)["Location"] == reverse("join")
    visits.class_door(browser)
    assert browser.post(reverse("join-name"), typed | {"name": "Nobody"}).status_code == 403
    assert browser.post(reverse("join-name"), typed | {"grown_up": ""}).status_code == 400
    assert not Acceptance.objects.exists()


def test_by_a_familys_link_only_that_family_accepts(
    world: World, papers: Papers, visits: Visits, browser: Client
) -> None:
    version = papers.publish()
    visits.open_meeting()
    browser.get(reverse("family", args=[visits.link_of(papers.home("Amara"))]))
    typed = {"name": "Ben", "grown_up": "yes", "accept": version.public_id}
    assert browser.post(reverse("join-name"), typed).status_code == 403
    assert not Acceptance.objects.exists()
    assert browser.post(reverse("join-name"), typed | {"name": "Amara"}).status_code == 302
    said = Acceptance.objects.get()
    assert (said.household, said.way) == (papers.home("Amara"), Way.LINK)


def test_an_adult_of_a_parents_meeting_accepts_as_themselves(
    world: World, papers: Papers, visits: Visits, browser: Client
) -> None:
    home = papers.home("Amara")
    Adult.objects.filter(households=home).delete()
    adult = home.adults.create(name="Ines Somebody")
    version = papers.publish()
    visits.open_meeting(kind=MeetingKind.PARENTS, household=home)
    visits.class_door(browser)
    shown = Page(visits.ask(browser, "Ines"))
    assert browser.post(reverse("join-name"), hidden(shown)).status_code == 302
    assert Acceptance.objects.get(version=version).adult == adult


def test_what_is_typed_comes_back_as_text_only(
    world: World, papers: Papers, visits: Visits, browser: Client
) -> None:
    """A document is shown as words, and so is whatever was typed at the door."""
    papers.publish(text="<script>alert(1)</script> <img src=x onerror=alert(1)> and enough words to be read.")
    visits.open_meeting()
    visits.class_door(browser)
    answer = browser.post(
        reverse("join-name"), {"name": "Amara", "grown_up": '"><script>1</script>', "last_name": ""}
    )
    source = answer.content.decode()
    assert "<script>alert" not in source and "<img" not in source and '"><script>' not in source
    assert "&lt;script&gt;alert(1)" in source


def test_no_host_without_the_policy(world: World, papers: Papers, visits: Visits) -> None:
    version, meeting = papers.publish(Kind.VIDEO), visits.open_meeting()
    with pytest.raises(Refused) as refusal:
        door.enter_as_host(meeting=meeting, by=world.teacher, confirmed=True, key="", now=world.now)
    assert refusal.value.code == "documents" and not Seat.objects.exists()
    papers.accept(version, user=world.support)
    with pytest.raises(Refused):
        door.enter_as_host(meeting=meeting, by=world.teacher, confirmed=True, key="", now=world.now)
    papers.accept(version, user=world.teacher)
    assert door.enter_as_host(meeting=meeting, by=world.teacher, confirmed=True, key="", now=world.now)


def test_no_start_when_it_changed_after_the_host_came_in(
    world: World, papers: Papers, visits: Visits
) -> None:
    meeting = visits.open_meeting()
    host = door.enter_as_host(meeting=meeting, by=world.teacher, confirmed=True, key="", now=world.now)
    lifecycle.recording_changed(meeting=meeting, to=Recording.ON, by="test", now=world.now)
    papers.publish(Kind.VIDEO)
    with pytest.raises(Refused) as refusal:
        lifecycle.start(meeting=meeting, by=host, now=world.now)
    assert refusal.value.code == "documents" and world.fresh(meeting).state == State.OPEN


def test_who_hosts_a_running_meeting_goes_on(world: World, papers: Papers) -> None:
    """A document that is published meanwhile takes no teacher out of a room with children in it."""
    meeting, host = world.live()
    papers.publish(Kind.VIDEO)
    child = world.come_in(meeting, host, "Amara")
    assert child.state == "admitted" and world.fresh(meeting).state == State.LIVE


def test_the_host_reads_it_there_and_goes_on(world: World, papers: Papers, visits: Visits) -> None:
    version, meeting = papers.publish(Kind.VIDEO), visits.open_meeting()
    teacher = visits.signed_in(world.teacher)
    address = reverse("meeting", args=[meeting.public_id])
    shown = Page(teacher.get(address))
    assert "Start meeting" not in shown.buttons() and "one of us speaks at a time" in shown.words()
    forced = teacher.post(reverse("meeting-start", args=[meeting.public_id]), CONFIRMED)
    assert forced.status_code == 409 and Page(forced).alerts()
    answer = teacher.post(reverse("policy-acknowledge", args=[version.kind]), hidden(shown))
    assert answer["Location"] == address
    assert "Start meeting" in Page(teacher.get(address)).buttons()


def test_a_colleague_of_a_staff_meeting_reads_first(world: World, papers: Papers, visits: Visits) -> None:
    version = papers.publish(Kind.STAFF_CODE, of=(Audience.STAFF,), gates=(Gate.JOINING,))
    meeting = visits.open_meeting(kind=MeetingKind.STAFF, minutes=40)
    support = visits.by_role("support")
    forced = support.post(reverse("meeting-join", args=[meeting.public_id]), CONFIRMED)
    assert forced.status_code == 409 and not Seat.objects.exists()
    papers.accept(version, user=world.support)
    assert support.post(reverse("meeting-join", args=[meeting.public_id]), CONFIRMED).status_code == 302


def test_nobody_watches_without_the_policy(
    world: World, papers: Papers, visits: Visits, tmp_path: Any, settings: Any
) -> None:
    settings.VAULT, settings.KEYS = tmp_path / "vault", tmp_path / "keys"
    settings.VAULT.mkdir()
    recording = make_recording(make_meeting(world.staff, state=State.ENDED, seconds=60), [])
    version, leader = papers.publish(Kind.VIDEO), world.staff["slt"]
    with pytest.raises(Refused) as refusal:
        begin_viewing(recording=recording, why="A parent asked", by=leader, now=world.now)
    assert refusal.value.code == "documents"
    slt = visits.signed_in(leader)
    address = reverse("recording", args=[recording.public_id])
    shown = Page(slt.get(address))
    assert "Watch" not in shown.buttons() and "one of us speaks at a time" in shown.words()
    assert slt.post(address, {"why": "A parent asked"}).status_code == 409
    assert not Viewing.objects.exists()
    slt.post(reverse("policy-acknowledge", args=[version.kind]), hidden(shown))
    assert slt.post(address, {"why": "A parent asked"}).status_code == 302
    assert Viewing.objects.count() == 1


@pytest.mark.parametrize(
    "onward", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_it_leads_nowhere_else(papers: Papers, visits: Visits, onward: str) -> None:
    version = papers.publish(Kind.VIDEO)
    answer = visits.by_role("teacher").post(
        reverse("policy-acknowledge", args=[version.kind]), {"version": version.public_id, "next": onward}
    )
    assert answer["Location"] == reverse("policies")


def hidden(page: Page) -> dict[str, Any]:
    """What the page's form sends back when its one button is pressed."""
    found: dict[str, Any] = {}
    for each in page.every:
        if each.tag == "input" and each.get("type") == "hidden" and each.get("name") != "csrfmiddlewaretoken":
            found.setdefault(each.get("name"), []).append(each.get("value"))
    return found
