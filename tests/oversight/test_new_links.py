"""A link that was made public is burned, and each adult reads where the new one is: by a letter (T11)."""

from typing import Any

import pytest

from circletime.access.actions import stopping
from circletime.dispatch.actions.burning import burn_links
from circletime.dispatch.queries.reach import may_go
from circletime.notices import tasks
from circletime.notices.models import Letter
from circletime.oversight.actions.leaks import burn_and_reissue
from circletime.oversight.models import Leak
from circletime.people import links
from circletime.people.families import by_link
from circletime.people.models import Adult, FamilyLink, Household, Pupil
from circletime.people.queries import get_school, token_hash
from tests.dispatch.conftest import family, office, only
from tests.dispatch.test_telling import TOKEN, html_of, text_of
from tests.web.post_office import PostOffice
from tests.world import World, family_link

__all__ = ["office"]


@pytest.fixture
def home(world: World) -> Household:
    """Two adults, who read Urdu and Polish, with children in two classes."""
    (amara,) = only(world, "Amara")
    made = family(amara, Ada="ada@home.example", Bruno="bruno@home.example")
    Adult.objects.filter(email="ada@home.example").update(language="ur")
    Adult.objects.filter(email="bruno@home.example").update(language="pl")
    family_link(made, world.now)
    return made


def burned(world: World, home: Household) -> Leak:
    leak = Leak.objects.create(
        network="facebook",
        sort="social",
        place="link",
        link=FamilyLink.objects.get(household=home, burned_at=None),
        alarm=True,
        first_at=world.now,
        last_at=world.now,
    )
    return burn_and_reissue(leak=leak, by=world.staff["dsl"], now=world.now)


def restrict(world: World, **whom: Any) -> Any:
    return stopping.note_restriction(
        pupil=world.pupil("Amara"),
        what="An order",
        since=world.now.date(),
        by=world.staff["dsl"],
        now=world.now,
        **whom,
    )


def alive(home: Household) -> int:
    return FamilyLink.objects.filter(household=home, burned_at=None).count()


def test_the_outbox_never_holds_it_and_what_is_sent_does(
    world: World, home: Household, office: PostOffice
) -> None:
    leak = burned(world, home)
    assert "mailed to 2 of" in leak.note
    tokens = [links.token_of(name) for name in FamilyLink.objects.values_list("pk", flat=True)]
    for row in (*Letter.objects.values(), *FamilyLink.objects.values()):
        assert not [token for token in tokens if token in str(row)] and "/f/" not in str(row)
    tasks.send_due(world.now, may_go)
    opened = set()
    for mail in office.came:
        (token,) = set(TOKEN.findall(text_of(mail)))
        assert set(TOKEN.findall(html_of(mail))) == {token}
        assert (found := by_link(token_hash(token), world.now)) and found.households == (home,)
        opened.add(token)
    assert len(opened) == 2, "each adult has their own"
    assert not [token for token in opened for row in Letter.objects.values() if token in str(row)]


def test_each_adult_reads_it_in_their_own_language(world: World, home: Household, office: PostOffice) -> None:
    ash = Pupil.objects.exclude(school_class=world.oak).earliest("pk")
    ash.households.set([home])
    burned(world, home)
    urdu, polish = (Letter.objects.get(to=f"{who}@home.example") for who in ("ada", "bruno"))
    assert (urdu.language, polish.language) == ("ur", "pl")
    assert 'lang="ur" dir="rtl"' in urdu.html and "آپ کا نیا لنک" in urdu.text
    assert 'lang="pl" dir="ltr"' in polish.html and "To jest Państwa nowy link." in polish.text
    assert polish.subject == "Ash i Oak: nowy link Państwa rodziny"
    for letter in (urdu, polish):
        assert get_school().name in letter.text and "Yours sincerely" not in letter.text
        for word in ("Farrow", *Pupil.objects.values_list("last_name", flat=True)):
            assert word not in letter.subject + letter.text


def test_two_adults_of_one_address_get_one_letter(world: World, home: Household) -> None:
    Adult.objects.filter(households=home).update(email="home@home.example")
    assert "mailed to 1 of" in burned(world, home).note and alive(home) == 1


def test_a_restricted_adult_gets_none_nor_who_shares_their_address(world: World, home: Household) -> None:
    ada = Adult.objects.get(email="ada@home.example")
    restrict(world, adult=ada)
    burned(world, home)
    assert [letter.to for letter in Letter.objects.filter(kind="link")] == ["bruno@home.example"]
    Adult.objects.filter(households=home).update(email="home@home.example")
    assert "the office was asked" in burned(world, home).note and not alive(home)


def test_one_that_is_noted_while_it_waits_stops_it_and_burns_the_link(
    world: World, home: Household, office: PostOffice
) -> None:
    burned(world, home)
    restrict(world, adult=Adult.objects.get(email="ada@home.example"))
    assert alive(home) == 1
    tasks.send_due(world.now, may_go)
    assert {mail["To"] for mail in office.came if "link" in mail["Subject"]} == {"bruno@home.example"}
    assert Letter.objects.get(to="ada@home.example").state == "stopped"
    made = restrict(world, household=home)
    assert alive(home) == 0 and burn_links(restriction=made, by=world.staff["dsl"], now=world.now) == 0


@pytest.mark.parametrize("name", ["Amara\r\nBcc: evil@else.example", "{family-link:%s}", "<b>Amara</b>"])
def test_no_name_steers_it(world: World, home: Household, office: PostOffice, name: str) -> None:
    (stolen,) = links.make_links(
        [Household.objects.create(name="Other")], until=world.now, about="test", by="test", now=world.now
    )
    Pupil.objects.filter(households=home).update(first_name=name.replace("%s", stolen.pk))
    world.oak.name = "Oak\r\nBcc: evil@else.example"
    world.oak.save()
    burned(world, home)
    tasks.send_due(world.now, may_go)
    assert len(office.came) == 2 and set(office.asked_for) == {"ada@home.example", "bruno@home.example"}
    for mail in office.came:
        assert mail["Bcc"] is None and "<b>" not in html_of(mail)
        assert links.token_of(stolen.pk) not in text_of(mail) + html_of(mail)
