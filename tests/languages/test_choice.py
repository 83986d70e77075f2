"""Which language a page speaks, and to whom."""

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from circletime.core.languages import LANGUAGES, choose, known
from circletime.core.words import day, day_and_year, speaking, spoken
from circletime.people.models import Adult
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World

CODES = "en pl ro ur pa bn so ar gu pt ta fr".split()


def test_these_are_the_languages():
    assert sorted(LANGUAGES) == sorted(CODES)
    assert {code for code, one in LANGUAGES.items() if one.right_to_left} == {"ur", "ar"}


@pytest.mark.parametrize(
    ("chosen", "home", "browser", "spoken_then"),
    [
        ("pl", ["ur"], ["fr"], "pl"),
        ("en", ["ur"], ["fr"], "en"),
        ("", ["ur"], ["fr"], "ur"),
        ("", ["ur", "pl"], ["fr", "pl-PL"], "pl"),
        ("", ["ur", "en"], ["en-GB"], "en"),
        ("", ["en"], ["ro-RO"], "ro"),
        ("", [], ["xx", "pt-BR"], "pt"),
        ("", [], ["pa-Arab", "ur"], "ur"),
        ("", [], ["de"], "en"),
        ("<script>", ["../../etc"], ["*"], "en"),
        ("", [], [], "en"),
    ],
)
def test_the_order(chosen: str, home: list[str], browser: list[str], spoken_then: str):
    assert choose(chosen=chosen, home=home, browser=browser) == spoken_then


def test_what_is_no_language_of_ours_is_english():
    assert known("xx") == known("") == known("../pl") == ""
    with speaking("xx") as one:
        assert one.code == spoken().code == "en"


def html(client: Client, address: str, **options: str) -> tuple[str, str]:
    found = re.search(r'<html lang="([\w-]+)" dir="(\w+)"', client.get(address, **options).content.decode())
    assert found
    return found[1], found[2]


@pytest.mark.django_db
@pytest.mark.parametrize("code", CODES)
def test_it_is_chosen_without_a_script_and_kept(code: str, visits: Visits):
    client = visits.browser()
    leads = [each for each in Page(client.get(reverse("join"))).addresses() if "next=" in each]
    assert leads == [f"{reverse('language')}?next={reverse('join')}"]
    page = Page(client.get(leads[0]))
    assert page.value("next") == reverse("join")
    buttons = {
        e.get("value"): e.text for e in page.every if e.tag == "button" and e.get("name") == "language"
    }
    assert buttons == {one.code: one.own_name for one in LANGUAGES.values()}
    answer = client.post(reverse("language"), {"language": code, "next": reverse("join")})
    assert (answer.status_code, answer["Location"]) == (302, reverse("join"))
    wanted = ("en-gb" if code == "en" else code, LANGUAGES[code].direction)
    assert html(client, reverse("join"), HTTP_ACCEPT_LANGUAGE="fr,de;q=0.5") == wanted
    assert client.get(reverse("join"))["Content-Language"] == code


@pytest.mark.django_db
@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example", "", "/\\e.x"],
)
def test_the_switcher_leads_nowhere_else(elsewhere: str, visits: Visits):
    assert Page(visits.browser().get(reverse("language"), {"next": elsewhere})).value("next") == reverse(
        "join"
    )
    answer = visits.browser().post(reverse("language"), {"language": "pl", "next": elsewhere})
    assert answer["Location"] == reverse("join")


@pytest.mark.django_db
def test_another_site_cannot_choose(visits: Visits):
    strict = visits.browser(enforce_csrf_checks=True)
    assert strict.post(reverse("language"), {"language": "pl", "next": "/join/"}).status_code == 403
    strict.get(reverse("language"), {"language": "pl", "next": "/join/"})
    assert html(strict, reverse("join"))[0] == "en-gb"


@pytest.mark.django_db
def test_a_family_is_spoken_to_as_its_adults_are(visits: Visits, world: World):
    household = visits.family_of(world.pupil("Ben"))
    Adult.objects.filter(households=household).update(language="ur")
    visits.open_meeting()
    client = visits.browser()
    client.get(reverse("family", args=[visits.link_of(household)]), HTTP_ACCEPT_LANGUAGE="fr")
    assert html(client, reverse("join-name"), HTTP_ACCEPT_LANGUAGE="fr") == ("ur", "rtl")
    client.post(reverse("language"), {"language": "en", "next": "/"})
    assert html(client, reverse("join-name")) == ("en-gb", "ltr"), "what they chose counts more"


@pytest.mark.django_db
def test_staff_read_english(visits: Visits):
    for client, address in (
        (visits.browser(), "/accounts/login/"),
        (visits.by_role("teacher"), reverse("meetings")),
        (visits.by_role("teacher"), reverse("join")),
    ):
        assert html(client, address, HTTP_ACCEPT_LANGUAGE="pl") == ("en-gb", "ltr")


def test_days_have_their_names():
    when = date(2026, 12, 3)
    with speaking("en"):
        assert (day(when), day_and_year(when)) == ("Thursday 3 December", "Thursday 3 December 2026")
    said = {}
    for code in CODES[1:]:
        with speaking(code):
            said[code] = day(when)
            assert "3" in said[code] and "2026" in said[code], "the same digits as on every clock here"
            assert "December" not in said[code] and "Thursday" not in said[code]
    assert "grudnia" in said["pl"] and "دسمبر" in said["ur"] and "décembre" in said["fr"]
