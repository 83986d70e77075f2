"""A senior leader in a real Chromium: a passkey of its own (a virtual device), a code, the pages."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, sync_playwright

from circletime.people.models import User
from circletime.people.second_steps import list_second_steps
from tests.harness import CHROMIUM
from tests.recordings.test_player import take_pictures
from tests.web.test_second_step import code_of
from tests.world import PASSWORD, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


@pytest.fixture
def slt(media: Any) -> User:
    """The clock is the real one: the browser's is, too."""
    cache.clear()
    return make_world(media, pupils=2).staff["slt"]


def in_a_browser(drive: Callable[[Page], None]) -> None:
    """Playwright and the database do not share a thread."""

    def run() -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
            page.set_default_timeout(120_000)
            troubles: list[str] = []
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
            page.on("request", lambda asked: troubles.append(asked.url) if elsewhere(asked.url) else None)
            drive(page)
            assert not troubles
            browser.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def elsewhere(url: str) -> bool:
    return not url.startswith(("http://localhost:", "data:"))


def device(page: Page) -> Callable[[bool], None]:
    """A device that keeps passkeys; whether the finger fits is said by what is answered."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    facts = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": facts})

    def finger(fits: bool) -> None:
        told = {"authenticatorId": made["authenticatorId"], "isUserVerified": fits}
        cdp.send("WebAuthn.setUserVerified", told)

    return finger


def password(page: Page, url: str, user: User) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_role("textbox", name="Email").fill(user.email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_passkey_is_made_and_used(live_server: Any, slt: User) -> None:
    url = live_server.url

    def drive(page: Page) -> None:
        finger = device(page)
        password(page, url, slt)
        page.get_by_role("heading", name="How you sign in").wait_for()
        assert page.get_by_role("status").inner_text().startswith("You may see recordings")
        take_pictures(page, "second-step-asked")
        page.goto(f"{url}/recordings/")
        page.get_by_role("link", name="Add a passkey").click()
        take_pictures(page, "passkey-new")
        page.get_by_role("textbox", name="What you call it").fill("My telephone")
        page.get_by_role("button", name="Make the passkey").click()
        page.get_by_role("heading", name="Codes on paper").wait_for()
        assert page.get_by_role("listitem").filter(has=page.locator("code")).count() == 10
        take_pictures(page, "codes-on-paper")
        page.get_by_role("link", name="I have them: go on").click()
        page.get_by_role("heading", name="Meetings").wait_for()
        page.get_by_role("link", name="Account").click()
        page.get_by_role("link", name="Remove My telephone").wait_for()
        take_pictures(page, "your-sign-in")
        page.get_by_role("button", name="Sign out").click()
        finger(False)
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("alert").filter(has_text="Nothing came of it").wait_for()
        take_pictures(page, "sign-in")
        finger(True)
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("heading", name="Meetings").wait_for()
        page.get_by_role("button", name="Sign out").click()
        password(page, url, slt)
        page.get_by_role("heading", name="The second step").wait_for()
        take_pictures(page, "second-step")
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("heading", name="Meetings").wait_for()

    in_a_browser(drive)
    assert [each.words for each in list_second_steps(slt)] == ["Passkey", "Codes on paper"]


def test_an_app_is_set_up_and_its_code_typed(live_server: Any, slt: User) -> None:
    url = live_server.url

    def drive(page: Page) -> None:
        password(page, url, slt)
        page.get_by_role("link", name="Set up an app").click()
        page.get_by_role("heading", name="An app that shows codes").wait_for()
        assert page.locator(".code-picture").evaluate("one => one.naturalWidth > 50")
        take_pictures(page, "app-new")
        secret = page.locator(".secret").inner_text()
        page.get_by_role("textbox", name="Code").fill("000000")
        page.get_by_role("button", name="Set it up").click()
        page.get_by_role("alert").filter(has_text="did not work").wait_for()
        assert page.locator(".secret").inner_text() == secret, "the app need not begin again"
        page.get_by_role("textbox", name="Code").fill(code_of(secret))
        page.get_by_role("button", name="Set it up").click()
        page.get_by_role("heading", name="Codes on paper").wait_for()
        paper = page.locator(".codes code").first.inner_text()
        page.get_by_role("link", name="I have them: go on").click()
        page.get_by_role("button", name="Sign out").click()
        password(page, url, slt)
        page.get_by_role("textbox", name="Code").fill(paper)
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("heading", name="Meetings").wait_for()

    in_a_browser(drive)
    kept = {each.words: each.left for each in list_second_steps(slt)}
    assert kept == {"App that shows codes": 0, "Codes on paper": 9}
