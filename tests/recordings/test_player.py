"""The player in a real browser: speed, chapters, the mark that stays in full screen, and what was played."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from circletime.meetings.rules import SeatRole, State
from circletime.recordings import store
from circletime.recordings.actions import openings
from circletime.recordings.models import Viewing
from circletime.recordings.store import StoreTrouble
from circletime.recordings.vault import Source
from tests.harness import CHROMIUM, ROOT
from tests.recordings.school import BEGAN, Part, give_turn, make_meeting, make_recording, make_seat
from tests.recordings.screening import BLUE, RED, make_film
from tests.recordings.tracks import picture, tone
from tests.signing import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]

SIZES = (390, 844), (820, 1180), (1440, 900)
PLACE = """(ms) => {
  const mark = document.querySelector(".recording-marks span");
  for (const each of mark.getAnimations()) each.currentTime = ms;
  const box = mark.getBoundingClientRect();
  return [box.left, box.top, box.right, box.bottom, innerWidth, innerHeight].map(Math.round);
}"""


@pytest.fixture
def recording(staff):
    meeting = make_meeting(staff, state=State.ENDED, seconds=12)
    host = make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    amara = make_seat(meeting, "Amara")
    give_turn(amara, 4, 8)
    parts = [
        Part(host, "camera", picture(12, lambda t: BLUE), 0, 12),
        Part(amara, "camera", picture(12, lambda t: RED), 0, 12),
        Part(host, "microphone", tone(12, 440), 0, 12),
    ]
    made = make_recording(meeting, parts)
    make_film(made)
    openings.open_to_host(
        recording=made,
        user=staff["teacher"],
        reason="To hear a turn again",
        days=2,
        by=staff["slt"],
        now=BEGAN + timedelta(minutes=1),
    )
    return made


def in_a_browser(url: str, user: Any, drive: Callable[[Page], None]) -> None:
    """Playwright and the database do not share a thread."""
    client = Client()
    sign_in(client, user)
    cookie = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
    }

    def run() -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
            )
            context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
            context.add_cookies([{**cookie, "url": url}])
            page = context.new_page()
            troubles: list[str] = []
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda m: troubles.append(m.text) if "Content Security" in m.text else None)
            drive(page)
            assert not troubles
            browser.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def until(page: Page, expression: str) -> None:
    """The page's own policy lets no test wait inside it."""
    for _ in range(600):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {expression}")


def watch(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("textbox", name="Why are you watching?").fill("To see that it works")
    page.get_by_role("button", name="Watch").click()
    page.wait_for_selector("video")
    until(page, "document.querySelector('video').readyState >= 2")


def objections(page: Page) -> list[str]:
    page.evaluate((ROOT / "room/node_modules/axe-core/axe.min.js").read_text())
    found = page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found]


def take_pictures(page: Page, name: str) -> None:
    """At three sizes, by day and by night; nothing is wider than the screen and axe objects to nothing."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            assert objections(page) == [], (name, width, scheme)
            folder = os.environ.get("CIRCLETIME_PICTURES")
            if folder:
                dark = "-dark" if scheme == "dark" else ""
                page.screenshot(path=Path(folder) / f"{name}-{width}{dark}.png", full_page=True)


def test_a_leader_watches(live_server, staff, recording):
    def drive(page: Page) -> None:
        address = live_server.url + reverse("recording", args=[recording.public_id])
        page.goto(address)
        take_pictures(page, "recording-why")
        watch(page, address)
        page.set_viewport_size({"width": 1440, "height": 900})
        page.get_by_label("Speed").select_option("2")
        assert page.evaluate("document.querySelector('video').playbackRate") == 2
        page.get_by_role("link", name="Amara had a turn").click()
        until(page, "document.querySelector('video').currentTime > 6.5")
        assert page.locator("[data-seconds][aria-current]").inner_text().endswith("Amara had a turn")
        with page.expect_request("**/watched") as told:
            page.evaluate("document.querySelector('video').pause()")
        assert told.value.response() is None or told.value.response().status == 204
        page.get_by_role("button", name="Back 10 s").click()
        until(page, "document.querySelector('video').currentTime < 2")
        places = {tuple(page.evaluate(PLACE, ms)[:2]) for ms in range(0, 49_000, 7_000)}
        assert len(places) > 4, "the mark moves"
        page.get_by_role("button", name="Full screen").click()
        until(page, "document.fullscreenElement?.matches('[data-screen]')")
        for ms in range(0, 49_000, 7_000):
            left, top, right, bottom, width, height = page.evaluate(PLACE, ms)
            assert 0 <= left < right <= width and 0 <= top < bottom <= height
        assert page.locator(".recording-marks span").inner_text().startswith(staff["slt"].name)
        page.evaluate("document.exitFullscreen()")
        until(page, "!document.fullscreenElement")
        page.evaluate("document.querySelector('video').requestFullscreen().catch(() => {})")
        until(page, "!document.fullscreenElement")
        page.reload()
        until(page, "document.querySelector('video').readyState >= 2")
        assert (
            "Played, as their browser says: 0:0"
            in page.get_by_role("region", name="Who watched").inner_text()
        )
        page.get_by_text("Open it to somebody who hosted this meeting").click()
        take_pictures(page, "recording")

    in_a_browser(live_server.url, staff["slt"], drive)
    viewing = Viewing.objects.get()
    assert viewing.sent == [[0, 12]] and viewing.played
    assert any(begins < 6 <= ends for begins, ends in viewing.played)


def test_a_store_that_is_away_is_said_and_asked_again(live_server, staff, recording, monkeypatch):
    """The store's own answer stands for a bucket that is killed, which test_store does for real."""
    away, open_source = [True], store.open_source

    def opened(public_id: str, name: str) -> Source:
        if away[0]:
            raise StoreTrouble("The bucket does not answer.")
        return open_source(public_id, name)

    def drive(page: Page) -> None:
        page.goto(live_server.url + reverse("recording", args=[recording.public_id]))
        page.get_by_role("textbox", name="Why are you watching?").fill("To see what it says")
        page.get_by_role("button", name="Watch").click()
        said = page.get_by_role("alert").filter(has_text="The store of recordings does not answer just now")
        said.wait_for()
        take_pictures(page, "recording-away")
        away[0] = False
        page.get_by_role("button", name="Try again").click()
        until(page, "document.querySelector('video').readyState >= 2")
        assert not said.is_visible()
        page.evaluate("document.querySelector('video').currentTime = 6")
        until(page, "!document.querySelector('video').seeking")
        away[0] = True
        page.evaluate("document.querySelector('video').src += '?again'")
        said.wait_for()
        away[0] = False
        page.get_by_role("button", name="Try again").click()
        until(page, "document.querySelector('video').currentTime === 6")
        assert not said.is_visible()

    monkeypatch.setattr(store, "open_source", opened)
    in_a_browser(live_server.url, staff["slt"], drive)


def test_a_teacher_to_whom_it_is_open_watches(live_server, staff, recording):
    def drive(page: Page) -> None:
        page.goto(live_server.url + reverse("meeting", args=[recording.meeting.public_id]))
        page.get_by_role("link", name="Watch").click()
        watch(page, page.url)
        assert "opened this recording for you until" in page.inner_text("main")
        assert "Who watched" not in page.inner_text("main")
        page.get_by_label("Show").select_option(label="Amara")
        page.get_by_role("button", name="Show").click()
        page.wait_for_selector("progress")
        take_pictures(page, "recording-making")

    in_a_browser(live_server.url, staff["teacher"], drive)
    assert recording.films.get(kind="person").asked_by == staff["teacher"].actor
