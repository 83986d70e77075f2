"""Passkeys, with one in software; `test_passkey_browser.py` has Chromium's own."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from circletime.people.models import User
from circletime.people.second_steps import list_second_steps
from tests.web.page import Page
from tests.web.soft_key import SoftKey
from tests.web.test_second_step import password_in
from tests.web.visits import Visits
from tests.world import World

ADD, ALONE, AGAIN, STEP = (
    reverse(name)
    for name in (
        "mfa_add_webauthn",
        "mfa_login_webauthn",
        "mfa_reauthenticate_webauthn",
        "mfa_authenticate",
    )
)


@pytest.fixture
def slt(world: World) -> User:
    return world.staff["slt"]


def options(answer: Any) -> dict[str, Any]:
    """What the page hands to the browser."""
    found: dict[str, Any] = json.loads(Page(answer).by_id("passkey-options").text)
    return found


def made(visits: Visits, user: User, key: SoftKey) -> tuple[Client, Any]:
    """Somebody signs in with a password and makes a passkey."""
    client, _ = password_in(visits, user)
    asked = options(client.get(ADD))
    return client, client.post(ADD, {"name": "My telephone", "credential": key.create(asked)})


def alone(client: Client, key: SoftKey, **more: Any) -> Any:
    """Sign in with the passkey and nothing else."""
    asked = client.get(ALONE, headers={"Accept": "application/json"}).json()["request_options"]
    return client.post(ALONE, {"credential": key.get(asked, **more)})


def test_a_passkey_is_made_and_opens_everything(visits: Visits, slt: User) -> None:
    key = SoftKey()
    client, answer = made(visits, slt, key)
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    assert client.get(reverse("recordings")).status_code == 200
    assert ("webauthn", "My telephone") in [(each.sort, each.name) for each in list_second_steps(slt)]
    other = visits.browser()
    assert alone(other, key)["Location"] == reverse("meetings")
    assert other.get(reverse("recordings")).status_code == 200


def test_what_the_browser_is_asked_for(visits: Visits, world: World, slt: User) -> None:
    """Kept on the device, and never without a finger or a PIN; nothing of the person but their own names."""
    client, _ = password_in(visits, slt)
    asked = options(client.get(ADD))["publicKey"]
    assert asked["rp"] == {"id": "localhost", "name": "Circletime"}
    assert (asked["user"]["name"], asked["user"]["displayName"]) == (slt.email, slt.name)
    chosen = asked["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    told = visits.browser().get(ALONE, headers={"Accept": "application/json"}).json()["request_options"]
    assert told["publicKey"]["userVerification"] == "required" and not told["publicKey"]["allowCredentials"]


def test_after_the_password_it_is_the_second_step(visits: Visits, slt: User) -> None:
    key = SoftKey()
    made(visits, slt, key)
    client, answer = password_in(visits, slt)
    assert answer["Location"] == STEP
    done = client.post(STEP, {"credential": key.get(options(client.get(STEP)))})
    assert done["Location"] == reverse("meetings")
    assert client.get(reverse("recordings")).status_code == 200


@pytest.mark.parametrize(
    "wrong", ["another key", "another site", "no finger", "replayed", "no json", "empty"]
)
def test_what_is_not_that_passkey_opens_nothing(wrong: str, visits: Visits, slt: User) -> None:
    key = SoftKey()
    made(visits, slt, key)
    client = visits.browser()
    asked = client.get(ALONE, headers={"Accept": "application/json"}).json()["request_options"]
    stranger = SoftKey(owner=key.owner, name=key.name)
    weak = SoftKey(verifies=False, key=key.key, name=key.name, owner=key.owner)
    credential = {
        "another key": lambda: stranger.get(asked),
        "another site": lambda: key.get(asked, origin="https://localhost.evil.example"),
        "no finger": lambda: weak.get(asked),
        "replayed": lambda: key.get(asked),
        "no json": lambda: "{",
        "empty": lambda: "",
    }[wrong]()
    if wrong == "replayed":
        assert client.post(ALONE, {"credential": credential}).status_code == 302
        client.post(reverse("account_logout"))
        client.get(ALONE, headers={"Accept": "application/json"})
    answer = client.post(ALONE, {"credential": credential})
    assert answer.status_code == 200
    assert Page(answer).alerts() == ["That passkey is not known here. Sign in with your password."]
    assert client.get(reverse("meetings")).status_code == 302


def test_a_passkey_without_a_finger_is_not_kept(visits: Visits, slt: User) -> None:
    _, answer = made(visits, slt, SoftKey(verifies=False))
    assert answer.status_code == 200 and not Authenticator.objects.exists()


def test_an_account_that_was_switched_off_is_not_opened_by_one(visits: Visits, world: World) -> None:
    key = SoftKey()
    made(visits, world.stranger, key)
    User.objects.filter(pk=world.stranger.pk).update(is_active=False)
    client = visits.browser()
    alone(client, key)
    assert client.get(reverse("meetings")).status_code == 302


def test_a_wrong_one_is_said_on_the_page_that_asked(visits: Visits, slt: User) -> None:
    key = SoftKey()
    client, _ = made(visits, slt, key)
    asked = options(client.get(AGAIN))
    answer = client.post(AGAIN, {"credential": SoftKey(owner=key.owner).get(asked)})
    assert "did not work" in Page(answer).alerts()[0]
    before = client.session.session_key
    done = client.post(AGAIN, {"credential": key.get(options(answer)), "next": reverse("classes")})
    assert done["Location"] == reverse("classes") and client.session.session_key != before


def test_the_last_one_that_is_removed_has_to_be_made_again(visits: Visits, slt: User) -> None:
    client, _ = made(visits, slt, SoftKey())
    page = reverse("mfa_remove_webauthn", args=[Authenticator.objects.get(type="webauthn").pk])
    assert "Remove My telephone?" in Page(client.get(page)).words()
    assert client.post(page).status_code == 302
    assert list_second_steps(slt) == [], "codes on paper are none by themselves"
    assert client.get(reverse("meetings"))["Location"] == reverse("mfa_index")


def test_a_name_is_shown_as_text(visits: Visits, slt: User) -> None:
    key = SoftKey()
    client, _ = password_in(visits, slt)
    asked = options(client.get(ADD))
    client.post(ADD, {"name": "<script>alert(1)</script>", "credential": key.create(asked)})
    assert b"<script>alert" not in client.get(reverse("mfa_index")).content
