"""A parent sees a recording: dark without the senior leader, in step with them, dark when they go."""

import io
import json
import time

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright

from tests.access.plant import OTHER
from tests.harness import (
    DESKTOP,
    PHONE,
    TABLET,
    Installation,
    Person,
    faults,
    installation,
    missed_by_keyboard,
    person,
    picture_of,
    sign_in,
    wait_for,
)
from tests.recordings.plant import colour_at

pytestmark = [pytest.mark.media, pytest.mark.browser, pytest.mark.timeout(900)]

SECONDS = 24
PLACE = "() => document.querySelector('video').currentTime"
GO = "(second) => { document.querySelector('video').currentTime = second; }"
CAN_PLAY = "() => document.querySelector('video').readyState > 2"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory):
    with installation(tmp_path_factory.mktemp("viewing") / "var") as one:
        yield one


def pixels(page: Page) -> np.ndarray:
    """What is really on the screen where the film is."""
    shown = page.locator("[data-see], [data-screen]").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(shown)).convert("RGB"), dtype=int)


def share_of(image: np.ndarray, colour: tuple[int, int, int]) -> float:
    """How much of a picture has this colour."""
    return float((np.abs(image - np.asarray(colour)).max(axis=2) < 60).mean())


def is_dark(page: Page) -> bool:
    """Nothing but black and the white words."""
    image = pixels(page)
    grey = (image.max(axis=2) - image.min(axis=2)) < 30
    return bool(grey.mean() > 0.995 and np.median(image) < 30)


def told(page: Page, want: str) -> None:
    wait_for(lambda: want in page.inner_text("body"), 15, want)


def make_and_approve(slt: Person, dsl: Person, at: Installation, case: str, recording: str) -> None:
    """One leader marks and has it made; the other looks and approves."""
    page = slt.page
    address = f"{at.url}/requests/{case}/films/{recording}/"
    page.goto(address)
    page.get_by_role("button", name="Make the film").click()
    page.wait_for_selector("video[data-film]", timeout=240_000)
    page.get_by_role("textbox", name="From").fill("0:1x")
    page.get_by_role("textbox", name="To", exact=True).fill("0:18")
    page.get_by_role("combobox", name="Why").select_option(label="A name is said or shown")
    page.get_by_role("button", name="Leave it out").click()
    assert "Write minutes and seconds" in page.get_by_role("alert").first.inner_text()
    assert page.get_by_role("textbox", name="To", exact=True).input_value() == "0:18"
    page.get_by_role("textbox", name="From").fill("0:16")
    page.get_by_role("button", name="Leave it out").click()
    told(page, "0:16 to 0:18")
    told(page, "The marks were changed since this film was made")
    assert page.get_by_role("button", name="Approve this film").count() == 0
    page.get_by_role("button", name="Make the film again").click()
    page.wait_for_selector("video[data-film]", timeout=240_000)
    assert faults(slt) == []
    assert missed_by_keyboard(slt) == []
    picture_of(slt, "redaction", full=True)
    assert "You had a part in making this film" in page.inner_text("main")
    dsl.page.goto(address)
    dsl.page.get_by_role("button", name="Approve this film").click()
    told(dsl.page, "Approved by")
    picture_of(dsl, "redaction-approved", full=True)


def test_a_parent_sees_it_with_the_leader_and_never_without(playwright: Playwright, at: Installation):
    planted = json.loads(
        at.python(f"import json; from tests.access.plant import plant; print(json.dumps(plant({SECONDS})))")
    )
    slt = person(playwright, at.var, "teacher", size=DESKTOP)
    dsl = person(playwright, at.var, "Ben", size=DESKTOP)
    parent = person(playwright, at.var, "Amara", size=TABLET)
    thief = person(playwright, at.var, "Eun-ji", size=PHONE)
    try:
        sign_in(slt, at, "slt")
        sign_in(dsl, at, "dsl")
        make_and_approve(slt, dsl, at, planted["case"], planted["recording"])
        name = at.python(f"from tests.access.plant import invite_now; print(invite_now({planted['case']!r}))")

        slt.page.goto(f"{at.url}/requests/viewings/{name}/")
        slt.page.get_by_role("button", name="Make the link").click()
        link = slt.page.locator(".access-secret").inner_text()
        picture_of(slt, "viewing-before", full=True)
        parent.page.goto(link)
        assert faults(parent) == []
        picture_of(parent, "see-begin")
        parent.page.get_by_role("button", name="Watch on this device").click()
        told(parent.page, "Waiting for the member of staff")
        time.sleep(3)
        assert is_dark(parent.page)
        picture_of(parent, "see-dark")

        slt.page.get_by_role("button", name="Open the viewing").click()
        slt.page.wait_for_function(CAN_PLAY)
        slt.page.evaluate(
            GO, 3
        )  # a film begins before anybody came in: its first picture is as dark as the page
        wait_for(lambda: not is_dark(parent.page), 10, "the parent's page is lit")
        told(slt.page, "The other page is open")
        slt.page.evaluate("() => document.querySelector('video').play()")
        wait_for(lambda: parent.page.evaluate(PLACE) > 4, 15, "it plays there, too")
        for _ in range(6):
            time.sleep(1.5)
            leads, follows = slt.page.evaluate(PLACE), parent.page.evaluate(PLACE)
            assert abs(leads - follows) < 1.5, (leads, follows)
        assert share_of(pixels(parent.page), OTHER) == 0
        assert faults(parent) == []
        assert faults(slt) == []
        picture_of(parent, "see")
        picture_of(slt, "viewing", full=True)

        slt.page.evaluate("() => document.querySelector('video').pause()")
        told(parent.page, "Paused")
        for second in (14, 22, 6):
            slt.page.evaluate(GO, second)
            wait_for(
                lambda second=second: abs(parent.page.evaluate(PLACE) - second) < 0.5, 6, "it goes there, too"
            )
            wait_for(
                lambda second=second: share_of(pixels(parent.page), colour_at(second)) > 0.1,
                6,
                "its picture is there",
            )
            assert share_of(pixels(parent.page), OTHER) == 0

        thief.page.goto(link)
        assert "There is nothing to see here" in thief.page.inner_text("main")
        told(slt.page, "Somebody tried the link in another browser")

        slt.page.evaluate("() => document.querySelector('video').play()")
        wait_for(lambda: parent.page.evaluate(PLACE) > 8, 15, "it plays")
        slt.page.close()
        began = time.monotonic()
        wait_for(lambda: is_dark(parent.page), 16, "it is dark without the leader")
        took = time.monotonic() - began
        print(f"dark after {took:.1f} s")
        assert took < 14
        told(parent.page, "The member of staff is away")
        at.python(
            "from circletime.access.models import ViewingSession as S; s = S.objects.get(); "
            "assert s.shown.count() >= 2 and s.attendances.filter(leader=False).exists()"
        )

        slt.page = slt.context.new_page()
        slt.page.goto(f"{at.url}/requests/viewings/{name}/")
        slt.page.wait_for_function(CAN_PLAY)
        slt.page.evaluate(GO, 6)
        wait_for(lambda: not is_dark(parent.page), 10, "they are back")
        slt.page.get_by_role("button", name="Close the viewing").click()
        told(parent.page, "This viewing is over")
        assert is_dark(parent.page)
        told(slt.page, "What is kept")
        picture_of(slt, "viewing-over", full=True)
        assert not parent.troubles and not slt.troubles
    finally:
        for one in (slt, dsl, parent, thief):
            one.close()
