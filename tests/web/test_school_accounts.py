"""Sign-in with the school's own accounts, at a real provider: discovery, PKCE, signed tokens."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse

from circletime.audit.models import Row
from circletime.core.errors import NotAllowed
from circletime.pages import sign_in as pages
from circletime.people.actions.staff import switch_off
from circletime.people.models import User
from circletime.people.rules import check_school_account
from config import env
from tests.harness import wait_for
from tests.web.page import Page
from tests.web.soft_key import keep
from tests.web.visits import Visits
from tests.world import World

HERE = Path(__file__).resolve().parents[1] / "provider"
BEGIN, BACK = (reverse(f"openid_connect_{name}", args=["school"]) for name in ("login", "callback"))
OURS = "http://localhost:8000"
GOOD = {"email_verified": True}
PEOPLE = {
    "osei": {"email": "Osei@Larkfield.example", **GOOD},
    "osei-again": {"email": "osei@larkfield.example", **GOOD},
    "slt": {"email": "slt@larkfield.example", **GOOD},
    "unconfirmed": {"email": "osei@larkfield.example", "email_verified": False},
    "silent": {"email": "osei@larkfield.example"},
    "text": {"email": "osei@larkfield.example", "email_verified": "true"},
    "microsoft": {"email": "lark@larkfield.example", "xms_edov": True},
    "elsewhere": {"email": "osei@larkfield.example.evil.example", **GOOD},
    "unknown": {"email": "new@larkfield.example", **GOOD},
    "none": {},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """oidc-provider, which is certified for OpenID Connect, as a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if not (HERE / "node_modules").exists():
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    command = [shutil.which("node") or "node", "provider.mjs", str(port)]
    command += [json.dumps([OURS + BACK]), json.dumps(PEOPLE)]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            return httpx.get(f"{address}/.well-known/openid-configuration").status_code == 200

        def listens() -> bool:
            try:
                return answers()
            except httpx.HTTPError:
                return False

        wait_for(listens, 60, "the provider listens")
        yield address
        process.terminate()


@pytest.fixture
def school(settings: Any, provider: str) -> None:
    """The settings of a school that has an account at the provider."""
    own = frozenset({"larkfield.example"})
    apps = [
        {
            "provider_id": "school",
            "name": "the school's account",
            "client_id": "circletime",
            "secret": "s" * 32,
            "settings": {
                "server_url": provider,
                "oauth_pkce_enabled": True,
                "fetch_userinfo": True,
                "scope": ["openid", "email", "profile"],
            },
        }
    ]
    settings.SCHOOL_DOMAINS, settings.SCHOOL_SIGN_INS = own, apps
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps}}
    settings.SECURE_SSL_REDIRECT = False


def begin(client: Client, **more: Any) -> Any:
    return client.get(BEGIN, SERVER_NAME="localhost", SERVER_PORT="8000", **more)


def ask(client: Client, who: str, **more: Any) -> str:
    """Go to the provider and say who one is; answers the address that the provider leads back to."""
    away = begin(client, **more)
    assert away.status_code == 302, away.content.decode()
    with httpx.Client(follow_redirects=False) as browser:
        address = f"{away['Location']}&login_hint={who}"
        while not address.startswith(OURS):
            answer = browser.get(address)
            assert answer.status_code in (302, 303), answer.text
            address = str(answer.url.join(answer.headers["Location"]))
    return address


def come(client: Client, who: str, **more: Any) -> Any:
    """All the way there and back."""
    back = ask(client, who, **more)
    return client.get(back.removeprefix(OURS), SERVER_NAME="localhost", SERVER_PORT="8000")


def words(answer: Any) -> str:
    assert answer.status_code in (401, 403, 503)
    return " ".join(Page(answer).alerts())


def test_nothing_is_shown_where_nothing_is_configured(world: World, browser: Client) -> None:
    page = Page(browser.get(reverse("account_login")))
    assert not any("oidc" in address for address in page.addresses())
    assert browser.get(BEGIN).status_code == browser.get(BACK).status_code == 404


def test_the_sign_in_page_leads_there_by_way_of_our_own(
    school: None, provider: str, world: World, browser: Client
) -> None:
    page = Page(browser.get(f"{reverse('account_login')}?next=/classes/"))
    links = {each.text: each.get("href") for each in page.every if each.tag == "a"}
    assert links["Go on with the school's account"] == f"{BEGIN}?next=%2Fclasses%2F"
    assert provider not in page.source, "no other site is named on a page"


def test_what_is_asked_there(school: None, provider: str, world: World, browser: Client) -> None:
    away = begin(browser)
    parts = urlsplit(away["Location"])
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}" == provider
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["code_challenge"]) == 43 and len(asked["state"]) >= 16
    assert asked["redirect_uri"] == OURS + BACK and "s" * 32 not in away["Location"]


def test_a_colleague_is_signed_in_and_found_by_the_address_once(
    school: None, world: World, visits: Visits
) -> None:
    client = visits.browser()
    answer = come(client, "osei")
    assert answer["Location"] == reverse("meetings")
    assert "Mrs Osei" in Page(client.get(reverse("meetings"))).words()
    known = SocialAccount.objects.get()
    assert (known.user, known.provider, known.uid, known.extra_data) == (world.teacher, "school", "osei", {})
    row = Row.objects.get(kind="people.school_account.linked")
    assert (row.by, row.data) == (world.teacher.actor, '{"provider":"school"}')
    User.objects.filter(pk=world.teacher.pk).update(email="osei-new@larkfield.example")
    again = visits.browser()
    assert come(again, "osei")["Location"] == reverse("meetings"), "by the subject, whatever the address is"
    assert Row.objects.filter(kind="people.school_account.linked").count() == 1


def test_it_leads_on_to_the_page_that_was_asked_for(school: None, world: World, browser: Client) -> None:
    assert come(browser, "osei", data={"next": reverse("classes")})["Location"] == reverse("classes")


def test_an_address_that_was_given_to_somebody_else_opens_nothing(
    school: None, world: World, visits: Visits
) -> None:
    come(visits.browser(), "osei")
    client = visits.browser()
    assert "belongs to another account" in words(come(client, "osei-again"))
    assert client.get(reverse("meetings")).status_code == 302
    keep(world.teacher)
    pages.reset(user=world.teacher, by=world.staff["headteacher"], now=world.now)
    assert come(client, "osei-again").status_code == 302, "after a leader took the old one away"


@pytest.mark.parametrize(
    "who, said",
    [
        ("unconfirmed", "not confirmed"),
        ("silent", "not confirmed"),
        ("text", "not confirmed"),
        ("elsewhere", "not one of the school's own"),
        ("none", "not one of the school's own"),
        ("unknown", "no account here"),
    ],
)
def test_who_is_not_of_the_school_gets_nowhere(
    who: str, said: str, school: None, world: World, visits: Visits
) -> None:
    client, before = visits.browser(), User.objects.count()
    assert said in words(come(client, who))
    assert client.get(reverse("meetings")).status_code == 302
    assert User.objects.count() == before and not SocialAccount.objects.exists()


def test_microsofts_own_word_for_a_confirmed_address_counts(
    school: None, world: World, browser: Client
) -> None:
    assert come(browser, "microsoft").status_code == 302
    assert SocialAccount.objects.get().user == world.stranger


def test_who_left_is_out_at_once_and_does_not_come_back(school: None, world: World, visits: Visits) -> None:
    client = visits.browser()
    come(client, "osei")
    assert client.get(reverse("meetings")).status_code == 200
    switch_off(user=world.teacher, by=world.staff["headteacher"], now=world.now)
    assert client.get(reverse("meetings")).status_code == 302, "the session that was open"
    assert "no account here" in words(come(visits.browser(), "osei"))


def test_a_leader_shows_the_second_step_all_the_same(school: None, world: World, visits: Visits) -> None:
    client = visits.browser()
    assert come(client, "slt").status_code == 302
    assert client.get(reverse("recordings"))["Location"] == reverse("mfa_index")
    keep(world.staff["slt"])
    again = visits.browser()
    assert come(again, "slt")["Location"] == reverse("mfa_authenticate")
    assert again.get(reverse("recordings")).status_code == 302


def test_who_calls_it_off_is_told_so(school: None, world: World, browser: Client) -> None:
    assert "called it off" in words(come(browser, "nobody"))


def test_an_answer_is_for_the_browser_that_asked_and_for_once(
    school: None, world: World, visits: Visits
) -> None:
    mine, theirs = visits.browser(), visits.browser()
    back = ask(mine, "osei").removeprefix(OURS)
    begin(theirs)
    assert "did not work" in words(theirs.get(back, SERVER_NAME="localhost", SERVER_PORT="8000"))
    assert theirs.get(reverse("meetings")).status_code == 302
    assert mine.get(back, SERVER_NAME="localhost", SERVER_PORT="8000").status_code == 302
    again = mine.get(back, SERVER_NAME="localhost", SERVER_PORT="8000")
    assert again.status_code == 401


@pytest.mark.parametrize("broken", ["signature", "audience", "issuer", "verifier"])
def test_a_token_that_does_not_hold_opens_nothing(
    broken: str, school: None, world: World, browser: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    from circletime.pages.school_accounts import Provider

    back = ask(browser, "osei").removeprefix(OURS)
    real = Provider.get_access_token_data
    config: Any = Provider.openid_config

    def tampered(self: Any, request: Any, app: Any, client: Any, pkce_code_verifier: Any = None) -> Any:
        verifier = "x" * 43 if broken == "verifier" else pkce_code_verifier
        data = real(self, request, app, client, pkce_code_verifier=verifier)
        head, body, signature = data["id_token"].split(".")
        if broken == "signature":
            data["id_token"] = f"{head}.{body}.{signature[:-8]}AAAAAAAA"
        return data

    monkeypatch.setattr(Provider, "get_access_token_data", tampered)
    if broken == "issuer":
        other = property(lambda self: config.fget(self) | {"issuer": "https://evil.example"})
        monkeypatch.setattr(Provider, "openid_config", other)
    if broken == "audience":
        decode = Provider._decode_id_token

        def as_another(self: Any, app: Any, id_token: str) -> Any:
            app.client_id = "another"
            return decode(self, app, id_token)

        monkeypatch.setattr(Provider, "_decode_id_token", as_another)
    answer = browser.get(back, SERVER_NAME="localhost", SERVER_PORT="8000")
    assert "did not work" in words(answer)
    assert browser.get(reverse("meetings")).status_code == 302 and not SocialAccount.objects.exists()


def test_a_provider_that_is_away_is_said(school: None, world: World, browser: Client, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = (
        "http://127.0.0.1:9"
    )
    assert "did not work" in words(begin(browser))


def test_another_site_begins_nothing(school: None, world: World, browser: Client) -> None:
    for site in ("cross-site", "same-site"):
        answer = begin(browser, headers={"Sec-Fetch-Site": site})
        assert answer["Location"] == reverse("account_login")
    assert begin(browser, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302


def test_nobody_adds_an_account_elsewhere_to_one_here(school: None, world: World, visits: Visits) -> None:
    """allauth's way of connecting accounts is shut, however it is asked for."""
    client = visits.by_role("office")
    come(client, "osei", data={"process": "connect", "scope": "everything", "auth_params": "prompt=none"})
    assert not SocialAccount.objects.filter(user=world.staff["office"]).exists()
    assert "Mrs Osei" in Page(client.get(reverse("meetings"))).words(), "it is whoever the provider said"


@pytest.mark.parametrize(
    "email, verified, good",
    [
        ("a@larkfield.example", True, True),
        ("a@larkfield.example", False, False),
        ("a@evil.example", True, False),
        ("a@sub.larkfield.example", True, False),
        ("a@evil.example@larkfield.example", True, False),
        ("larkfield.example", True, False),
        ("", True, False),
    ],
)
def test_whose_address_it_is(email: str, verified: bool, good: bool) -> None:
    domains = frozenset({"larkfield.example"})
    if good:
        assert check_school_account(email.upper(), domains, verified=verified) == email
        return
    with pytest.raises(NotAllowed):
        check_school_account(email, domains, verified=verified)


class TestSettings:
    """A setting that cannot work is refused at the start, with a sentence."""

    @pytest.fixture(autouse=True)
    def clean(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        self.set = lambda **values: [monkeypatch.setenv(f"CIRCLETIME_OIDC_{k}", v) for k, v in values.items()]

    OWN = frozenset({"larkfield.example"})

    def test_nothing_is_nothing(self) -> None:
        assert (
            env.sign_in_providers(frozenset()) == [] and env.domains("CIRCLETIME_OIDC_DOMAINS") == frozenset()
        )

    def test_all_three(self) -> None:
        tenant = "01234567-89AB-cdef-0123-456789abcdef"
        self.set(GOOGLE_ID="g", GOOGLE_SECRET="s", MICROSOFT_ID="m", MICROSOFT_SECRET="s")
        self.set(
            MICROSOFT_TENANT=tenant, URL="https://id.larkfield.example/", ID="i", SECRET="s", NAME="Lark"
        )
        found = {each["provider_id"]: each for each in env.sign_in_providers(self.OWN)}
        assert {key: each["name"] for key, each in found.items()} == {
            "google": "Google",
            "microsoft": "Microsoft",
            "school": "Lark",
        }
        urls = {key: each["settings"]["server_url"] for key, each in found.items()}
        assert urls["google"] == "https://accounts.google.com"
        assert urls["microsoft"] == f"https://login.microsoftonline.com/{tenant.lower()}/v2.0"
        assert urls["school"] == "https://id.larkfield.example"
        assert all(each["settings"]["oauth_pkce_enabled"] for each in found.values())

    @pytest.mark.parametrize(
        "values, said",
        [
            (
                {"GOOGLE_ID": "g"},
                "CIRCLETIME_OIDC_GOOGLE_ID is set, and CIRCLETIME_OIDC_GOOGLE_SECRET is not",
            ),
            ({"SECRET": "s"}, "CIRCLETIME_OIDC_SECRET is set, and CIRCLETIME_OIDC_ID is not"),
            ({"URL": "https://id.example"}, "CIRCLETIME_OIDC_URL is set"),
            ({"URL": "http://id.example", "ID": "i", "SECRET": "s"}, "must begin with https://"),
            ({"ID": "i", "SECRET": "s"}, "must begin with https://"),
            ({"MICROSOFT_ID": "m", "MICROSOFT_SECRET": "s"}, "CIRCLETIME_OIDC_MICROSOFT_TENANT"),
            (
                {"MICROSOFT_ID": "m", "MICROSOFT_SECRET": "s", "MICROSOFT_TENANT": "common"},
                "'common'; it must be the directory's own ID",
            ),
        ],
    )
    def test_what_is_wrong_is_named(self, values: dict[str, str], said: str) -> None:
        self.set(**values)
        with pytest.raises(env.BadSetting, match=re.escape(said)):
            env.sign_in_providers(self.OWN)

    def test_without_the_schools_domains_nobody_could_be_told_apart(self) -> None:
        self.set(GOOGLE_ID="g", GOOGLE_SECRET="s")
        with pytest.raises(env.BadSetting, match="CIRCLETIME_OIDC_DOMAINS is not set"):
            env.sign_in_providers(frozenset())

    @pytest.mark.parametrize("wrong", ["a@larkfield.example", "larkfield", "*.example", "https://x.example"])
    def test_a_domain_is_a_domain(self, wrong: str) -> None:
        self.set(DOMAINS=f"larkfield.example, {wrong}")
        with pytest.raises(env.BadSetting, match="name domains"):
            env.domains("CIRCLETIME_OIDC_DOMAINS")
