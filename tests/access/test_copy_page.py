"""The copy somebody takes home: opened in a real browser, with the passphrase and not without it."""

import hashlib
import random
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from playwright.sync_api import Page, Playwright, Route

from circletime.access import copy
from tests.harness import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
NAME = "a-copy"
DIGEST = """
async () => {
  const film = await (await fetch(document.getElementById("save").href)).arrayBuffer();
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", film));
  return [...found].map((one) => one.toString(16).padStart(2, "0")).join("");
}
"""


@pytest.fixture(scope="module")
def film() -> bytes:
    return random.Random(3).randbytes(2_500_000)


@pytest.fixture(scope="module")
def made(film: bytes) -> tuple[str, bytes]:
    passphrase, salt = copy.new_passphrase(), copy.new_salt()
    pieces = (film[first : first + 300_000] for first in range(0, len(film), 300_000))
    return passphrase, b"".join(copy.page(pieces, copy.stretch(passphrase, salt), salt, NAME))


@pytest.fixture
def page(playwright: Playwright):
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
    opened = browser.new_page()
    asked: list[str] = []

    def no(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    opened.route("http*://**", no)
    yield opened
    assert asked == [], "the page asks nobody for anything"
    browser.close()


def open_file(page: Page, folder: Path, data: bytes) -> None:
    path = folder / "recording.html"
    path.write_bytes(data)
    page.goto(path.as_uri())


def type_in(page: Page, passphrase: str) -> None:
    page.get_by_role("textbox", name="Passphrase").fill(passphrase)
    page.get_by_role("button", name="Open").click()


def test_it_opens_with_its_passphrase_and_with_no_other(page, tmp_path, film, made):
    passphrase, data = made
    open_file(page, tmp_path, data)
    other = "z" if passphrase[-1] != "z" else "y"
    type_in(page, passphrase[:-1] + other)
    page.get_by_text("That is not the passphrase").wait_for()
    assert not page.locator("#film").is_visible()
    type_in(page, passphrase.upper().replace("-", " "))
    page.locator("#film").wait_for()
    # The page's own policy forbids even this test to fetch, so the bytes are asked for past it.
    page.context.new_cdp_session(page).send("Page.setBypassCSP", {"enabled": True})
    page.reload()
    type_in(page, passphrase)
    page.locator("#film").wait_for()
    assert page.evaluate(DIGEST) == hashlib.sha256(film).hexdigest()


@pytest.mark.parametrize("where", ["in the film", "behind the film"])
def test_a_page_that_was_cut_off_says_so(page, tmp_path, made, where):
    _, data = made
    last = data.rindex(b'class="film"')
    open_file(
        page, tmp_path, data[: last - 200] if where == "in the film" else data[: data.rindex(b"<script>")]
    )
    assert page.get_by_text("This file is not whole").is_visible()
    assert not page.get_by_role("textbox", name="Passphrase").is_visible()


def test_a_page_without_its_last_block_is_not_opened(page, tmp_path, made):
    passphrase, data = made
    first, second = data.rindex(b'<script type="text/plain"'), data.rindex(b"<script>")
    open_file(page, tmp_path, data[:first] + data[second:])
    type_in(page, passphrase)
    page.get_by_text("That is not the passphrase").wait_for()
    assert not page.locator("#film").is_visible()


def test_nothing_of_the_film_and_no_passphrase_is_in_it(made, film):
    passphrase, data = made
    assert passphrase.encode() not in data and passphrase.replace("-", "").encode() not in data
    assert film[:64] not in data


def test_passphrases_are_long_and_never_the_same():
    made = {copy.new_passphrase() for _ in range(200)}
    assert len(made) == 200 and all(len(one.replace("-", "")) == 20 for one in made)


def test_the_kept_key_opens_only_with_its_recordings_key():
    key, other = b"k" * 32, b"o" * 32
    kept = copy.wrap(b"s" * 32, key, NAME)
    assert copy.unwrap(kept, key, NAME) == b"s" * 32 and b"s" * 32 not in kept
    for wrong, name in ((other, NAME), (key, "another")):
        with pytest.raises(InvalidTag):
            copy.unwrap(kept, wrong, name)
