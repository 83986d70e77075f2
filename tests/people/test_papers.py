"""Families' links as the office makes them, and what it prints (T4, T11)."""

import re
from typing import Any

import pytest
from django.urls import reverse

from circletime.audit.models import Row
from circletime.people.models import Adult, FamilyLink, Household, Pupil, SchoolClass
from tests.people.conftest import page
from tests.web.page import Page
from tests.web.pdf import text_of
from tests.web.visits import Visits
from tests.world import World


def works(visits: Visits, token: str, address: str = "192.0.2.77") -> bool:
    return bool(visits.browser(address).get(reverse("family", args=[token])).status_code == 302)


def tokens_in(pdf: Any) -> list[str]:
    return re.findall(r"/f/([\w-]{43})", text_of(pdf.content).replace("\n", ""))


class TestLink:
    def test_it_is_shown_once_and_kept_nowhere(self, office: Any, family: Household, visits: Visits) -> None:
        answer = office.post(reverse("people-link", args=[family.pk]))
        token = Page(answer).by_id("link").get("value").rsplit("/", 1)[1]
        assert len(token) == 43 and "no-store" in answer["Cache-Control"]
        assert token not in office.get(page("household", family)).content.decode()
        assert token not in str(list(FamilyLink.objects.values()))
        assert not any(token in row.data + row.subject for row in Row.objects.all())
        assert "Not used yet" in Page(office.get(page("household", family))).words()
        assert works(visits, token)
        assert "Last used 24 November 2026" in Page(office.get(page("household", family))).words()

    def test_it_is_burned_alone_or_with_all_others(
        self, office: Any, family: Household, visits: Visits
    ) -> None:
        one, two, three = (visits.link_of(family) for _ in range(3))
        link = FamilyLink.objects.earliest("made_at", "pk")
        office.post(reverse("people-link-burn", args=[family.pk, link.pk]))
        assert sum(works(visits, each) for each in (one, two, three)) == 2
        office.post(page("household", family), {"verb": "burn"})
        assert not any(works(visits, each) for each in (one, two, three))
        assert Row.objects.filter(kind="people.family_links.burned").count() == 2

    def test_another_familys_link_is_not_burned_from_here(
        self, office: Any, family: Household, world: World, visits: Visits
    ) -> None:
        token = visits.link_of(world.pupil("Amara").households.get())
        link = FamilyLink.objects.get()
        assert office.post(reverse("people-link-burn", args=[family.pk, link.pk])).status_code == 404
        assert works(visits, token)

    def test_every_link_of_a_class_is_burned_and_no_others(
        self, office: Any, world: World, visits: Visits
    ) -> None:
        ash = SchoolClass.objects.get(name="Ash")
        own = [visits.link_of(each.households.get()) for each in Pupil.objects.filter(school_class=world.oak)]
        other = visits.link_of(Pupil.objects.filter(school_class=ash).earliest("pk").households.get())
        office.post(page("class", world.oak), {"verb": "burn"})
        assert not any(works(visits, each, f"192.0.2.{n}") for n, each in enumerate(own))
        assert works(visits, other)

    def test_with_one_bit_changed_it_is_nothing(self, family: Household, visits: Visits) -> None:
        token = visits.link_of(family)
        for index in range(0, len(token), 5):
            changed = token[:index] + chr(ord(token[index]) ^ 1) + token[index + 1 :]
            if "/" not in changed and changed.isascii() and changed.isprintable():
                answer = visits.browser(f"192.0.2.{index}").get("/f/" + changed)
                assert answer.status_code in (403, 404), changed


class TestLetters:
    def test_a_letter_has_a_link_that_works_and_names_its_children(
        self, office: Any, family: Household, ben: Pupil, visits: Visits
    ) -> None:
        answer = office.post(reverse("people-letter", args=[family.pk]))
        assert answer["Content-Type"] == "application/pdf" and "no-store" in answer["Cache-Control"]
        text = text_of(answer.content)
        assert "Ben, Oak" in text and ben.last_name not in text.replace(family.name, "", 2)
        (token,) = tokens_in(answer)
        assert works(visits, token)
        assert token not in str(list(FamilyLink.objects.values()))

    def test_for_a_class_there_is_one_for_each_family_that_has_no_address(
        self, office: Any, world: World, family: Household, visits: Visits
    ) -> None:
        letters = reverse("people-class-letters", args=[world.oak.pk])
        none = office.post(letters, {"whom": "none"})
        assert none.status_code == 409 and not FamilyLink.objects.exists()
        Adult.objects.filter(households=family).update(email="")
        (token,) = tokens_in(office.post(letters, {"whom": "none"}))
        assert works(visits, token) and FamilyLink.objects.get().household == family
        every = tokens_in(office.post(letters, {"whom": "all"}))
        assert len(set(every)) == 8 == Pupil.objects.filter(school_class=world.oak).count()


class TestCards:
    @pytest.mark.parametrize("role", ["office", "headteacher", "teacher"])
    def test_there_is_one_for_each_child(self, role: str, visits: Visits, world: World) -> None:
        answer = visits.by_role(role).get(reverse("cards", args=[world.oak.pk]))
        text = text_of(answer.content)
        assert answer["Content-Type"] == "application/pdf" and "no-store" in answer["Cache-Control"]
        assert text.count(world.oak.join_id) == text.count(world.oak.password) == 10
        assert not any(pupil.first_name in text for pupil in world.oak.pupil_set.all())

    @pytest.mark.parametrize("role", ["support", "teacher_ash", "slt", "dsl", "governor"])
    def test_nobody_else_prints_them(self, role: str, visits: Visits, world: World) -> None:
        client = visits.by_role(role)
        assert client.get(reverse("cards", args=[world.oak.pk])).status_code in (403, 404)
        assert client.get(reverse("cards-all")).status_code == 403

    def test_the_office_prints_every_class(self, office: Any, world: World) -> None:
        text = text_of(office.get(reverse("cards-all")).content)
        for each in SchoolClass.objects.all():
            assert text.count(each.join_id) == 10 and text.count(each.password) == 10
