"""From the school's own export to a family in Urdu at the door, and past a meeting that is broken off.

The letters are read as the family's mail program has them, and their calendar entry by another's parser.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import vobject

from tests.e2e.conftest import Opener
from tests.e2e.test_pages import is_good
from tests.harness import DESKTOP, PHONE, Installation, Person, admit, seen_by, sign_in, wait_for
from tests.roster.exports import School, enrol, manifest, user

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.soak, pytest.mark.timeout(900)]

LONDON = ZoneInfo("Europe/London")
BUSHRA = "bushra@home.example"


def export(folder: Path, teacher: str) -> Path:
    """One more class of a teacher who is there already: a child, and her mother."""
    school = School()
    school.users = [
        user("t9", "teacher", "Mrs", "Osei", email=teacher, status="active"),
        user("p9", "student", "Zara", "Malik", agentSourcedIds="g9", status="active"),
        user("g9", "parent", "Bushra", "Malik", email=BUSHRA, status="active"),
    ]
    school.classes = [{"sourcedId": "c9", "title": "Rowan", "classType": "homeroom", "status": "active"}]
    school.enrollments = [
        enrol("c9", "p9", status="active"),
        enrol("c9", "t9", "teacher", status="active"),
    ]
    school.extra = {"manifest.csv": manifest(how="delta")}
    return school.write(folder)


def letters(at: Installation) -> Iterator[EmailMessage]:
    """What came to the mother, the oldest first."""
    for path in sorted((at.var / "mail").glob("*")):
        if path.suffix == ".eml":
            letter = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
            if letter["To"] == BUSHRA:
                yield letter  # type: ignore[misc]


def next_letter(at: Installation, known: int) -> EmailMessage:
    """The first letter after so many that are known."""
    wait_for(lambda: len(list(letters(at))) > known, 30, "a letter is sent")
    return list(letters(at))[known]


def entry_in(letter: EmailMessage) -> vobject.base.Component:
    """The calendar entry, as a program that is not ours reads it."""
    part = next(each for each in letter.walk() if each.get_content_type() == "text/calendar")
    return vobject.readOne(part.get_content())


def link_in(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://\S+/f/\S+", body.get_content())
    assert found
    return found[0]


def bring_in(office: Person, at: Installation, path: Path) -> None:
    page = office.page
    page.goto(f"{at.url}/roster/")
    page.locator("#file").set_input_files(path)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Bring it in").wait_for()
    assert "Zara" in str(page.text_content("main"))
    is_good(office, "roster-look")
    page.get_by_role("button", name="Bring it in").click()
    page.get_by_role("link", name="Take it back…").wait_for()


def speak_urdu(office: Person, at: Installation) -> None:
    pk = at.python(
        f"from circletime.people.models import Adult; print(Adult.objects.get(email={BUSHRA!r}).pk)"
    )
    office.page.goto(f"{at.url}/people/adults/{pk}/")
    office.page.get_by_label("Language").select_option(value="ur")
    office.page.get_by_role("region", name="Change").get_by_role("button").click()
    office.page.wait_for_load_state()


def plan(teacher: Person, at: Installation) -> None:
    page = teacher.page
    page.goto(f"{at.url}/meetings/new")
    page.get_by_label("Class", exact=True).select_option(label="Rowan")
    starts = datetime.now(LONDON) + timedelta(minutes=2)
    page.get_by_label("Starts").fill(f"{starts:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Put in the calendar").click()
    page.wait_for_url(re.compile(r"/meetings/[^/]{10,}/$"))


def test_from_the_import_to_the_next_meeting(at: Installation, someone: Opener, tmp_path: Path) -> None:
    office = someone("Chloé", size=DESKTOP)
    sign_in(office, at, "office")
    bring_in(office, at, export(tmp_path, at.facts["staff"]["teacher"]["email"]))
    speak_urdu(office, at)

    teacher = someone("teacher", size=DESKTOP)
    sign_in(teacher, at, "teacher")
    plan(teacher, at)
    meeting = teacher.page.url
    invitation = next_letter(at, 0)
    assert "Malik" not in str(invitation["Subject"])
    assert entry_in(invitation).method.value == "REQUEST"

    family = someone("Amara", size=PHONE)
    family.page.goto(link_in(invitation))
    assert family.page.locator("html").get_attribute("lang") == "ur"
    assert family.page.locator("html").get_attribute("dir") == "rtl"
    is_good(family, "join-name-ur")
    family.page.locator("#name").fill("Zara")
    family.page.get_by_role("checkbox").check()
    family.page.locator("form .button.big").click()
    family.page.locator(".policy-door article").first.wait_for()  # the code of conduct, not accepted yet
    is_good(family, "join-conduct-ur")
    family.page.locator("form .button.big").click()
    family.page.wait_for_url("**/room/*")
    family.page.locator(".waiting-line").wait_for()

    for box in teacher.page.get_by_role("checkbox").all():
        box.check()
    teacher.page.get_by_role("button", name="Start meeting").click()
    teacher.page.wait_for_url("**/room/*")
    admit(teacher, "Admit Zara")
    wait_for(lambda: seen_by(teacher).get("Zara") == "Amara", 15, "Zara is seen")

    # Broken off, in two presses; the family is out, and reads why.
    teacher.page.get_by_role("button", name="Abort meeting").click()
    teacher.page.get_by_role("button", name="Internet failure").click()
    told = next_letter(at, 1)
    assert "text/calendar" not in {each.get_content_type() for each in told.walk()}  # none is planned yet
    wait_for(lambda: seen_by(family) == {}, 10, "the family is out")
    is_good(family, "aborted-ur", full=False)

    # The next one is one press away, and comes as a calendar entry.
    teacher.page.goto(meeting)
    teacher.page.get_by_role("button", name=re.compile("^Meet on")).click()
    teacher.page.wait_for_url(re.compile(r"/meetings/[^/]{10,}/$"))
    entry = entry_in(next_letter(at, 2))
    assert entry.method.value == "REQUEST"
    begins = entry.vevent.dtstart.value
    assert begins > datetime.now(LONDON) and begins.astimezone(LONDON).weekday() < 5
