"""Families' pages in each language: nothing English is left over, and what an attacker typed stays text."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from circletime.core.catalogs import collect
from circletime.core.languages import TRANSLATED
from tests.languages.test_catalogs import AS_IT_IS, SCRIPTS
from tests.web.page import Page
from tests.web.school import School
from tests.web.visits import Visits
from tests.world import World

NAMES = {"Circletime", "Language", "Oak", "Amara", "Olivia", "Ben", "Zebedee"}
ENGLISH = re.compile(r"\b(the|your|you|and|please|with|this|that)\b", re.IGNORECASE)
"""Words of English that are none of Polish, Romanian, Somali, Portuguese and French."""
READ_ALOUD = ("aria-label", "title", "placeholder", "alt")


def said(page: Page) -> str:
    """All that is seen or read aloud, without scripts and without other languages' own names."""
    source = re.sub(r"<(script|style)\b.*?</\1>", "", page.source, flags=re.DOTALL)
    source = re.sub(r'<(span|button) [^>]*?lang="\w+".*?</\1>', "", source, flags=re.DOTALL)
    heard = " ".join(each.get(name) for each in page.every for name in READ_ALOUD)
    return re.sub(r"<[^>]*>", " ", source) + " " + heard


def left_over(page: Page, code: str) -> set[str]:
    words = said(page)
    if code in SCRIPTS:
        return set(re.findall(r"[A-Za-z]{2,}", words)) - NAMES - AS_IT_IS
    sentences = {one.id for one in collect().values() if isinstance(one.id, str) and " " in one.id}
    return {one for one in sentences if one in words} | set(ENGLISH.findall(words))


def pages(code: str, visits: Visits, world: World) -> Iterator[tuple[str, Page]]:
    """Every page a family comes to on its way in, and wrong turns on it."""

    def speaking(client: Client) -> Client:
        client.post(reverse("language"), {"language": code, "next": "/"})
        return client

    client = speaking(visits.browser())
    yield "languages", Page(client.get(reverse("language")))
    yield "class", Page(client.get(reverse("join")))
    yield "nothing typed", Page(client.post(reverse("join"), {}))
    yield "wrong", Page(visits.class_door(client, "nobody", "nothing"))
    yield "dead link", Page(client.get(reverse("family", args=["x" * 32])))
    yield "no such page", Page(client.get("/room/nothing"))
    visits.class_door(client)
    yield "no meeting", Page(client.get(reverse("join-name")))
    visits.planned()
    yield "not open", Page(client.get(reverse("join-name")))
    visits.open_meeting()
    yield "name", Page(client.get(reverse("join-name")))
    yield "no name", Page(visits.ask(client, ""))
    yield "no grown-up", Page(visits.ask(client, "Amara", grown_up=""))
    yield "not expected", Page(visits.ask(client, "Zebedee"))
    yield "two of a name", Page(visits.ask(client, "Olivia"))
    visits.waiting("Ben")
    here = speaking(visits.browser())
    visits.class_door(here)
    yield "here already", Page(visits.ask(here, "Ben"))
    answer = visits.ask(client, "Amara")
    yield "waiting", Page(client.get(answer["Location"]))
    strict = Client(enforce_csrf_checks=True, headers={"Accept-Language": code})
    yield "old form", Page(strict.post(reverse("join"), {}))
    guesser = speaking(visits.browser("192.0.2.77"))
    for _ in range(9):
        late = visits.class_door(guesser, "nobody", "nothing")
    assert late.status_code == 429
    yield "too often", Page(late)


@pytest.mark.django_db
@pytest.mark.parametrize("code", [one.code for one in TRANSLATED])
def test_nothing_english_is_left_on_the_way_in(code: str, visits: Visits, world: World):
    every = list(pages(code, visits, world))
    assert {name: found for name, page in every if (found := left_over(page, code))} == {}
    for _name, page in every:
        html = next(each for each in page.every if each.tag == "html")
        assert html.get("lang") == code and html.get("dir") == ("rtl" if code in ("ur", "ar") else "ltr")


@pytest.mark.django_db
def test_english_left_over_is_noticed(visits: Visits):
    """Or the test above could not fail."""
    page = Page(visits.browser().get(reverse("join")))
    assert left_over(page, "ta") and left_over(page, "pl")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["see", "take"])
@pytest.mark.parametrize("code", ["ur", "ta", "pl"])
def test_nor_on_the_pages_of_a_viewing(code: str, name: str, school: School, visits: Visits):
    client = visits.browser(headers={"Accept-Language": code})
    for address in (reverse(name, args=school.shown.arguments(name)), reverse(name, args=["x" * 40])):
        assert left_over(Page(client.get(address)), code) == set()


@pytest.mark.django_db
def test_a_refusal_in_the_room_is_in_the_family_s_language(visits: Visits, world: World):
    visits.open_meeting()
    client, seat = visits.waiting("Amara", visits.browser(headers={"Accept-Language": "pl"}))
    answer = client.post(
        reverse("room-command", args=[seat.public_id, "hand"]), {"up": True}, content_type="application/json"
    )
    assert answer.json()["error"]["message"] == "Rękę można podnieść, gdy spotkanie trwa."
