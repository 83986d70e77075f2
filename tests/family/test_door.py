"""Who sees which child: another family's, a leaver, a restriction, a link that died or was changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.meetings.actions import lifecycle
from circletime.meetings.models import Seat
from circletime.meetings.rules import Kind
from circletime.people.actions import end_restriction, note_restriction
from circletime.people.models import FamilyLink, Group
from tests.family.conftest import Home
from tests.web.page import Page
from tests.world import World

PAGES = ("family-home", "family-test", "family-ask")


def words(client: Client) -> str:
    answer = client.get(reverse("family-home"))
    return Page(answer).words() if answer.status_code == 200 else ""


def restrict(world: World, name: str, **whom: Any) -> Any:
    return note_restriction(
        pupil=world.pupil(name),
        what="An order of the court",
        since=whom.pop("since", world.now.date()),
        by=world.staff["dsl"],
        now=world.now,
        **whom,
    )


class TestNobodyElse:
    @pytest.mark.parametrize("page", PAGES)
    def test_the_pages_are_nobodys_without_a_family(self, world: World, home: Home, page: str) -> None:
        at_class = home.visits.browser()
        home.visits.class_door(at_class)
        for client in (
            home.visits.browser(),
            at_class,
            home.visits.by_role("teacher"),
            home.visits.by_role("office"),
        ):
            assert client.get(reverse(page))["Location"] == reverse("family-sign-in")

    def test_a_link_with_one_letter_changed_opens_nothing(self, home: Home) -> None:
        token = home.visits.link_of(home.household("Amara"))
        for place in (0, len(token) // 2, len(token) - 1):
            changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
            client = home.visits.browser(f"192.0.2.{place + 1}")
            answer = client.get(reverse("family", args=[changed]))
            assert answer.status_code == 403
            assert "does not work any more" in Page(answer).words()
            assert "door" not in client.session
            assert client.get(reverse("family-home"))["Location"] == reverse("family-sign-in")

    def test_a_burned_link_ends_every_page_at_once_and_says_what_to_do(
        self, world: World, home: Home
    ) -> None:
        client = home.by_link("Amara")
        assert words(client)
        FamilyLink.objects.update(burned_at=world.now)
        for page in PAGES:
            assert client.get(reverse(page))["Location"] == reverse("family-over")
        assert client.post(reverse("family-ask"), {"relation": "parent"})["Location"] == reverse(
            "family-over"
        )
        over = Page(client.get(reverse("family-over")))
        assert reverse("family-sign-in") in over.addresses() and reverse("join") in over.addresses()
        assert "Amara" not in over.source

    def test_a_page_shows_its_own_children_and_no_others(self, world: World, home: Home) -> None:
        for child in ("Ben", "Chloé"):
            home.adult(child)
        page = home.by_link("Amara").get(reverse("family-home")).content.decode()
        assert "Amara" in page
        for pupil in world.oak.pupil_set.exclude(first_name="Amara"):
            assert pupil.first_name not in page and pupil.last_name not in page
        assert world.pupil("Amara").last_name not in page
        assert world.oak.password not in page and world.oak.join_id not in page

    def test_another_familys_meetings_are_not_there(self, world: World, home: Home) -> None:
        theirs = home.visits.planned(kind=Kind.PARENTS, household=home.household("Ben"), minutes=15)
        group = Group.objects.create(school_class=world.oak, name="Sparrows")
        group.pupils.add(world.pupil("Ben"))
        reading = home.visits.planned(26, kind=Kind.GROUP, group=group, minutes=13)
        client = home.by_link("Amara")
        assert "15 minutes" not in words(client) and "13 minutes" not in words(client)
        for meeting in (theirs, reading):
            assert client.get(reverse("family-entry", args=[meeting.public_id])).status_code == 404
        ben = home.by_link("Ben")
        assert "15 minutes" in words(ben) and "13 minutes" in words(ben)
        assert ben.get(reverse("family-entry", args=[theirs.public_id])).status_code == 200

    def test_another_familys_child_cannot_be_asked_about(self, world: World, home: Home) -> None:
        home.household("Amara").pupils.add(world.pupil("Chloé"))
        client = home.by_link("Amara")
        typed = {
            "child": str(world.pupil("Ben").pk),
            "relation": "parent",
            "adult": str(home.adult("Amara").pk),
        }
        answer = client.post(reverse("family-ask"), typed)
        assert answer.status_code == 400 and Page(answer).said_beside("child") == "Choose the child."

    def test_another_familys_adult_cannot_be_spoken_for(self, world: World, home: Home) -> None:
        home.adult("Amara", 1)
        other = home.adult("Ben")
        typed = {"relation": "parent", "adult": str(other.pk)}
        answer = home.by_link("Amara").post(reverse("family-ask"), typed)
        assert answer.status_code == 400 and "Say who you are." in Page(answer).alerts()


class TestRestrictions:
    def test_a_restricted_adult_sees_nothing_of_the_child(self, world: World, home: Home) -> None:
        father, mother = home.adult("Amara", 0), home.adult("Amara", 1)
        home.household("Amara").pupils.add(world.pupil("Ben"))
        signed_in = home.by_code(father), home.by_code(mother)
        assert all("Amara" in words(client) and "Ben" in words(client) for client in signed_in)
        noted = restrict(world, "Amara", adult=father)
        his, hers = (client.get(reverse("family-home")).content.decode() for client in signed_in)
        assert "Amara" not in his and "Ben" in his
        assert "Amara" in hers and "Ben" in hers
        end_restriction(restriction=noted, reason="Lifted", by=world.staff["dsl"], now=world.now)
        assert "Amara" in words(signed_in[0])

    def test_who_holds_a_households_link_is_not_known_so_it_hides_the_child(
        self, world: World, home: Home
    ) -> None:
        home.visits.open_meeting()
        restrict(world, "Amara", adult=home.adult("Amara"))
        token = home.visits.link_of(home.household("Amara"))
        answer = home.visits.browser().get(reverse("family", args=[token]))
        assert answer.status_code == 403 and "Amara" not in answer.content.decode()

    def test_nor_does_the_child_join_by_it(self, world: World, home: Home) -> None:
        home.visits.open_meeting()
        home.household("Amara").pupils.add(world.pupil("Ben"))
        begun = home.by_link("Amara")
        assert begun.get(reverse("join-name")).status_code == 200
        restrict(world, "Amara", household=home.household("Amara"))
        assert home.visits.ask(begun, "Amara").status_code == 403
        assert not Seat.objects.exists()
        assert home.visits.ask(begun, "Ben").status_code == 302

    def test_one_household_of_two_is_kept_away(self, world: World, home: Home) -> None:
        """Parents apart: one household is restricted, the other sees the child as before."""
        away = home.household("Ben")
        away.pupils.add(world.pupil("Amara"))
        hers, his = home.by_link("Amara"), home.by_link("Ben")
        assert "Amara" in words(hers) and "Amara" in words(his)
        restrict(world, "Amara", household=away)
        assert "Amara" in words(hers) and "Amara" not in words(his) and "Ben" in words(his)

    def test_one_about_everybody_shows_the_child_to_nobody(self, world: World, home: Home) -> None:
        clients = home.by_link("Amara"), home.by_code(home.adult("Amara"))
        restrict(world, "Amara")
        assert [words(client) for client in clients] == ["", ""]

    def test_one_that_begins_tomorrow_or_is_over_hides_nothing(self, world: World, home: Home) -> None:
        client = home.by_code(home.adult("Amara"))
        restrict(world, "Amara", adult=home.adult("Amara"), since=world.now.date() + timedelta(days=1))
        restrict(world, "Amara", adult=home.adult("Amara"), until=world.now.date())
        assert words(client) == ""
        world.later(hours=12)  # past midnight: the second is over, and the first has begun
        client = home.visits.browser()
        assert home.type(home.ask(home.adult("Amara").email, client), *home.codes()).status_code == 302
        assert words(client) == ""

    def test_two_who_share_an_address_are_one_reader(self, world: World, home: Home) -> None:
        father, mother = home.adult("Amara", 0), home.adult("Amara", 1)
        mother.email = father.email
        mother.save()
        restrict(world, "Amara", adult=father)
        client = home.ask(mother.email)
        home.type(client, *home.codes())
        assert words(client) == ""


class TestLeavers:
    def test_a_leaver_is_gone_at_once_and_brothers_stay(self, world: World, home: Home) -> None:
        home.household("Amara").pupils.add(world.pupil("Ben"))
        client = home.by_link("Amara")
        world.oak.pupil_set.filter(first_name="Amara").update(left_at=world.now)
        assert "Amara" not in words(client) and "Ben" in words(client)
        world.oak.pupil_set.filter(first_name="Ben").update(left_at=world.now)
        assert client.get(reverse("family-home"))["Location"] == reverse("family-over")


class TestTheLink:
    def test_it_leads_straight_to_the_name_when_a_meeting_is_open(self, world: World, home: Home) -> None:
        home.visits.open_meeting()
        token = home.visits.link_of(home.household("Amara"))
        answer = home.visits.browser().get(reverse("family", args=[token]))
        assert answer["Location"] == reverse("join-name")

    def test_and_to_the_familys_page_when_none_is(self, world: World, home: Home) -> None:
        token = home.visits.link_of(home.household("Amara"))
        home.visits.open_meeting(kind=Kind.PARENTS, household=home.household("Ben"))
        client = home.visits.browser()
        assert client.get(reverse("family", args=[token]))["Location"] == reverse("family-home")
        assert client.get(reverse("join-name"))["Location"] == reverse("family-home")
        assert client.get(reverse("join-open")).json() == {"open": False}

    def test_the_page_says_join_now_when_the_door_opens(self, world: World, home: Home) -> None:
        client = home.by_link("Amara")
        assert "Join now" not in Page(client.get(reverse("family-home"))).buttons()
        home.visits.open_meeting()
        assert client.get(reverse("join-open")).json() == {"open": True}
        assert "Join now" in Page(client.get(reverse("family-home"))).buttons()
        assert home.visits.ask(client, "Amara").status_code == 302

    def test_a_parents_meeting_is_joined_by_its_own_adults(self, world: World, home: Home) -> None:
        adult = home.adult("Amara")
        home.visits.open_meeting(kind=Kind.PARENTS, household=home.household("Amara"))
        client = home.by_link("Amara")
        assert home.visits.ask(client, "Amara").status_code == 403
        assert home.visits.ask(client, adult.name).status_code == 302


class TestAGovernorWhoIsAlsoAParent:
    """One person, one browser, one address: each way in shows what is its own, and nothing of the other."""

    @pytest.fixture
    def met(self, world: World, home: Home) -> str:
        adult = home.adult("Amara")
        adult.email = world.staff["governor"].email
        adult.save()
        meeting, host = world.live()
        for name in ("Amara", "Ben"):
            world.come_in(meeting, host, name)
        lifecycle.end(by=host, now=world.later(minutes=5))
        return str(meeting.public_id)

    def test_the_account_opens_no_family_page(self, world: World, home: Home, met: str) -> None:
        for page in PAGES:
            answer = home.visits.by_role("governor").get(reverse(page))
            assert answer["Location"] == reverse("family-sign-in")

    def test_the_code_to_their_address_signs_no_governor_in(self, home: Home, met: str) -> None:
        client = home.by_code(home.adult("Amara"))
        assert "Amara" in words(client) and "Ben" not in words(client)
        for page in ("report", "log", "monitoring"):
            assert client.get(reverse(page))["Location"].startswith(reverse("account_login"))

    def test_in_one_browser_with_both(self, world: World, home: Home, met: str) -> None:
        client = home.visits.by_role("governor")
        client.get(reverse("family", args=[home.visits.link_of(home.household("Amara"))]))
        assert "Amara" in words(client) and "Ben" not in words(client)
        assert client.get(reverse("register", args=[met])).status_code in (403, 404), "not of their own child"
        assert client.get(reverse("recordings")).status_code in (403, 404)
        for address in (reverse("report"), reverse("report-clause", args=["P7"])):
            said = set(Page(client.get(f"{address}?span=week")).words().split())
            assert "Amara" not in said and "Ben" not in said
        assert (
            "single meetings are shown only to senior leaders"
            in Page(client.get(reverse("report-clause", args=["P7"]), {"span": "week"})).words()
        )
