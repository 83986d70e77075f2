"""Families' links as the office makes them, and what it prints (T4, T11)."""

import re
from typing import Any

import pytest
import segno
from django.conf import settings
from django.urls import reverse

from circletime.audit.models import Row
from circletime.core.languages import TRANSLATED
from circletime.core.sentences import sentences
from circletime.core.words import _, day_and_year, speaking
from circletime.people.actions import note_restriction, review_translations
from circletime.people.links import FAMILY_LINK_LASTS
from circletime.people.models import Adult, FamilyLink, Household, Pupil, SchoolClass
from circletime.people.queries import get_school
from tests.people.conftest import page
from tests.web.page import Element, Page
from tests.web.pdf import text_of
from tests.web.visits import Visits
from tests.world import World


def works(visits: Visits, token: str, address: str = "192.0.2.77") -> bool:
    return bool(visits.browser(address).get(reverse("family", args=[token])).status_code == 302)


def sheets_in(answer: Any) -> list[Element]:
    """The letters of a page, each as it is printed."""
    return [each for each in Page(answer).every if each.tag == "article" and each.get("class") == "sheet"]


def tokens_in(answer: Any) -> list[str]:
    return [token for sheet in sheets_in(answer) for token in re.findall(r"/f/([\w-]{43})\b", sheet.text)]


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
    @pytest.fixture(autouse=True)
    def one_language(self, world: World) -> None:
        """So that each household has one sheet."""
        Adult.objects.update(language="en")

    def test_a_letter_has_a_link_that_works_and_names_its_children(
        self, office: Any, family: Household, ben: Pupil, visits: Visits
    ) -> None:
        answer = office.post(reverse("people-letter", args=[family.pk]))
        (sheet,) = sheets_in(answer)
        names = family.adults.values_list("name", flat=True)
        assert "Ben, Oak" in sheet.text and all(name in sheet.text for name in names)
        left = sheet.text
        for name in names:
            left = left.replace(name, "")
        assert ben.last_name not in left
        (token,) = tokens_in(answer)
        assert works(visits, token)

    def test_the_code_is_the_address_beside_it_and_has_a_name(self, office: Any, family: Household) -> None:
        answer = office.post(reverse("people-letter", args=[family.pk]))
        (code,) = (each for each in sheets_in(answer)[0].inside if each.get("role") == "img")
        assert code.get("aria-label") == "Your family's own link, as a code to be photographed"
        (token,) = tokens_in(answer)
        address = settings.PUBLIC_URL + reverse("family", args=[token])
        drawn = segno.make(address, error="m", micro=False).svg_inline(border=2, omitsize=True)
        lines = [each.get("d") for each in code.inside if each.tag == "path"]
        assert len(lines) == 1 and lines[0] in drawn
        (svg,) = (each for each in code.inside if each.tag == "svg")
        assert "viewbox" in svg.attributes and "style" not in svg.attributes

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

    def test_a_token_stands_on_the_sheet_and_nowhere_else(
        self, office: Any, family: Household, world: World
    ) -> None:
        for address, sent in (
            (reverse("people-letter", args=[family.pk]), {}),
            (reverse("people-class-letters", args=[world.oak.pk]), {"whom": "all"}),
        ):
            answer = office.post(address, sent)
            assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
            shown = Page(answer)
            for token in tokens_in(answer):
                assert shown.source.count(token) == 1
                assert not any(token in value for each in shown.every for value in each.attributes.values())
                assert token not in str(answer.headers) + address
                assert not any(token in row.data + row.subject for row in Row.objects.all())
                assert token not in str(list(FamilyLink.objects.values()))
            made = FamilyLink.objects.count()
            assert office.get(address).status_code == 405 and FamilyLink.objects.count() == made

    def test_loaded_again_there_are_new_ones_and_the_old_go_on_working(
        self, office: Any, family: Household, visits: Visits
    ) -> None:
        letter = reverse("people-letter", args=[family.pk])
        tokens = tokens_in(office.post(letter)) + tokens_in(office.post(letter))
        assert len(set(tokens)) == 2 and all(works(visits, token) for token in tokens)
        bar = Page(office.post(letter)).words()
        assert "Loading this page again makes new ones; those on letters printed before go on working" in bar

    def test_the_bar_is_for_the_screen_and_its_button_needs_no_script_in_the_page(
        self, office: Any, family: Household
    ) -> None:
        shown = Page(office.post(reverse("people-letter", args=[family.pk])))
        (bar,) = (each for each in shown.every if "no-print" in each.get("class") and each.tag == "section")
        assert any("data-print" in each.attributes for each in bar.inside)
        assert "1 letter for 1 household" in bar.text and "1 in English." in " ".join(bar.text.split())
        scripts = [each for each in shown.every if each.tag == "script"]
        assert scripts and all(each.get("src") and not each.text for each in scripts)
        assert not any("style" in each.attributes or each.tag == "style" for each in shown.every)

    def test_what_somebody_is_called_stays_text(self, office: Any, family: Household, ben: Pupil) -> None:
        family.adults.update(name="<i>Ada</i>")
        Pupil.objects.filter(pk=ben.pk).update(first_name="<b>Ben</b>")
        answer = office.post(reverse("people-letter", args=[family.pk]))
        (sheet,) = sheets_in(answer)
        assert "<i>Ada</i>" in sheet.text and "<b>Ben</b>" in sheet.text


class TestALettersLanguage:
    """Each adult is written to in the language that they read."""

    @pytest.fixture
    def home(self, family: Household) -> Household:
        """A household with no adult yet."""
        family.adults.all().delete()
        return family

    @staticmethod
    def adult(home: Household, name: str, language: str) -> Adult:
        made = Adult.objects.create(name=name, language=language, email="")
        made.households.add(home)
        return made

    def test_an_english_household_sees_english(self, office: Any, home: Household) -> None:
        self.adult(home, "Ada Farrow", "en")
        self.adult(home, "Bo Farrow", "klingon")
        answer = office.post(reverse("people-letter", args=[home.pk]))
        (sheet,) = sheets_in(answer)
        assert (sheet.get("lang"), sheet.get("dir")) == ("en", "ltr")
        assert "Dear Ada Farrow and Bo Farrow," in sheet.text
        assert "It works until Wednesday 24 March 2027, and for your children only." in sheet.text
        assert "by a machine" not in Page(answer).words()

    def test_in_urdu_it_is_written_from_the_right_and_nothing_english_is_left(
        self, office: Any, home: Household, world: World
    ) -> None:
        self.adult(home, "سلمیٰ خان", "ur")
        (sheet,) = sheets_in(office.post(reverse("people-letter", args=[home.pk])))
        assert (sheet.get("lang"), sheet.get("dir")) == ("ur", "rtl")
        assert "محترم/محترمہ سلمیٰ خان،" in sheet.text
        with speaking("ur"):
            assert day_and_year(world.now + FAMILY_LINK_LASTS) in sheet.text
        (link,) = (each for each in sheet.inside if each.get("class") == "link")
        assert link.get("dir") == "ltr", "an address is read from the left in every language"
        heard = " ".join(each.get("aria-label") for each in sheet.inside)
        said = sheet.text.replace(link.text, "").replace(get_school().name, "").replace("Ben, Oak", "")
        assert not re.search("[A-Za-z]{2,}", said + heard)

    @pytest.mark.parametrize("code", [one.code for one in TRANSLATED])
    def test_it_is_there_in_every_language(self, code: str, office: Any, home: Household) -> None:
        self.adult(home, "Ada", code)
        (sheet,) = sheets_in(office.post(reverse("people-letter", args=[home.pk])))
        with speaking(code) as language:
            assert (sheet.get("lang"), sheet.get("dir")) == (code, language.direction)
            for one in ("Open the address that it shows.", "Or type this address:", "Yours sincerely,"):
                assert _(one) in sheet.text and _(one) != one

    def test_two_languages_are_two_sheets_with_one_link(
        self, office: Any, home: Household, visits: Visits
    ) -> None:
        for name, language in (("Ada", "pl"), ("Bo", "en"), ("Cy", "pl")):
            self.adult(home, name, language)
        answer = office.post(reverse("people-letter", args=[home.pk]))
        polish, english = sheets_in(answer)
        assert polish.get("lang") == "pl" and "Szanowni Państwo (Ada i Cy)," in polish.text
        assert english.get("lang") == "en" and "Dear Bo," in english.text
        assert "Ada" not in english.text and "Bo" not in polish.text
        first, second = tokens_in(answer)
        assert first == second and works(visits, first) and FamilyLink.objects.count() == 1
        words = Page(answer).words()
        assert "2 letters for 1 household" in words and "1 in English, 1 in Polish." in words

    def test_whom_a_restriction_names_gets_none_and_their_language_no_sheet(
        self, office: Any, home: Household, ben: Pupil, world: World
    ) -> None:
        self.adult(home, "Ada", "en")
        barred = self.adult(home, "Zed", "ur")
        note_restriction(
            pupil=ben,
            adult=barred,
            what="No contact, by order of the court",
            since=world.now.date(),
            by=world.staff["dsl"],
            now=world.now,
        )
        answer = office.post(reverse("people-letter", args=[home.pk]))
        (sheet,) = sheets_in(answer)
        assert sheet.get("lang") == "en" and "Zed" not in answer.content.decode()

    def test_staff_see_on_the_screen_alone_that_nobody_has_reviewed_it(
        self, office: Any, home: Household, world: World
    ) -> None:
        self.adult(home, "Ada", "ur")
        self.adult(home, "Bo", "ta")
        letter = reverse("people-letter", args=[home.pk])
        shown = Page(office.post(letter))
        said = [each for each in shown.every if "by a machine" in each.text and each.tag == "p"]
        assert [each.text.split(" was ")[0] for each in said] == [
            "The translation into Urdu",
            "The translation into Tamil",
        ]
        assert all("no-print" in each.get("class") for each in said)
        assert not any("machine" in each.text for each in shown.every if each.tag == "article")
        read = [(one.key, one.said) for one in sentences("ur")]
        review_translations(language="ur", read=read, by=world.staff["office"], now=world.now)
        words = Page(office.post(letter)).words()
        assert "translation into Urdu" not in words and "translation into Tamil" in words


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
