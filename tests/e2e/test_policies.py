"""From a new code of conduct to a child at the door, and the pages of the policies as people come to them."""

import pytest

from tests.e2e.conftest import Opener
from tests.e2e.test_pages import is_good
from tests.harness import DESKTOP, PHONE, Installation, say_who, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.soak, pytest.mark.timeout(900)]

STAFF_PAGES = {
    "policies": "",
    "policy": "code-of-conduct/",
    "policy-edit": "code-of-conduct/edit",
    "policy-readers": "code-of-conduct/readers",
    "policy-review": "code-of-conduct/review",
}


def test_a_new_code_of_conduct_reaches_the_door(at: Installation, someone: Opener) -> None:
    head = someone("teacher", size=DESKTOP)
    sign_in(head, at, "headteacher")
    head.page.goto(f"{at.url}/policies/code-of-conduct/edit")
    words = head.page.get_by_role("textbox", name="The words")
    words.fill(words.input_value().replace("Our class meetings are short", "Our class meetings are brief"))
    head.page.get_by_role("button", name="Save and go on to publishing").click()
    head.page.get_by_role("textbox", name="What is new or corrected").fill("A word that everybody knows")
    is_good(head, "policy-publish")
    head.page.get_by_role("button", name="Publish", exact=True).click()
    head.page.get_by_text("Not adopted yet").first.wait_for()
    for name, path in STAFF_PAGES.items():
        head.page.goto(f"{at.url}/policies/{path}")
        is_good(head, name)

    child = someone("Amara", size=PHONE)
    child.page.goto(at.facts["family_link"])
    say_who(child, "Amara")
    child.page.get_by_role("button", name="Ask to join", exact=True).click()
    child.page.get_by_role("heading", name="For your grown-up").wait_for()
    is_good(child, "join-conduct")
    child.page.get_by_role("button", name="We accept, ask to join").click()
    child.page.get_by_role("status").filter(has_text="Waiting for your teacher").wait_for()

    head.page.goto(f"{at.url}/policies/code-of-conduct/readers")
    assert head.page.get_by_text("by the family's own link").count() >= 1


def test_a_teacher_reads_the_policy_before_the_meeting(at: Installation, someone: Opener) -> None:
    at.python(
        "from circletime.core import time\n"
        "from circletime.documents.actions.publish import Written, publish, write\n"
        "from circletime.documents.rules.kinds import Kind\n"
        "from circletime.documents.starters import starter\n"
        "from circletime.people.models import User\n"
        "head = User.objects.get(email='head@larkfield.example')\n"
        "draft = write(kind=Kind.VIDEO, written=Written(starter(Kind.VIDEO)), by=head, now=time.now())\n"
        "publish(kind=Kind.VIDEO, revision=draft.revision, asks=Kind.VIDEO.usual, due_on=None,\n"
        "    changes='A new school year', by=head, now=time.now())"
    )
    teacher = someone("teacher", size=DESKTOP)
    sign_in(teacher, at, "teacher")
    teacher.page.goto(at.facts["meeting"]["host_url"])
    is_good(teacher, "meeting-before")
    assert teacher.page.get_by_role("button", name="Start meeting").count() == 0
    teacher.page.get_by_role("button", name="I have read this and will keep to it").click()
    teacher.page.get_by_role("button", name="Start meeting").wait_for()
