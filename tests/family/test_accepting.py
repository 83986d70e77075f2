"""The code of conduct on the household's page: which version, by whom, when (R1)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.documents.models import Acceptance, Version
from circletime.documents.rules.kinds import Kind
from tests.documents.papers import Papers
from tests.family.conftest import Home
from tests.web.page import Page
from tests.world import World


@pytest.fixture
def code(papers: Papers) -> Version:
    return papers.publish()


def accept(client: Client, version: Version, **typed: str) -> Any:
    return client.post(reverse("family-document", args=[version.public_id]), {"read": "yes"} | typed)


def due(client: Client) -> bool:
    return "Please read and accept" in Page(client.get(reverse("family-home"))).words()


def test_it_is_read_accepted_and_kept(world: World, home: Home, code: Version) -> None:
    adult = home.adult("Amara")
    client = home.by_code(adult)
    assert due(client)
    page = Page(client.get(reverse("family-document", args=[code.public_id])))
    assert "We listen to each other" in page.words() and "Kind words" in page.words()
    assert not Acceptance.objects.exists(), "reading is not accepting"
    assert accept(client, code).status_code == 302
    kept = Acceptance.objects.get()
    assert (kept.version, kept.adult, kept.household, kept.at) == (
        code,
        adult,
        home.household("Amara"),
        world.now,
    )
    assert kept.way == "page" and not due(client)
    assert (
        f"Version 1, Tuesday 24 November 2026, {adult.name}"
        in Page(client.get(reverse("family-home"))).words()
    )
    accept(client, code)
    assert Acceptance.objects.count() == 1


def test_without_the_tick_nothing_is_accepted(home: Home, code: Version) -> None:
    answer = accept(home.by_code(home.adult("Amara")), code, read="")
    assert answer.status_code == 400 and "Read it, then tick the box." in Page(answer).alerts()
    assert not Acceptance.objects.exists()


def test_of_two_adults_one_says_who_they_are(home: Home, code: Version) -> None:
    first, second = home.adult("Amara", 0), home.adult("Amara", 1)
    client = home.by_link("Amara")
    for wrong in ({}, {"adult": str(home.adult("Ben").pk)}, {"adult": "x"}):
        assert accept(client, code, **wrong).status_code == 400
    assert not Acceptance.objects.exists()
    assert accept(client, code, adult=str(second.pk)).status_code == 302
    assert Acceptance.objects.get().adult == second and Acceptance.objects.get().way == "link"
    assert first != second


def test_a_new_version_is_asked_for_again_and_the_old_one_is_not_taken(
    home: Home, papers: Papers, code: Version
) -> None:
    client = home.by_code(home.adult("Amara"))
    accept(client, code)
    newer = papers.publish(text="# How we meet\n\nWe listen, and we keep our cameras on for each other.\n")
    assert due(client)
    assert accept(client, code).status_code == 409
    assert accept(client, newer).status_code == 302 and not due(client)


def test_a_document_of_the_staff_is_not_there(papers: Papers, home: Home) -> None:
    version = papers.publish(Kind.STAFF_CODE)
    client = home.by_link("Amara")
    assert client.get(reverse("family-document", args=[version.public_id])).status_code == 404


def test_one_adult_of_two_households_accepts_for_both(home: Home, code: Version) -> None:
    adult = home.adult("Amara")
    adult.households.add(home.household("Ben"))
    client = home.by_code(adult)
    accept(client, code)
    assert Acceptance.objects.count() == 2 and not due(client)
