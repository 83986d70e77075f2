"""A family on a phone: its link, its own page, its camera tried, and the waiting room."""

import time

import pytest

from tests.e2e.conftest import Opener
from tests.e2e.test_pages import is_good
from tests.harness import PHONE, Installation, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.timeout(900)]

FAMILY = """
from circletime.core import time
from circletime.people.links import FAMILY_LINK_LASTS, make_links, token_of
from circletime.people.models import Pupil
pupil = Pupil.objects.filter(first_name="Ben").earliest("pk")
household = pupil.households.get()
household.adults.update(language="ur")
now = time.now()
(link,) = make_links([household], until=now + FAMILY_LINK_LASTS, about="test", by="test", now=now)
print(token_of(link.pk))
"""


def test_a_family_reads_its_page_tries_its_camera_and_joins(at: Installation, someone: Opener) -> None:
    token = at.python(FAMILY)
    family = someone("Ben", size=PHONE)
    page = family.page
    page.goto(f"{at.url}/f/{token}")
    page.goto(f"{at.url}/family/")
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert token not in page.url
    is_good(family, "family-home-ur")
    page.goto(f"{at.url}/family/test")
    page.locator("[data-start]").click()
    wait_for(lambda: page.evaluate("document.querySelector('[data-video]').videoWidth > 0"), 15, "a picture")
    wait_for(lambda: page.evaluate("document.querySelector('[data-meter]').value > 0.1"), 15, "a voice")
    is_good(family, "family-test-ur")
    page.goto(f"{at.url}/family/ask")
    is_good(family, "family-ask-ur")
    page.goto(f"{at.url}/family/")
    page.locator(".now .button").click()
    page.locator("#name").fill("Ben")
    page.get_by_role("checkbox").check()
    page.locator("form .button.big").click()
    page.wait_for_url("**/room/*")
    page.locator(".waiting-line").wait_for()
    time.sleep(0.2)
    assert family.troubles == []
