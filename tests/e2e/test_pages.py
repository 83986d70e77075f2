"""The pages as people come to them: few presses, no mouse, any size, dark or light."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.e2e.conftest import Opener, opener
from tests.harness import (
    DESKTOP,
    PHONE,
    Installation,
    Person,
    faults,
    knock,
    missed_by_keyboard,
    picture_of,
    say_who,
    sign_in,
    start_meeting,
    wait_for,
)

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.timeout(900)]


@pytest.fixture
def someone(playwright: Playwright, tapes: Path) -> Iterator[Opener]:
    """Browsers of one test: those of the room would go on sending pictures beside the next."""
    with opener(playwright, tapes) as open_for:
        yield open_for


COUNT_PRESSES = """
addEventListener("click", (event) => {
  if (!event.isTrusted || event.target.closest("input:not([type=checkbox])")) return;
  sessionStorage.setItem("presses", Number(sessionStorage.getItem("presses") ?? 0) + 1);
}, true);
"""


def presses(one: Person) -> int:
    """How often something was pressed in this tab. A label's own click on its box is the same press."""
    return int(one.page.evaluate("() => sessionStorage.getItem('presses') ?? 0"))


def watch_presses(one: Person) -> None:
    one.context.add_init_script(COUNT_PRESSES)


def wide(one: Person) -> list[str]:
    """The sizes at which the page is wider than the window."""
    found = []
    was = one.page.viewport_size
    for width in (320, 390, 820, 1440):
        one.page.set_viewport_size({"width": width, "height": 800})
        over = one.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            found.append(f"{over} px too wide at {width}")
    if was:
        one.page.set_viewport_size(was)
    return found


def small(one: Person) -> list[str]:
    """What a finger can press that is less than 44 px high (links in a sentence aside)."""
    script = """() => [...document.querySelectorAll("button, .button, nav a, input, select, .check")]
      .filter((one) => one.checkVisibility() && one.type !== "checkbox" && one.type !== "hidden")
      .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
      .filter(([, height]) => height > 0 && height < 43.5)
      .map(([html, height]) => `${height.toFixed(0)} px: ${html}`)"""
    return one.page.evaluate(script)  # type: ignore[no-any-return]


def is_good(one: Person, name: str, *, full: bool = True) -> None:
    """Nothing axe objects to by day and by night, all reached by Tab, no size too small for it."""
    assert faults(one) == [], name
    assert missed_by_keyboard(one) == [], name
    assert wide(one) == [], name
    assert small(one) == [], name
    picture_of(one, name, full=full)
    one.page.emulate_media(color_scheme="dark")
    assert faults(one) == [], f"{name}, dark"
    picture_of(one, f"{name}-dark", full=full)
    one.page.emulate_media(color_scheme="light")


def test_a_family_reaches_the_waiting_room_with_three_presses_and_a_name(
    at: Installation, someone: Opener
) -> None:
    family = someone("Amara", size=PHONE)
    watch_presses(family)
    mail = at.var / "mail.html"
    mail.write_text(f'<a href="{at.facts["family_link"]}">Join Oak</a>')
    family.page.goto(f"file://{mail}")
    family.page.get_by_role("link").click()  # the first
    family.page.get_by_role("textbox", name="Your first name").wait_for()
    assert at.facts["family_link"].rsplit("/", 1)[1] not in family.page.url
    is_good(family, "join-name")
    before = presses(family)
    child = at.facts["class"]["pupils"][0]  # whose family the link is for
    say_who(family, child)
    family.page.get_by_role("button", name="Ask to join").click()
    family.page.wait_for_url("**/room/*")
    family.page.get_by_role("status").filter(has_text="Waiting for your teacher").wait_for()
    assert presses(family) - before == 2, "tick, and Ask to join"
    assert "family" not in family.page.url and child not in family.page.url


def test_a_child_joins_without_a_mouse(at: Installation, someone: Opener) -> None:
    child = someone("Ben", size=PHONE)
    child.page.goto(at.facts["meeting"]["join_url"])
    is_good(child, "join")
    keys = child.page.keyboard
    tab_to(child, "Class ID", "textbox")
    keys.type(at.facts["class"]["id"])
    keys.press("Tab")
    keys.type(at.facts["class"]["password"])
    keys.press("Enter")
    child.page.get_by_role("textbox", name="Your first name").wait_for()
    keys.type("ben")  # the field has the focus already
    keys.press("Tab")
    keys.press("Space")
    keys.press("Enter")
    child.page.wait_for_url("**/room/*")
    child.page.get_by_role("status").filter(has_text="Waiting for your teacher").wait_for()
    is_good(child, "waiting")


def test_a_teacher_is_in_a_live_meeting_with_two_presses(at: Installation, someone: Opener) -> None:
    teacher = someone("teacher", size=DESKTOP)
    watch_presses(teacher)
    teacher.page.goto(f"{at.url}/accounts/login/")
    is_good(teacher, "sign-in")
    sign_in(teacher, at, "teacher")
    is_good(teacher, "meetings")
    signed_in = presses(teacher)
    teacher.page.get_by_role("link", name="Go to the meeting").click()
    teacher.page.wait_for_url("**/meetings/*/")
    teacher.page.locator("#preview video").wait_for()
    is_good(teacher, "meeting")
    boxes = teacher.page.get_by_role("checkbox").all()
    for box in boxes:
        box.check()
    teacher.page.get_by_role("button", name="Start meeting").click()
    teacher.page.wait_for_url("**/room/*")
    assert presses(teacher) - signed_in - len(boxes) == 2
    teacher.page.get_by_role("timer", name="Time left").wait_for()


def test_a_teacher_who_fell_out_goes_back_into_a_paused_meeting(at: Installation, someone: Opener) -> None:
    teacher = someone("teacher", size=DESKTOP)
    sign_in(teacher, at, "teacher")
    start_meeting(teacher, at)
    teacher.page.get_by_role("timer", name="Time left").wait_for()
    teacher.page.goto("about:blank")
    state = "from circletime.meetings.models import Meeting; print(Meeting.objects.latest('live_at').state)"
    wait_for(lambda: at.python(state).strip() == "frozen", 30, "the meeting stands still")
    teacher.page.goto(at.facts["meeting"]["host_url"])
    teacher.page.get_by_text("Paused").wait_for()
    is_good(teacher, "meeting-paused")
    start_meeting(teacher, at)
    teacher.page.get_by_role("timer", name="Time left").wait_for()


def test_the_room_at_every_size_and_without_a_mouse(at: Installation, someone: Opener) -> None:
    teacher = someone("teacher", size=DESKTOP)
    sign_in(teacher, at, "teacher")
    start_meeting(teacher, at)
    children = [someone(name, size=size) for name, size in (("Chloé", PHONE), ("D'Arcy", DESKTOP))]
    for child in children:
        knock(child, at, child.who)
    waiting = teacher.page.get_by_role("list", name="Waiting room")
    wait_for(lambda: waiting.get_by_role("listitem").count() >= 2, 8, "they wait")
    is_good(teacher, "host-waiting-room", full=False)
    tab_to(teacher, "Admit Chloé")
    teacher.page.keyboard.press("Enter")
    teacher.page.get_by_role("group", name="Chloé").wait_for()
    tab_to(teacher, "Admit everyone expected")
    teacher.page.keyboard.press("Space")
    for child in children:
        child.page.get_by_role("group", name="Mrs Osei").wait_for()
    tab_to(children[0], "Hand up")
    children[0].page.keyboard.press("Enter")
    # Her button goes from the list of everybody into the one of hands.
    teacher.page.get_by_role("list", name=re.compile("^Hands up")).get_by_text("Chloé").wait_for()
    tab_to(teacher, "Give Chloé a turn")
    teacher.page.keyboard.press("Enter")
    children[0].page.get_by_role("status").filter(has_text="Your turn to speak").wait_for()
    time.sleep(1.5)  # pictures come
    is_good(children[0], "room-turn", full=False)
    is_good(children[1], "room-pupil", full=False)
    is_good(teacher, "room-host", full=False)
    teacher.page.get_by_role("button", name="More for Chloé").click()
    assert faults(teacher) == []
    assert missed_by_keyboard(teacher) == []
    teacher.page.get_by_role("button", name="More for Chloé").click()
    teacher.page.get_by_role("button", name="Abort meeting").click()
    is_good(teacher, "host-abort", full=False)
    teacher.page.keyboard.press("Escape")
    check_marks(children)


def check_marks(children: list[Person]) -> None:
    """Each tile a child sees carries that child's own mark, whosever picture it is (P3, S2)."""
    for child in children:
        tiles = child.page.get_by_role("group").all()
        assert len(tiles) >= 3
        for tile in tiles:
            assert tile.locator(".mark").inner_text().startswith(f"{child.who} · Oak · ")


def tab_to(one: Person, name: str, kind: str = "button") -> None:
    """Press Tab until the focus is on what has this name."""
    one.page.get_by_role(kind, name=name, exact=True).first.wait_for()  # type: ignore[arg-type]
    script = """() => {
      const one = document.activeElement;
      return one?.getAttribute("aria-label") ?? (one?.labels?.[0] ?? one)?.textContent?.trim() ?? "";
    }"""
    for _ in range(120):
        one.page.keyboard.press("Tab")
        if one.page.evaluate(script) == name:
            return
    raise AssertionError(f"Tab does not come to {name}")


STAFF_PAGES = {"new-meeting": "/meetings/new", "classes": "/classes/", "register": None, "mail": "/mail/"}
OFFICE_PAGES = {"roster": "/roster/", "dispatch": "/dispatch/", "languages": "/languages/", "well": "/well/"}
LEAD_PAGES = {
    "report": "/report/",
    "incidents": "/incidents/",
    "incident-new": "/incidents/new",
    "monitoring": "/monitoring/",
    "exceptions": "/exceptions/",
    "protection": "/protection/",
    "protection-child": "/protection/child/1/",
}


def open_page(one: Person, address: str) -> None:
    """Go to a page that is there: one that is not found has nothing wrong with it either."""
    answer = one.page.goto(address)
    assert answer is not None and answer.ok, address


def test_staff_pages(at: Installation, someone: Opener) -> None:
    teacher = someone("teacher", size=DESKTOP)
    sign_in(teacher, at, "teacher")
    for name, path in STAFF_PAGES.items():
        open_page(teacher, at.url + path if path else at.facts["meeting"]["host_url"] + "register")
        is_good(teacher, name)
    office = someone("Ben", size=DESKTOP)
    sign_in(office, at, "office")
    for name, path in OFFICE_PAGES.items():
        open_page(office, at.url + path)
        is_good(office, name)
    open_page(office, f"{at.url}/people/households/1/")
    office.page.get_by_role("button", name="Print a letter with a new link").click()
    office.page.get_by_role("button", name="Print", exact=True).wait_for()
    is_good(office, "letter-printed")
    lead = someone("Chloé", size=DESKTOP)
    sign_in(lead, at, "dsl")
    for name, path in LEAD_PAGES.items():
        open_page(lead, at.url + path)
        is_good(lead, name)
