"""A family's pages on a phone in each language: nothing is cut off, nothing runs over its edge."""

import os

import pytest

from circletime.core.languages import LANGUAGES, Language
from tests.e2e.conftest import Opener
from tests.e2e.test_pages import is_good
from tests.harness import (
    DESKTOP,
    PHONE,
    Installation,
    Person,
    admit,
    knock,
    picture_of,
    press_until,
    sign_in,
    start_meeting,
)

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.timeout(900)]

NARROW = {"width": 320, "height": 700}
HOME = """
from circletime.core import time
from circletime.people.links import FAMILY_LINK_LASTS, make_links, token_of
from circletime.people.models import Pupil
pupil = Pupil.objects.filter(first_name="Ben").earliest("pk")
now = time.now()
home = pupil.households.get()
(link,) = make_links([home], until=now + FAMILY_LINK_LASTS, about="test", by="test", now=now)
print(token_of(link.pk))
"""
CONDUCT = """
from circletime.documents.models import Version
print(next(one.public_id for one in Version.objects.all() if "households" in one.audiences))
"""
LOOKED_AT = ("en", "ur", "pl")
"""Gone through whole, by axe and by keyboard, by day and by night."""
EVERY = tuple(LANGUAGES)
IN_LANGUAGES = pytest.mark.parametrize(
    "codes", [LOOKED_AT, pytest.param(EVERY, marks=pytest.mark.soak)], ids=["looked at", "every"]
)
"""For every change: English, one from right to left, one with long words. All of them take their time."""

OVER = """() => {
  const found = [];
  const shown = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const say = (one, what) =>
    found.push(`${what}: ${one.outerHTML.slice(0, 60)} ${one.textContent.trim().slice(0, 40)}`);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode;
    const one = text.parentElement;
    if (!text.data.trim() || one.closest("script, style, option, .visually-hidden, .mark")) continue;
    if (!shown(one)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const { left, right } of range.getClientRects()) {
      if (left < -1 || right > innerWidth + 1) say(one, "beyond the window");
      const box = one.closest("button, .button, .card, label, input, dialog, main")?.getBoundingClientRect();
      if (box && (left < box.left - 1 || right > box.right + 1)) say(one, "beyond its box");
    }
    for (let up = one; up && up !== document.body; up = up.parentElement) {
      const cut = getComputedStyle(up).overflowX;
      if (["hidden", "clip"].includes(cut) && up.scrollWidth > up.clientWidth + 1) say(up, "cut off");
    }
  }
  return [...new Set(found)];
}"""


def over(one: Person) -> list[str]:
    """Text that is cut off or runs over an edge, at the width of a small phone and of a usual one."""
    found = []
    for size in (NARROW, PHONE):
        one.page.set_viewport_size(size)  # type: ignore[arg-type]
        found += [f"{size['width']} px, {what}" for what in one.page.evaluate(OVER)]
        wide = one.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append(f"{wide} px too wide at {size['width']}")
    return found


def speak(one: Person, at: Installation, language: Language, then: str) -> None:
    """Choose a language on its page, and come back to where one was."""
    one.page.goto(f"{at.url}/language?next={then}")
    one.page.get_by_role("button", name=language.own_name, exact=True).click()
    one.page.wait_for_url(f"**{then}")


def test_what_runs_over_is_found(at: Installation, someone: Opener) -> None:
    """The measure itself: a word too long for its button, and a line that is cut."""
    one = someone("Amara", size=PHONE)
    one.page.goto(at.facts["meeting"]["join_url"])
    assert over(one) == []
    button = one.page.locator("form button").first
    button.evaluate("(it) => { it.textContent = 'Wort'.repeat(40); it.style.whiteSpace = 'nowrap' }")
    assert any("beyond" in what for what in over(one))
    button.evaluate("(it) => { it.textContent = 'Wort'.repeat(40); it.style.overflow = 'hidden' }")
    assert any("cut off" in what or "beyond" in what for what in over(one))
    one.close()


@IN_LANGUAGES
def test_every_page_of_a_family_fits_in_every_language(
    codes: tuple[str, ...], at: Installation, someone: Opener
) -> None:
    family = someone("Ben", size=PHONE)
    page = family.page
    page.goto(f"{at.url}/f/{at.python(HOME)}")
    conduct = at.python(CONDUCT)
    pages = {
        "join": at.facts["meeting"]["join_url"],
        "family-home": f"{at.url}/family/",
        "family-test": f"{at.url}/family/test",
        "family-ask": f"{at.url}/family/ask",
        "family-document": f"{at.url}/family/documents/{conduct}/",
        "family-sign-in": f"{at.url}/family/sign-in",
    }
    wrong: dict[str, list[str]] = {}
    for code in codes:
        language = LANGUAGES[code]
        speak(family, at, language, "/family/")
        assert page.locator("html").get_attribute("dir") == language.direction
        for name, address in pages.items():
            assert page.goto(address).ok, (name, code)  # type: ignore[union-attr]
            if found := over(family):
                wrong[f"{name}, {code}"] = found
            if code in LOOKED_AT:
                is_good(family, f"{name}-{code}")
            elif "CIRCLETIME_PICTURES" in os.environ:
                picture_of(family, f"{name}-{code}", full=True)
    assert wrong == {}


@IN_LANGUAGES
def test_the_room_fits_in_every_language(codes: tuple[str, ...], at: Installation, someone: Opener) -> None:
    """At the door, and with a turn to speak while grown-ups are asked for: as much as a phone ever shows."""
    teacher, child = someone("teacher", size=DESKTOP), someone("Chloé", size=PHONE)
    sign_in(teacher, at, "teacher")
    start_meeting(teacher, at)
    knock(child, at, "Chloé")
    room = "/room/" + child.page.url.rsplit("/room/", 1)[1]
    wrong: dict[str, list[str]] = {}
    for code in codes:
        language = LANGUAGES[code]
        speak(child, at, language, room)
        child.page.locator(".waiting-line").wait_for()
        if found := over(child):
            wrong[f"waiting, {code}"] = found
        picture_of(child, f"waiting-{code}")
    admit(teacher, "Admit Chloé")
    child.page.locator(".tile").first.wait_for()
    give = teacher.page.get_by_role("button", name="Give Chloé a turn", exact=True)
    teacher.page.get_by_role("button", name="Ask for grown-ups").click()
    for code in codes:
        language = LANGUAGES[code]
        speak(child, at, language, room)
        child.page.locator(".tile video").first.wait_for()
        give.wait_for()  # whose page was loaded again has no turn any more
        press_until(give, lambda: not give.is_visible())
        child.page.locator(".tile.floor").wait_for()
        if found := over(child):
            wrong[f"room, {code}"] = found
        picture_of(child, f"room-{code}")
    assert wrong == {}
