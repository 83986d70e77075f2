"""The page of letters: who sees what of them, why one failed, and sending one again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import vobject
from django.urls import reverse

from circletime.notices import tasks
from circletime.notices.actions import enqueue
from circletime.notices.models import Letter
from circletime.notices.rules import Calendar, Kind, State
from circletime.notices.trouble import Trouble
from circletime.policy.limits import LETTER_KEPT
from tests.web.page import Page
from tests.web.post_office import PostOffice, lead_to, open_office
from tests.web.visits import Visits
from tests.world import World

LIST = reverse("letters")
TO = "khan@home.example"


@pytest.fixture
def office(settings: Any) -> Any:
    with open_office() as opened:
        lead_to(settings, opened.port)
        yield opened


def write(world: World, kind: Kind = Kind.CASE, **given: Any) -> Letter:
    told = {"to": TO, "subject": "See Amina's <b>recording</b>", "text": "Dear Mrs Khan,\n<b>come</b>"}
    return enqueue(**told | given, kind=kind, about="case:x", by=world.staff["slt"], now=world.now)


def address(letter: Letter, name: str = "letter") -> str:
    return reverse(name, args=[letter.public_id])


def test_the_office_sees_that_a_letter_of_a_case_went_and_not_what_it_says(
    world: World, visits: Visits
) -> None:
    letter = write(world)
    for page in (LIST, address(letter)):
        words = Page(visits.by_role("office").get(page)).words()
        assert "About a request to see a recording" in words and TO in words and "Waiting" in words
        assert "Amina" not in words and "Mrs Khan" not in words
        for role in ("slt", "dsl", "headteacher"):
            assert "See Amina's <b>recording</b>" in Page(visits.by_role(role).get(page)).words()
    assert "Dear Mrs Khan, <b>come</b>" in Page(visits.by_role("dsl").get(address(letter))).words()
    assert "Only senior leaders" in Page(visits.by_role("office").get(address(letter))).words()


def test_a_letter_of_a_meeting_is_read_by_the_office(world: World, visits: Visits) -> None:
    letter = write(world, Kind.MEETING)
    assert "Dear Mrs Khan" in Page(visits.by_role("office").get(address(letter))).words()


def test_nobody_else_sees_any_and_the_menu_does_not_name_them(world: World, visits: Visits) -> None:
    letter = write(world)
    for role in ("teacher", "support", "governor"):
        client = visits.by_role(role)
        for page in (LIST, address(letter), reverse("letter", args=["x" * 22])):
            assert client.get(page).status_code == 403
        for name in ("letter-again", "letter-stop"):
            assert client.post(address(letter, name)).status_code == 403
        assert LIST not in Page(client.get(reverse("meetings"))).addresses()
    assert LIST in Page(visits.by_role("office").get(reverse("meetings"))).addresses()
    letter.refresh_from_db()
    assert letter.state == State.WAITING


def test_why_one_failed_is_said_and_it_is_sent_again(
    world: World, visits: Visits, office: PostOffice
) -> None:
    office.boxes = {TO: "550 <b>No</b> such mailbox here"}
    letter = write(world)
    tasks.send_due(world.now)
    client = visits.by_role("office")
    for page in (LIST, f"{LIST}?state=failed", address(letter)):
        answer = client.get(page)
        assert "The mail server refused this address. Ask the family" in Page(answer).words()
        assert "no-store" in answer["Cache-Control"]
    assert "(550)" in Page(client.get(address(letter))).words()
    assert "There are no letters in this state" in Page(client.get(f"{LIST}?state=sent")).words()
    office.boxes = {}
    assert client.post(address(letter, "letter-again"))["Location"] == address(letter)
    assert tasks.send_due(world.now) == 1
    shown = Page(client.get(LIST))
    assert "Sent 1" in shown.words() and f"Send again: {TO}" in shown.buttons()
    again = client.post(address(letter, "letter-again"))["Location"]
    assert again != address(letter) and Letter.objects.count() == 2


def test_one_is_stopped_and_what_cannot_be_is_said(world: World, visits: Visits, office: PostOffice) -> None:
    letter, client = write(world), visits.by_role("slt")
    busy = client.post(address(letter, "letter-again"))
    assert busy.status_code == 409 and Page(busy).alerts() == ["This letter is on its way already."]
    assert client.post(address(letter, "letter-stop")).status_code == 302
    assert tasks.send_due(world.now) == 0 and "Stopped" in Page(client.get(LIST)).words()
    twice = client.post(address(letter, "letter-stop"))
    assert twice.status_code == 409 and "done with: stopped" in Page(twice).alerts()[0]
    assert "Do not send it" not in Page(client.get(address(letter))).buttons()


def test_a_setting_of_ours_is_told_at_the_top(world: World, visits: Visits, office: PostOffice) -> None:
    write(world)
    office.at_sender = "550 Not from there"
    tasks.send_due(world.now)
    assert Page(visits.by_role("office").get(LIST)).alerts() == [Trouble.SENDER.words]


def test_what_was_forgotten_is_not_shown_to_anybody(world: World, visits: Visits, office: PostOffice) -> None:
    letter = write(world)
    tasks.send_due(world.now)
    world.now += LETTER_KEPT
    tasks.empty_old(world.now)
    for page in (LIST, address(letter)):
        shown = Page(visits.by_role("dsl").get(page))
        assert "not kept any more" in shown.words() and "Send again" not in " ".join(shown.buttons())


def test_a_long_list_has_pages(world: World, visits: Visits) -> None:
    for number in range(60):
        write(world, to=f"family{number}@home.example")
    client = visits.by_role("office")
    first, last = Page(client.get(LIST)), Page(client.get(f"{LIST}?page=2&state=waiting"))
    assert first.words().count("@home.example") == 50 and last.words().count("@home.example") == 10
    assert "?page=2" in first.addresses() and "?page=1&state=waiting" in last.addresses()
    assert client.get(f"{LIST}?page=none&state=none").status_code == 200


class TestTheDemosMail:
    """A calendar entry, as a file that another program opens."""

    @pytest.fixture
    def mailed(self, world: World, settings: Any, tmp_path: Path) -> Letter:
        settings.DEMO, settings.MAIL_FOLDER = True, tmp_path / "mail"
        settings.EMAIL_BACKEND = "circletime.pages.mailfolder.FolderBackend"
        entry = Calendar(
            uid="case-x@larkfield.example",
            starts_at=world.now + timedelta(days=1),
            ends_at=world.now + timedelta(days=1, hours=1),
            summary="دعوت نامہ",
            organizer_name="Mr Lindqvist",
            organizer_email="lindqvist@larkfield.example",
        )
        letter = write(world, calendar=entry)
        assert tasks.send_due(world.now) == 1
        return letter

    def test_it_is_downloaded(self, mailed: Letter, world: World, visits: Visits) -> None:
        client = visits.by_role("office")
        (link,) = (a for a in Page(client.get(reverse("mail"))).addresses() if a.endswith(".ics"))
        answer = client.get(link)
        assert answer["Content-Type"] == "text/calendar; charset=utf-8"
        assert answer["Content-Disposition"] == 'attachment; filename="invitation.ics"'
        event = vobject.readOne(answer.content.decode()).vevent
        assert event.summary.value == "دعوت نامہ" and event.dtstart.value == world.now + timedelta(days=1)

    def test_no_other_file_and_no_school_has_it(
        self, mailed: Letter, visits: Visits, settings: Any, tmp_path: Path
    ) -> None:
        client = visits.by_role("office")
        (link,) = (a for a in Page(client.get(reverse("mail"))).addresses() if a.endswith(".ics"))
        (tmp_path / "x.eml").write_bytes(b"Subject: x\r\n\r\nx")
        for name in ("x", "..%2Fx", "*", ".", "none"):
            assert client.get(f"/mail/{name}.ics").status_code == 404, name
        assert visits.browser().get(link).status_code == 302
        settings.DEMO = False
        assert client.get(link).status_code == 404
