"""The pages of signing in, signing out and passwords: ours to look at, and plain about what is wrong."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from circletime.pages.forgotten import answer_asks
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import PASSWORD, World

LOGIN, RESET, CHANGE = (
    reverse(name) for name in ("account_login", "account_reset_password", "account_change_password")
)
LONG = "another-long-password"


@pytest.fixture
def key_page(world: World, visits: Visits) -> tuple[Client, str]:
    """A browser that followed the link in the mail, and the address it came to."""
    client = visits.browser()
    client.post(RESET, {"email": world.teacher.email})
    answer_asks()
    link = re.search(re.escape(settings.PUBLIC_URL) + r"(\S+)", str(mail.outbox[0].body))
    assert link
    return client, client.get(link[1])["Location"]


def is_ours(answer: Any, heading: str) -> Page:
    """The page has our frame, one heading, a name for each field, and leads to no closed address."""
    page = Page(answer)
    assert [each.text for each in page.every if each.tag == "h1"] == [heading]
    assert any(each.get("href").endswith("css/tokens.css") for each in page.every if each.tag == "link")
    labels = {each.get("for") for each in page.every if each.tag == "label"}
    shown = [each for each in page.every if each.tag == "input" and each.get("type") != "hidden"]
    assert {each.get("id") for each in shown} == labels
    for address in page.addresses():
        assert not urlsplit(address).path.startswith(("/accounts/signup", "/accounts/email")), address
    return page


@pytest.mark.parametrize(
    "name, heading",
    [
        ("account_login", "Staff sign-in"),
        ("account_inactive", "This account is switched off"),
        ("account_signup", "The school makes the accounts"),
        ("account_reset_password", "Forgotten your password?"),
        ("account_reset_password_done", "Look at your mail"),
        ("account_reset_password_from_key_done", "Your password is changed"),
    ],
)
def test_pages_for_everybody(name: str, heading: str, browser: Client) -> None:
    is_ours(browser.get(reverse(name)), heading)


@pytest.mark.parametrize(
    "name, heading",
    [
        ("account_logout", "Sign out?"),
        ("account_change_password", "Change your password"),
        ("account_reauthenticate", "Is it still you?"),
        ("account_reset_password_from_key_done", "Your password is changed"),
    ],
)
def test_pages_for_who_has_signed_in(name: str, heading: str, visits: Visits) -> None:
    is_ours(visits.by_role("teacher").get(reverse(name)), heading)


def test_a_link_that_is_used_up_says_where_to_get_another(browser: Client) -> None:
    answer = browser.get(reverse("account_reset_password_from_key", args=["1", "none"]))
    assert RESET in is_ours(answer, "This link does not work any more").addresses()


def test_sign_in_leads_to_a_new_password_and_the_pages_to_the_change(visits: Visits, browser: Client) -> None:
    page = Page(browser.get(LOGIN))
    links = {each.text: each.get("href") for each in page.every if each.tag == "a"}
    assert links["Forgotten your password?"] == RESET
    teacher = visits.by_role("teacher")
    assert reverse("mfa_index") in Page(teacher.get(reverse("meetings"))).addresses()
    assert CHANGE in Page(teacher.get(reverse("mfa_index"))).addresses()


def test_accounts_alone_leads_to_the_start_and_to_no_closed_page(visits: Visits) -> None:
    assert visits.by_role("teacher").get("/accounts/")["Location"] == reverse("home")


def test_a_wrong_sign_in_is_said_once_beside_both_fields_and_keeps_the_address(
    world: World, browser: Client
) -> None:
    page = Page(
        browser.post(LOGIN, {"login": world.teacher.email, "password": "wrong-word", "next": "/classes/"})
    )
    said = "That did not work. Check the e-mail address and the password."
    assert page.alerts() == [said]
    assert page.said_beside("login") == page.said_beside("password") == said
    assert page.value("login") == world.teacher.email and page.value("password") == ""
    onward = [each.get("value") for each in page.every if each.get("name") == "next"]
    assert set(onward) == {"/classes/"} and "wrong-word" not in page.source


def test_what_was_typed_is_kept_as_text(browser: Client) -> None:
    evil = '"><script>alert(1)</script>'
    for answer in (
        browser.post(LOGIN, {"login": evil, "password": "x"}),
        browser.post(RESET, {"email": evil}),
    ):
        assert b"<script>alert" not in answer.content


def only(page: Page, field: str, *words: str) -> None:
    """One field is wrong, and it is said beside it."""
    assert page.marked() == {field}
    assert page.alerts() == [page.said_beside(field)]
    assert all(word in page.said_beside(field) for word in words), page.alerts()


def test_an_address_that_is_none_is_said_beside_it_and_kept(browser: Client) -> None:
    for typed in ("", "teacher", "a@b@c"):
        for address, field in ((LOGIN, "login"), (RESET, "email")):
            page = Page(browser.post(address, {field: typed, "password": "x"}))
            only(page, field)
            assert page.value(field) == typed


@pytest.mark.parametrize(
    "typed, field, words",
    [
        ({"oldpassword": "wrong"}, "oldpassword", "not your password"),
        ({"password1": "short", "password2": "short"}, "password1", "at least 12 characters"),
        ({"password1": "password1234", "password2": "password1234"}, "password1", "easily guessed"),
        ({"password2": "something-else-long"}, "password2", "same password each time"),
        ({"oldpassword": ""}, "oldpassword", "required"),
    ],
)
def test_a_change_that_is_refused_says_why_beside_the_field(
    typed: dict[str, str], field: str, words: str, world: World, visits: Visits
) -> None:
    right = {"oldpassword": PASSWORD, "password1": LONG, "password2": LONG}
    teacher = visits.by_role("teacher")
    page = Page(teacher.post(CHANGE, right | typed))
    only(page, field, words)
    assert not any(page.value(name) for name in right), "no password is sent back"
    world.teacher.refresh_from_db()
    assert world.teacher.check_password(PASSWORD)


def test_a_change_keeps_this_browser_signed_in_and_puts_the_others_out(world: World, visits: Visits) -> None:
    teacher, elsewhere = visits.by_role("teacher"), visits.by_role("teacher")
    changed = teacher.post(CHANGE, {"oldpassword": PASSWORD, "password1": LONG, "password2": LONG})
    assert changed["Location"] == reverse("account_reset_password_from_key_done")
    assert (
        reverse("meetings")
        in is_ours(teacher.get(changed["Location"]), "Your password is changed").addresses()
    )
    assert elsewhere.get(reverse("meetings")).status_code == 302
    assert not teacher.get(reverse("meetings")).context["messages"], "nothing is left to be said later"


def test_a_new_password_by_mail_says_beside_the_field_what_is_wrong(key_page: tuple[Client, str]) -> None:
    client, address = key_page
    is_ours(client.get(address), "Choose a new password")
    only(
        Page(client.post(address, {"password1": "short", "password2": "short"})), "password1", "12 characters"
    )
    only(Page(client.post(address, {"password1": LONG, "password2": "other"})), "password2", "same")
    done = client.post(address, {"password1": LONG, "password2": LONG})
    assert LOGIN in is_ours(client.get(done["Location"]), "Your password is changed").addresses()


def test_asking_too_often_has_a_page_of_its_own(world: World, browser: Client) -> None:
    for _ in range(6):
        answer = browser.post(RESET, {"email": world.teacher.email})
    assert answer.status_code == 429
    is_ours(answer, "Too many tries")
