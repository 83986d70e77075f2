"""Staff see that a letter was translated by a machine, until a person has found its language right."""

import pytest
from django.urls import reverse

from circletime.access.models import Case
from circletime.access.models import Letter as CaseLetter
from circletime.core.sentences import sentences
from circletime.notices.models import Letter
from circletime.people.actions import review_translations, take_back_review
from circletime.people.models import Adult
from tests.dispatch.conftest import family, only, plan
from tests.web.page import Page
from tests.web.test_requests import logged
from tests.web.visits import Visits
from tests.world import World

pytestmark = pytest.mark.django_db
SAID = "The translation into Urdu was made by a machine"


def review(world: World) -> None:
    read = [(one.key, one.said) for one in sentences("ur")]
    review_translations(language="ur", read=read, by=world.staff["office"], now=world.now)


def test_a_letter_and_its_row_say_so_until_all_is_reviewed(world: World, visits: Visits) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    family(ben, Bruno="bruno@home.example")
    Adult.objects.filter(email="ada@home.example").update(language="ur")
    plan(world)
    urdu, english = (Letter.objects.get(to=f"{who}@home.example") for who in ("ada", "bruno"))
    office, leader = visits.by_role("office"), visits.by_role("slt")
    pages = [reverse("letter", args=[urdu.public_id]), f"{reverse('dispatch')}?day=2026-11-25"]
    letter, day = (Page(office.get(page)) for page in pages)
    assert SAID in letter.words() and reverse("language-sentences", args=["ur"]) in letter.source
    assert day.words().count("Urdu, not reviewed") == 1
    assert SAID in (seen := Page(leader.get(pages[0]))).words() and "Review it" not in seen.words()
    assert "by a machine" not in Page(office.get(reverse("letter", args=[english.public_id]))).words()
    for text in (urdu.subject, urdu.text, urdu.html, urdu.calendar):
        assert "reviewed" not in text and "machine" not in text, "the family reads nothing of it"
    review(world)
    letter, day = (Page(office.get(page)) for page in pages)
    assert "by a machine" not in letter.words() and "not reviewed" not in day.words()
    take_back_review(language="ur", sentence=sentences("ur")[0].key, by=world.staff["office"], now=world.now)
    assert SAID in Page(office.get(pages[0])).words()


def test_a_letter_of_a_request_says_so(world: World, visits: Visits) -> None:
    case: Case = logged(world)
    letter = CaseLetter.objects.create(
        case=case, at=world.now, kind="invited", language="ur", subject="Oak: …", text="…"
    )
    leader = visits.by_role("slt")
    address = reverse("request-letter", args=[case.public_id, letter.pk])
    assert SAID in Page(leader.get(address)).words()
    CaseLetter.objects.update(text="")
    assert SAID not in Page(leader.get(address)).words(), "there is nothing to read any more"
    CaseLetter.objects.update(text="…")
    review(world)
    assert SAID not in Page(leader.get(address)).words()
