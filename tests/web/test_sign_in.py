"""Staff sign-in against people who guess, ask or wish for an account."""

import json
import re
import time as clock
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from circletime.audit.models import Row
from circletime.audit.queries import list_kinds
from circletime.pages.forgotten import answer_asks
from circletime.people.models import PasswordAsk, User
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import PASSWORD, World

LOGIN, RESET = reverse("account_login"), reverse("account_reset_password")


def sign_in(client: Client, email: str, password: str = "wrong", **more: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password}, **more)


def test_the_right_words_open_the_meetings(world: World, browser: Client) -> None:
    page = Page(browser.get(LOGIN))
    assert page.buttons() == ["Sign in", "Use a passkey"]
    assert [each.text for each in page.every if each.tag == "label"] == ["Email", "Password"]
    answer = sign_in(browser, world.teacher.email.upper(), PASSWORD)
    assert answer["Location"] == reverse("meetings")
    assert "Mrs Osei" in Page(browser.get(reverse("meetings"))).words()


def test_who_signs_in_and_who_fails_is_written_down(
    world: World, browser: Client, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(browser, world.teacher.email)
    sign_in(browser, "nobody@larkfield.example")
    assert [each.getMessage() for each in caplog.records] == [
        f"a sign-in failed: {world.teacher.actor}",
        "a sign-in failed: no such account",
    ]
    assert not Row.objects.filter(kind="people.signed_in").exists()
    sign_in(browser, world.teacher.email, PASSWORD)
    row = Row.objects.get(kind="people.signed_in")
    assert (row.by, json.loads(row.data)) == (world.teacher.actor, {"ways": ["password"]})


def test_an_unknown_address_is_answered_like_a_wrong_password(world: World, visits: Visits) -> None:
    known = sign_in(visits.browser("192.0.2.1"), world.teacher.email)
    unknown = sign_in(visits.browser("192.0.2.2"), "nobody@larkfield.example")
    world.stranger.is_active = False
    world.stranger.save()
    off = sign_in(visits.browser("192.0.2.3"), world.stranger.email)
    assert known.status_code == unknown.status_code == off.status_code == 200
    assert Page(known).alerts() == Page(unknown).alerts() == Page(off).alerts() != []


def test_an_account_that_was_switched_off_gets_nowhere(world: World, browser: Client) -> None:
    world.teacher.is_active = False
    world.teacher.save()
    sign_in(browser, world.teacher.email, PASSWORD)
    assert browser.get(reverse("meetings")).status_code == 302


def wait(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the throttle's clock run on."""
    real = clock.time()
    monkeypatch.setattr(
        ratelimit, "time", SimpleNamespace(time=lambda: real + seconds, monotonic=clock.monotonic)
    )


def test_five_wrong_passwords_stop_whoever_typed_them_and_nobody_else(
    world: World, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        said = Page(sign_in(visits.browser("192.0.2.1"), world.teacher.email)).alerts()
    for _ in range(30):
        stopped = sign_in(visits.browser("192.0.2.1"), world.teacher.email.upper(), PASSWORD)
    assert stopped.status_code == 200
    assert Page(stopped).alerts() == ["That was wrong too often. Please wait five minutes, then try again."]
    assert Page(stopped).alerts() != said
    assert sign_in(visits.browser("192.0.2.1"), world.stranger.email, PASSWORD).status_code == 302
    assert sign_in(visits.browser("192.0.2.2"), world.teacher.email, PASSWORD).status_code == 302
    wait(monkeypatch, 301)
    assert sign_in(visits.browser("192.0.2.1"), world.teacher.email, PASSWORD).status_code == 302


def test_one_account_guessed_at_from_everywhere_is_stopped(world: World, visits: Visits) -> None:
    for index in range(50):
        sign_in(visits.browser(f"192.0.2.{index}"), world.teacher.email)
    stopped = sign_in(visits.browser("192.0.2.99"), world.teacher.email, PASSWORD)
    assert "wrong too often" in Page(stopped).alerts()[0]
    assert sign_in(visits.browser("192.0.2.99"), world.stranger.email, PASSWORD).status_code == 302


def test_signing_in_rightly_uses_nothing_up(world: World, visits: Visits) -> None:
    for _ in range(55):
        assert sign_in(visits.browser("192.0.2.1"), world.teacher.email, PASSWORD).status_code == 302


def test_the_addresses_of_one_ipv6_network_are_one_guesser(world: World, visits: Visits) -> None:
    for index in range(5):
        sign_in(visits.browser(f"2001:db8:1:2::{index:x}"), world.teacher.email)
    assert sign_in(visits.browser("2001:db8:1:2:ffff::1"), world.teacher.email, PASSWORD).status_code == 200
    assert sign_in(visits.browser("2001:db8:1:3::1"), world.teacher.email, PASSWORD).status_code == 302


def test_guessing_at_accounts_that_are_none_is_stopped_alike(world: World, visits: Visits) -> None:
    said = {}
    for email in (world.teacher.email, "nobody@larkfield.example"):
        for _ in range(6):
            said[email] = Page(sign_in(visits.browser("192.0.2.1"), email)).alerts()
    assert len({tuple(each) for each in said.values()}) == 1


def test_the_same_password_asked_again_is_counted_as_at_sign_in(world: World, visits: Visits) -> None:
    teacher, again = visits.by_role("teacher"), reverse("account_reauthenticate")
    page = Page(teacher.post(again, {"password": "wrong"}))
    assert page.said_beside("password") == "That is not your password."
    assert teacher.post(again, {"password": PASSWORD})["Location"] == reverse("meetings")
    for _ in range(4):
        teacher.post(again, {"password": "wrong"})
    stopped = Page(teacher.post(again, {"password": PASSWORD}))
    assert "wrong too often" in stopped.said_beside("password")


@pytest.mark.parametrize("header", [None, "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP"])
def test_guessing_from_one_address_is_stopped(header: str | None, world: World, visits: Visits) -> None:
    for index in range(25):
        more = {header: f"10.0.0.{index}"} if header else {}
        answer = sign_in(visits.browser("192.0.2.1"), f"person{index}@larkfield.example", **more)
    assert sign_in(visits.browser("192.0.2.1"), world.teacher.email, PASSWORD).status_code != 302
    assert answer.status_code in (200, 429)


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_sends_nobody_to_another_site(next_page: str, world: World, browser: Client) -> None:
    answer = browser.post(LOGIN, {"login": world.teacher.email, "password": PASSWORD, "next": next_page})
    assert answer["Location"] == reverse("meetings")
    assert b"evil.example" not in Page(browser.get(f"{LOGIN}?next={next_page}")).source.encode()


def test_sign_in_leads_back_to_the_page_that_was_asked_for(world: World, browser: Client) -> None:
    asked = browser.get(reverse("classes"))
    answer = browser.post(asked["Location"], {"login": world.teacher.email, "password": PASSWORD})
    assert answer["Location"] == reverse("classes")


def test_a_session_from_before_is_not_kept_over_sign_in_and_out(world: World, browser: Client) -> None:
    browser.get(LOGIN)
    session = browser.session
    session["planted"] = "yes"
    session.save()
    before = session.session_key
    sign_in(browser, world.teacher.email, PASSWORD)
    assert browser.session.session_key != before
    inside = browser.session.session_key
    browser.post(reverse("account_logout"))
    assert browser.session.session_key != inside
    stale = Client()
    stale.cookies["sessionid"] = inside or ""
    assert stale.get(reverse("meetings")).status_code == 302


def test_nobody_signs_up(visits: Visits, browser: Client) -> None:
    before = User.objects.count()
    typed = {"email": "me@evil.example", "password1": PASSWORD, "password2": PASSWORD}
    for answer in (
        browser.get(reverse("account_signup")),
        browser.post(reverse("account_signup"), typed),
    ):
        assert "The school makes the accounts" in Page(answer).words()
    assert User.objects.count() == before and not mail.outbox


def test_nobody_changes_where_a_new_password_is_sent(world: World, visits: Visits) -> None:
    teacher = visits.by_role("teacher")
    before = world.teacher.email
    typed = {"email": "me@evil.example"}
    for action in ("action_add", "action_primary", "action_send", "action_remove"):
        assert teacher.post(reverse("account_email"), typed | {action: ""}).status_code == 404
    assert User.objects.get(pk=world.teacher.pk).email == before
    assert not EmailAddress.objects.filter(email="me@evil.example").exists() and not mail.outbox


def forget(client: Client, email: str) -> tuple[int, str, str]:
    """Ask for a new password; all a browser sees of it."""
    answer = client.post(RESET, {"email": email})
    place = answer.headers.get("Location", "")
    return answer.status_code, place, Page(client.get(place)).words() if place else Page(answer).words()


def test_a_new_password_is_offered_to_all_and_mailed_to_accounts_only(world: World, visits: Visits) -> None:
    known = forget(visits.browser("192.0.2.1"), world.teacher.email.upper())
    assert not mail.outbox, "the page sends nothing itself"
    answer_asks()
    assert [each.to for each in mail.outbox] == [[world.teacher.email]]
    unknown = forget(visits.browser("192.0.2.2"), "nobody@larkfield.example")
    parent = forget(visits.browser("192.0.2.3"), "ada@home.example")
    world.stranger.is_active = False
    world.stranger.save()
    off = forget(visits.browser("192.0.2.4"), world.stranger.email)
    assert known == unknown == parent == off
    assert known[0] == 302
    answer_asks()
    assert len(mail.outbox) == 1 and not PasswordAsk.objects.exists()
    assert list_kinds(world.teacher.actor) == ["people.password.link_sent"]


def test_the_page_does_the_same_whoever_is_asked_for(world: World, visits: Visits) -> None:
    """Counted, not timed: the same statements for everybody, so there is no difference to measure."""
    statements = []
    for index, email in enumerate((world.teacher.email, "nobody@larkfield.example", "ada@home.example")):
        with CaptureQueriesContext(connection) as seen:
            forget(visits.browser(f"192.0.2.{index}"), email)
        statements.append([re.sub(r"'[^']*'|\d+", "?", each["sql"]) for each in seen])
    assert statements[0] == statements[1] == statements[2] != []
    assert not any("people_user" in each for each in statements[0])


def test_the_mail_leads_to_a_new_password_once(world: World, browser: Client) -> None:
    forget(browser, world.teacher.email)
    answer_asks()
    link = re.search(re.escape(settings.PUBLIC_URL) + r"(\S+)", str(mail.outbox[0].body))
    assert link
    form = browser.get(link[1])
    assert form.status_code == 302, "the token leaves the address bar"
    new = {"password1": "another-long-password", "password2": "another-long-password"}
    weak = browser.post(form["Location"], {"password1": "short", "password2": "short"})
    assert weak.status_code == 200
    assert browser.post(form["Location"], new).status_code == 302
    assert sign_in(browser, world.teacher.email, PASSWORD).status_code == 200
    assert sign_in(browser, world.teacher.email, "another-long-password").status_code == 302
    assert "password1" not in Page(Client().get(link[1])).source


def test_nobody_floods_an_account_with_mail(world: World, visits: Visits) -> None:
    for index in range(12):
        forget(visits.browser(f"192.0.2.{index}"), world.teacher.email)
        if index % 3 == 2:
            answer_asks()
    assert 0 < len(mail.outbox) <= 5


def test_asking_twice_brings_one_mail(world: World, visits: Visits) -> None:
    for _ in range(3):
        forget(visits.browser(), world.teacher.email)
    forget(visits.browser(), world.stranger.email)
    answer_asks()
    assert sorted(each.to[0] for each in mail.outbox) == sorted([world.teacher.email, world.stranger.email])


def test_a_new_password_lets_in_at_once_who_was_wrong_too_often(world: World, browser: Client) -> None:
    for _ in range(6):
        sign_in(browser, world.teacher.email)
    forget(browser, world.teacher.email)
    answer_asks()
    link = re.search(re.escape(settings.PUBLIC_URL) + r"(\S+)", str(mail.outbox[0].body))
    assert link
    new = {"password1": "another-long-password", "password2": "another-long-password"}
    browser.post(browser.get(link[1])["Location"], new)
    assert sign_in(browser, world.teacher.email, "another-long-password").status_code == 302
    assert list_kinds(world.teacher.actor) == [
        "people.password.link_sent",
        "people.password.changed",
        "people.signed_in",
    ]


def test_the_mail_does_not_lead_to_a_site_that_the_browser_named(world: World, browser: Client) -> None:
    answer = browser.post(RESET, {"email": world.teacher.email}, HTTP_HOST="evil.example")
    assert answer.status_code == 400 and not PasswordAsk.objects.exists()
    browser.post(RESET, {"email": world.teacher.email}, HTTP_X_FORWARDED_HOST="evil.example")
    answer_asks()
    assert mail.outbox and "evil.example" not in str(mail.outbox[0].body)


def test_many_who_guess_do_not_make_the_throttle_forget(world: World, visits: Visits) -> None:
    for index in range(50):
        sign_in(visits.browser(f"192.0.2.{index}"), world.teacher.email)
    for index in range(150):
        sign_in(visits.browser(f"198.51.100.{index}"), f"person{index}@larkfield.example")
    stopped = sign_in(visits.browser("192.0.2.99"), world.teacher.email, PASSWORD)
    assert stopped.status_code == 200, "its count was thrown out for others"
