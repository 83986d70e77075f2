"""Unreviewed until a person ticks it, and again when the words change."""

import csv
import io

import pytest
from django.urls import reverse

from circletime.audit.models import Row
from circletime.core import sentences as kept
from circletime.core.errors import NotAllowed, Refused
from circletime.core.sentences import Sentence, sentences
from circletime.people.actions import review_translations, take_back_review
from circletime.people.models import TranslationReview
from circletime.people.queries import count_unreviewed
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World

pytestmark = pytest.mark.django_db


def one_of(code: str = "ur") -> Sentence:
    return next(one for one in sentences(code) if one.english == ("Class ID",))


def test_all_are_unreviewed_at_first(visits: Visits):
    page = Page(visits.by_role("office").get(reverse("languages")))
    total = len(sentences("ur"))
    assert total > 100 and f"{total} of {total}" in page.words()
    assert "reviewed by" not in page.words()


def test_a_tick_counts_for_these_words_only(visits: Visits, world: World, monkeypatch: pytest.MonkeyPatch):
    office, one = visits.by_role("office"), one_of()
    before, address = count_unreviewed("ur"), reverse("language-sentences", args=["ur"])
    shown = Page(office.get(address, {"show": "all"}))
    assert f"{one.key}:{one.said}" in shown.source or shown.source.count("sentence") > 40
    office.post(address, {"right": f"{one.key}:{one.said}"})
    assert count_unreviewed("ur") == before - 1
    assert count_unreviewed("ar") == len(sentences("ar")), "another language is another matter"
    row = TranslationReview.objects.get()
    assert (row.language, row.by) == ("ur", world.staff["office"])
    assert Row.objects.filter(kind="people.translation.reviewed", subject="language:ur").count() == 1
    changed = tuple(
        Sentence(each.context, each.english, ("کچھ اور",)) if each == one else each
        for each in sentences("ur")
    )
    for module in ("circletime.people.queries", "circletime.pages.views.languages"):
        monkeypatch.setattr(f"{module}.sentences", lambda code: changed)
    assert count_unreviewed("ur") == before, "other words are unreviewed again"
    last = Page(office.get(address, {"page": "99"})), Page(office.get(address))
    every = [Page(office.get(address, {"page": number})).words() for number in range(1, 6)]
    assert any("Changed since Mr Penrose ticked it" in words for words in every), last


def test_it_can_be_taken_back(visits: Visits):
    office, one = visits.by_role("office"), one_of()
    address = reverse("language-sentences", args=["ur"])
    before = count_unreviewed("ur")
    office.post(address, {"right": f"{one.key}:{one.said}"})
    office.post(address, {"back": one.key})
    assert count_unreviewed("ur") == before and not TranslationReview.objects.exists()


def test_a_whole_page_at_once(visits: Visits):
    office, address = visits.by_role("headteacher"), reverse("language-sentences", args=["pl"])
    before = count_unreviewed("pl")
    page = Page(office.get(address))
    shown = [each.get("value") for each in page.every if each.get("name") == "shown"]
    office.post(address, {"shown": shown, "all": "yes"})
    assert len(shown) == 40 and count_unreviewed("pl") == before - 40


@pytest.mark.parametrize("forged", ["x:y", "", ":", "' OR 1=1:1", "a" * 5000])
def test_what_was_not_shown_is_not_ticked(forged: str, visits: Visits):
    answer = visits.by_role("office").post(reverse("language-sentences", args=["ur"]), {"right": forged})
    assert answer.status_code == 409 and "changed meanwhile" in Page(answer).words()
    assert not TranslationReview.objects.exists()


def test_old_words_are_not_ticked_with_the_new(world: World):
    one = one_of()
    with pytest.raises(Refused, match="changed meanwhile"):
        review_translations(
            language="ur", read=[(one.key, "of yesterday")], by=world.staff["office"], now=world.now
        )


@pytest.mark.parametrize("role", ["teacher", "support", "slt", "dsl", "governor"])
def test_only_the_office_and_the_head_tick(role: str, world: World):
    one, who = one_of(), world.staff[role]
    with pytest.raises(NotAllowed):
        review_translations(language="ur", read=[(one.key, one.said)], by=who, now=world.now)
    with pytest.raises(NotAllowed):
        take_back_review(language="ur", sentence=one.key, by=who, now=world.now)


def test_the_file_for_a_translator(visits: Visits):
    answer = visits.by_role("office").get(reverse("language-csv", args=["ta"]))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == len(kept.sentences("ta"))
    assert {"Where", "English", "Tamil", "Reviewed by", "On"} == set(rows[0])
    assert any(row["English"] == "Class ID" and row["Tamil"] == "வகுப்பு அடையாளம்" for row in rows)
    assert {row["Reviewed by"] for row in rows} == {"unreviewed"}
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row.values())


@pytest.mark.parametrize("code", ["en", "xx", "../ur", "UR"])
def test_there_is_no_page_of_other_languages(code: str, visits: Visits):
    assert visits.by_role("office").get(f"/languages/{code}/").status_code == 404
    assert visits.by_role("office").get(f"/languages/{code}.csv").status_code == 404
