"""From an incident in the room to the governors' PDF: reported, written to two people, closed, counted."""

import os
import re
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Opener
from tests.e2e.test_pages import is_good
from tests.harness import (
    DESKTOP,
    PHONE,
    Installation,
    Person,
    admit,
    knock,
    sign_in,
    start_meeting,
    wait_for,
)

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.soak, pytest.mark.timeout(900)]

WHAT = "Chloé shouted at the others"
CAME_OF_IT = "Talked with the family; all is well"


def test_from_the_room_to_the_governors(at: Installation, someone: Opener) -> None:
    teacher, child = someone("teacher", size=DESKTOP), someone("Chloé", size=PHONE)
    sign_in(teacher, at, "teacher")
    start_meeting(teacher, at)
    knock(child, at, "Chloé")
    admit(teacher, "Admit Chloé")
    child.page.locator(".tile").first.wait_for()

    address = report(teacher)
    lead = someone("Ben", size=DESKTOP)
    sign_in(lead, at, "dsl")
    is_told(at, lead, address)
    close(lead)
    is_good(lead, "incident")

    governor = someone("Amara", size=DESKTOP)
    sign_in(governor, at, "governor")
    refused = governor.page.goto(address)
    assert refused is not None and refused.status in (403, 404), "what a child did is not theirs to read"
    governor.page.goto(f"{at.url}/report/")
    told = governor.page.locator(
        "li.clause", has=governor.page.get_by_role("heading", name=re.compile("^C6 "))
    )
    assert "1 incident" in told.inner_text(), told.inner_text()
    is_good(governor, "report")
    told.get_by_role("link", name="Evidence for C6").click()
    is_good(governor, "report-clause")
    governor.page.go_back()
    with governor.page.expect_download() as file:
        governor.page.get_by_role("button", name="Signed PDF").click()
    looks_right(file.value.path(), at)


def report(teacher: Person) -> str:
    """The first press opens the form beside the room, the second sends it. Answers the incident's address."""
    with teacher.context.expect_page() as opened:
        teacher.page.get_by_role("link", name="Report an incident").click()
    beside: Page = opened.value
    beside.get_by_label("What sort of thing").select_option(label="Behaviour")
    beside.get_by_label("What happened").fill(WHAT)
    children = beside.get_by_label("Child").get_by_role("option").all_inner_texts()
    beside.get_by_label("Child").select_option(label=next(one for one in children if one.startswith("Chloé")))
    beside.get_by_role("button", name="Report it").click()
    beside.wait_for_url(re.compile(r"/incidents/[^/]{8,}/$"))
    address = beside.url
    beside.close()
    assert teacher.page.get_by_role("timer", name="Time left").is_visible(), "the meeting went on meanwhile"
    return address


def is_told(at: Installation, lead: Person, address: str) -> None:
    """A letter to the headteacher and to the safeguarding lead, which names nobody; the page has the rest."""
    to = [at.facts["staff"][role]["email"] for role in ("headteacher", "dsl")]

    def letters() -> str:
        return at.python(
            "from circletime.notices.models import Letter\n"
            "for one in Letter.objects.filter(text__contains='/incidents/'): print(one.to, '|', one.text)"
        )

    wait_for(lambda: all(one in letters() for one in to), 15, "both are written to")
    assert "Chloé" not in letters() and WHAT not in letters()
    assert address in letters()
    lead.page.goto(address)
    text = lead.page.inner_text("main")
    assert WHAT in text and "Chloé" in text and "In the room then" in text


def close(lead: Person) -> None:
    """Taken, and closed with its outcome: an incident is never closed silently."""
    page = lead.page
    page.get_by_text("Say who has it in hand").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Close it with its outcome").click()
    page.get_by_label("What came of it?").fill(CAME_OF_IT)
    page.get_by_role("button", name="Close it").click()
    page.get_by_role("definition").filter(has_text=CAME_OF_IT).wait_for()


def looks_right(path: Path, at: Installation) -> None:
    """Its words name no child and no family; its pages, as pictures, are neither empty nor cut off."""
    document = pypdfium2.PdfDocument(path)
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    assert "C6" in text and "1 incident" in text
    assert "signed" in text.lower()
    for name in ("Chloé", WHAT, CAME_OF_IT, "Mrs Osei"):
        assert name not in text
    folder = os.environ.get("CIRCLETIME_PICTURES")
    for number, page in enumerate(document):
        picture = page.render(scale=1.5).to_pil().convert("L")
        ink = picture.point(lambda shade: 255 if shade < 200 else 0).getbbox()
        assert ink is not None, f"page {number + 1} is empty"
        width, height = picture.size
        assert ink[0] > 0.02 * width and ink[2] < 0.98 * width, f"page {number + 1} runs over its edge"
        assert ink[1] > 0.01 * height and ink[3] < 0.99 * height, f"page {number + 1} runs over its end"
        if folder:
            picture = page.render(scale=1.5).to_pil()
            picture.save(Path(folder) / f"report-pdf-{number + 1}.png")
