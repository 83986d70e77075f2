"""Who has read a document and who has not; reminders to 420 families; paper slips (C4, R1)."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from circletime.core.errors import NotAllowed
from circletime.documents import readers, tasks
from circletime.documents.actions.remind import BATCH, remind_all, send_reminders
from circletime.documents.models import Acceptance, Reminder
from circletime.documents.rules.kinds import Audience, Kind, Way
from circletime.notices.models import Letter
from circletime.people.models import Adult, FamilyLink, Household
from tests.documents.papers import Papers
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World


def write_all(world: World) -> int:
    """The worker's rounds; answers how many it took."""
    rounds = 0
    while Reminder.objects.filter(done_at=None).exists():
        tasks.remind_readers(world.now)
        rounds += 1
    return rounds


def test_the_counts_are_of_families_and_people(world: World, papers: Papers) -> None:
    version = papers.publish(of=(Audience.HOUSEHOLDS, Audience.STAFF), gates=())
    homes, staff = Household.objects.count(), 7  # five with other roles, two teachers; the governor is none
    assert (readers.count(version).read, readers.count(version).of) == (0, homes + staff)
    papers.accept(version, household=papers.home("Amara"))
    papers.accept(version, user=world.teacher)
    assert readers.count(version).read == 2
    assert [part.title for part in readers.parts(version)] == ["Staff and governors", "Ash", "Oak"]
    assert [part.read for part in readers.parts(version)] == [1, 0, 1]


def test_a_household_without_a_child_here_is_not_asked(world: World, papers: Papers) -> None:
    version = papers.publish()
    before = readers.count(version).of
    Household.objects.create(name="Gone").adults.create(name="Ada Gone", email="a@b.example")
    assert readers.count(version).of == before
    assert "Ada Gone" not in [adult.name for adult in readers.waiting_people(version)[1]]


def test_a_household_whose_child_left_is_not_asked(world: World, papers: Papers) -> None:
    version = papers.publish()
    before = readers.count(version).of
    papers.home("Amara").pupils.update(left_at=world.now)
    assert readers.count(version).of == before - 1
    assert sum(len(part.readers) for part in readers.parts(version)) == before - 1


def test_one_press_reminds_everybody_once(world: World, papers: Papers) -> None:
    version = papers.publish()
    papers.accept(version, household=papers.home("Amara"))
    Adult.objects.filter(households=papers.home("Ben")).update(email="")
    waiting = Adult.objects.exclude(households=papers.home("Amara"))
    assert remind_all(version=version, by=papers.office, now=world.now) == waiting.count()
    assert remind_all(version=version, by=papers.office, now=world.now) == 0, (
        "they are being reminded already"
    )
    write_all(world)
    written = sorted(Letter.objects.values_list("to", flat=True))
    assert written == sorted(waiting.exclude(email="").values_list("email", flat=True))
    told = readers.progress(version)
    assert told is not None and (told.done, told.sent, told.running) == (waiting.count(), len(written), False)
    tasks.remind_readers(world.later(minutes=5))
    assert Letter.objects.count() == len(written)


def test_who_read_it_meanwhile_gets_no_letter(world: World, papers: Papers) -> None:
    version = papers.publish()
    remind_all(version=version, by=papers.office, now=world.now)
    for home in Household.objects.exclude(pk=papers.home("Ben").pk):
        papers.accept(version, household=home)
    write_all(world)
    assert set(Letter.objects.values_list("to", flat=True)) == set(
        Adult.objects.filter(households=papers.home("Ben")).values_list("email", flat=True)
    )


def test_a_letter_is_in_the_family_s_language_and_leads_by_a_link_of_its_own(
    world: World, papers: Papers
) -> None:
    Adult.objects.update(language="en")
    Adult.objects.filter(households=papers.home("Ben")).update(language="pl")
    version = papers.publish(due_on=world.now.date() + timedelta(days=9))
    remind_all(version=version, by=papers.office, now=world.now)
    write_all(world)
    letters = list(Letter.objects.all())
    places = {letter.text.split("{family-link:")[1].split("}")[0] for letter in letters}
    assert len(places) == FamilyLink.objects.count() <= len(letters)
    polish = Adult.objects.filter(households=papers.home("Ben")).values_list("email", flat=True)
    for letter in letters:
        whole = letter.subject + letter.text
        assert "/f/" not in whole and "password" not in whole.lower()
        assert (
            "3 grudnia 2026" if letter.to in polish else "Please do so by Thursday 3 December 2026"
        ) in whole
        for home in Household.objects.all():
            assert home.name not in whole


def test_only_who_looks_after_documents_reminds(world: World, papers: Papers) -> None:
    version = papers.publish()
    for who in ("teacher", "slt", "governor", "support"):
        with pytest.raises(NotAllowed):
            remind_all(version=version, by=world.staff[who], now=world.now)


def test_four_hundred_and_twenty_families(world: World, papers: Papers, visits: Visits) -> None:
    """One press, one page, and letters in small steps, so that nothing else waits for the database."""
    amara = world.pupil("Amara")
    homes = Household.objects.bulk_create(Household(name=f"Home {n}") for n in range(420))
    amara.households.add(*homes)
    adults = Adult.objects.bulk_create(
        Adult(name=f"Ada {n}", email=f"ada{n}@home.example") for n in range(len(homes))
    )
    theirs = Adult.households.through
    theirs.objects.bulk_create(
        theirs(adult=adult, household=home) for adult, home in zip(adults, homes, strict=True)
    )
    version = papers.publish()
    office = visits.by_role("office")
    address = reverse("policy-readers", args=[version.kind])
    office.post(reverse("policy-remind", args=[version.kind]))
    total = Reminder.objects.count()
    assert total >= 420
    send_reminders(by="test", now=world.now)
    page = office.get(address)
    assert f"Reminders: {BATCH} of {total} written" in Page(page).words()
    assert office.get(reverse("policy-progress", args=[version.kind])).json() == {
        "running": True,
        "done": BATCH,
        "of": total,
    }


def test_slips_are_noted_class_by_class(world: World, papers: Papers, visits: Visits) -> None:
    version = papers.publish()
    office, home = visits.by_role("office"), papers.home("Amara")
    address = reverse("policy-paper", args=[version.kind])
    assert office.post(address, {}).status_code == 400
    forged = [
        f"household-{home.pk}",
        "household-999999",
        "user-1",
        "household-x",
        "' or 1=1",
        "household-" + "9" * 40,
    ]
    assert office.post(address, {"slip": forged}).status_code == 302
    said = Acceptance.objects.get()
    assert (said.household, said.way, said.noted_by) == (home, Way.PAPER, papers.office)
    assert "noted by Mr Penrose" in Page(office.get(reverse("policy-readers", args=[version.kind]))).words()


def test_no_name_in_the_csv_becomes_a_formula(world: World, papers: Papers, visits: Visits) -> None:
    home = papers.home("Amara")
    home.name = '=HYPERLINK("https://elsewhere.example")'
    home.save()
    adult = home.adults.create(name="+cmd|calc")
    version = papers.publish()
    papers.accept(version, adult=adult, way=Way.LINK)
    text = visits.by_role("office").get(reverse("policy-readers-csv", args=[version.kind])).content.decode()
    assert "'=HYPERLINK" in text and "'+cmd" in text and '"=' not in text and '"+' not in text


def test_the_page_asks_the_database_as_often_for_many_as_for_few(
    world: World, papers: Papers, visits: Visits, django_assert_max_num_queries: Any
) -> None:
    version = papers.publish()
    for home in Household.objects.all():
        papers.accept(version, household=home)
    office = visits.by_role("office")
    with django_assert_max_num_queries(45):
        office.get(reverse("policy-readers", args=[version.kind]))


def test_governors_and_teachers_see_no_list_of_families(papers: Papers, visits: Visits) -> None:
    version = papers.publish(Kind.CONDUCT)
    for who in ("teacher", "governor", "slt", "support"):
        client = visits.by_role(who)
        for name in ("policy-readers", "policy-readers-csv"):
            assert client.get(reverse(name, args=[version.kind])).status_code == 403
        assert papers.home("Amara").name not in Page(client.get(reverse("policies"))).words()
