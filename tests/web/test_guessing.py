"""The door against people who guess: one answer for every wrong try, and slower each time (T6, T11)."""

import time as clock
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.meetings import throttle
from circletime.meetings.models import DoorTry, Meeting, Seat
from circletime.meetings.rules import Kind
from circletime.pages.handler import held_back
from circletime.pages.views import join
from circletime.people.actions import change_class_password
from circletime.people.models import Adult, FamilyLink
from tests.pace import paced
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World

WINDOW = throttle.WINDOW


@pytest.fixture(autouse=True)
def meeting(visits: Visits) -> Meeting:
    return visits.open_meeting()


def guess(visits: Visits, address: str, class_id: str = "", password: str = "bcdfghjk", **more: Any) -> Any:
    """A wrong try from an address."""
    return visits.class_door(visits.browser(address), class_id, password, **more)


def let_in(answer: Any) -> bool:
    return bool(answer.status_code == 302)


def wrong_tries(visits: Visits) -> dict[str, Any]:
    """One of each way to be wrong, with who does it."""
    inside = visits.browser("192.0.2.1")
    assert let_in(visits.class_door(inside))
    again = visits.browser("192.0.2.2")
    assert let_in(visits.class_door(again))
    return {
        "wrong ID": lambda: guess(visits, "192.0.2.3", "bcdfgh", visits.world.oak.password),
        "wrong password": lambda: guess(visits, "192.0.2.4"),
        "wrong name": lambda: visits.ask(inside, "Zebedee"),
        "wrong last name": lambda: visits.ask(again, "Olivia", "Zebedee"),
    }


def test_every_wrong_try_has_the_same_answer(visits: Visits) -> None:
    answers = {what: attempt() for what, attempt in wrong_tries(visits).items()}
    assert {each.status_code for each in answers.values()} == {403}
    assert {tuple(Page(each).alerts()) for each in answers.values()} == {(join.WRONG,)}
    for one, other in (("wrong ID", "wrong password"), ("wrong name", "wrong last name")):
        heads = [dict(answers[each].headers) for each in (one, other)]
        for head in heads:
            for of_this_answer in ("Content-Length", "Expires", "X-Request-ID"):
                head.pop(of_this_answer, None)
        assert heads[0] == heads[1]


def test_every_answer_takes_the_same_time(visits: Visits) -> None:
    """Each is ready before it is sent, and sent when it is due (`tests/web/test_handler.py`)."""
    attempts = wrong_tries(visits)
    attempts["right"] = lambda: visits.class_door(visits.browser("192.0.2.5"))
    spare: dict[str, list[float]] = {what: [] for what in attempts}
    for _ in range(5):
        for what, attempt in attempts.items():
            began = clock.monotonic()
            answer = attempt()
            due = held_back(answer)
            assert 0 <= due - began - join.ANSWERS_AFTER < paced(0.06), what
            spare[what].append(due - clock.monotonic())
    assert min(median(each) for each in spare.values()) > 0, "none takes longer than all may take"


def test_wrong_words_of_a_name_are_answered_alike(visits: Visits, browser: Client) -> None:
    """An Olivia whose last name is wrong, one who is not there, and a name with a last name nobody has."""
    visits.class_door(browser)
    pages = []
    for name, last in (("Olivia", "Zebedee"), ("Zebedee", "Zebedee"), ("Olivia", "Olivia")):
        answer = visits.ask(browser, name, last)
        assert answer.status_code == 403
        page = Page(answer)
        assert page.alerts() == [join.WRONG] and page.marked() == {"name"}
        pages.append(page.words())
    assert len(set(pages)) == 1


def test_an_address_that_was_wrong_often_has_to_wait(world: World, visits: Visits) -> None:
    for _ in range(throttle.PER_ADDRESS):
        assert guess(visits, "192.0.2.1").status_code == 403
    answer = guess(visits, "192.0.2.1")
    assert answer.status_code == 429
    assert "Please wait 10 minutes" in Page(answer).alerts()[0]
    right = visits.class_door(visits.browser("192.0.2.1"))
    assert right.status_code == 429, "the right words at last have to wait too, or waiting would tell"
    assert let_in(visits.class_door(visits.browser("192.0.2.2"))), "another family is not kept waiting"
    world.later(minutes=11)
    assert let_in(visits.class_door(visits.browser("192.0.2.1")))


def test_names_are_guessed_no_faster(world: World, visits: Visits, browser: Client) -> None:
    visits.class_door(browser)
    for _ in range(throttle.PER_ADDRESS):
        assert visits.ask(browser, "Zebedee").status_code == 403
    assert visits.ask(browser, "Amara").status_code == 429
    fresh = visits.browser()
    assert visits.class_door(fresh).status_code == 429, "another browser at the same address"
    assert not Seat.objects.exists()
    other = visits.browser("192.0.2.2")
    visits.class_door(other)
    assert let_in(visits.ask(other, "Amara"))


def test_last_names_and_links_count_as_guesses(visits: Visits, browser: Client) -> None:
    visits.class_door(browser)
    for index in range(throttle.PER_ADDRESS):
        if index % 2:
            assert visits.ask(browser, "Olivia", f"Zebedee{index}").status_code == 403
        else:
            assert browser.get(reverse("family", args=[f"guess{index}"])).status_code == 403
    assert visits.ask(browser, "Amara").status_code == 429
    assert browser.get(reverse("family", args=["guess"]))["Location"] == reverse("family-wait")


def test_a_class_that_is_guessed_at_from_everywhere_stays_open_to_its_families(
    world: World, visits: Visits
) -> None:
    home = visits.browser("192.0.2.200")
    for index in range(throttle.PER_CLASS + 20):
        assert guess(visits, f"198.51.100.{index}", world.oak.join_id).status_code == 403
    for index in range(5):
        assert guess(visits, f"198.51.100.{index}").status_code == 429, "one wrong try is enough to wait now"
    assert let_in(visits.class_door(home))
    assert let_in(visits.ask(home, "Amara"))
    other = visits.browser("192.0.2.201")
    assert visits.class_door(other, world.stranger.classes.get().join_id, "wrong").status_code == 403
    assert visits.class_door(other, world.stranger.classes.get().join_id, "wrong").status_code == 403


def test_a_family_that_mistypes_once_while_others_guess_waits_no_longer_than_the_window(
    world: World, visits: Visits
) -> None:
    for index in range(throttle.PER_CLASS):
        guess(visits, f"198.51.100.{index}", world.oak.join_id)
    home = visits.browser("192.0.2.200")
    assert visits.class_door(home, password="oops").status_code == 403
    assert visits.class_door(home).status_code == 429
    world.now += WINDOW + timedelta(seconds=1)
    assert let_in(visits.class_door(home))


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED"])
def test_a_header_does_not_make_another_address(header: str, visits: Visits) -> None:
    for index in range(throttle.PER_ADDRESS):
        assert guess(visits, "192.0.2.1", **{header: f"10.0.0.{index}"}).status_code == 403
    assert guess(visits, "192.0.2.1", **{header: "10.0.0.99"}).status_code == 429


def test_the_addresses_of_one_ipv6_network_are_one_home(visits: Visits) -> None:
    for index in range(throttle.PER_ADDRESS):
        assert guess(visits, f"2001:db8:1:2:{index:x}::{index:x}").status_code == 403
    assert guess(visits, "2001:db8:1:2:ffff::1").status_code == 429
    assert guess(visits, "2001:db8:1:3::1").status_code == 403
    for _ in range(throttle.PER_ADDRESS):
        guess(visits, "192.0.2.1")
    assert guess(visits, "::ffff:192.0.2.1").status_code == 429


def test_another_spelling_of_an_id_is_no_other_class(world: World, visits: Visits) -> None:
    own = world.oak.join_id
    spellings = [own.upper(), f" {own}", " ".join(own), f"{own[:3]}\u00a0{own[3:]}", f"{own}\t"]
    for index in range(throttle.PER_CLASS):
        assert guess(visits, f"198.51.100.{index}", spellings[index % 5]).status_code == 403
    assert guess(visits, "198.51.100.1", own).status_code == 429


def test_no_address_and_no_id_is_kept_as_it_was(world: World, visits: Visits) -> None:
    guess(visits, "192.0.2.1", world.oak.join_id, "secretword")
    for row in DoorTry.objects.values():
        kept = " ".join(str(value) for value in row.values())
        assert not any(word in kept for word in ("192.0.2.1", world.oak.join_id, "secretword"))


@pytest.mark.parametrize("name", ["chloe", " CHLOÉ ", "Chloe\u0301", "c h l o e"])
def test_case_accents_and_spacing_of_a_name_are_forgiven(name: str, visits: Visits, browser: Client) -> None:
    visits.class_door(browser)
    assert let_in(visits.ask(browser, name))
    assert Seat.objects.get().label == "Chloé"


@pytest.mark.parametrize("name", ["D'Arcy", "d’arcy", "D Arcy", "EUNJI"])
def test_apostrophes_and_hyphens_are_forgiven(name: str, visits: Visits, browser: Client) -> None:
    visits.class_door(browser)
    assert let_in(visits.ask(browser, name))


def test_nearly_is_not_a_name(visits: Visits) -> None:
    for index, name in enumerate(("Am", "Amaraa", "A*", "%", "_____", "Amara Ben", "-", "' or 1=1")):
        client = visits.browser(f"192.0.2.{index}")
        visits.class_door(client)
        assert visits.ask(client, name).status_code == 403, name


def test_id_and_password_may_be_typed_as_children_do(world: World, visits: Visits) -> None:
    changes: list[Callable[[str], str]] = [str.upper, str.title, " ".join, lambda word: f"  {word}\u00a0"]
    for index, change in enumerate(changes):
        own = (change(world.oak.join_id), change(world.oak.password))
        assert let_in(visits.class_door(visits.browser(f"192.0.2.{index}"), *own))


def test_two_olivias_are_told_apart_without_showing_either(world: World, visits: Visits) -> None:
    sun, moon = world.oak.pupil_set.filter(first_name="Olivia").order_by("-mark")
    client = visits.browser()
    visits.class_door(client)
    asked = visits.ask(client, "olivia")
    page = Page(asked)
    assert asked.status_code == 400 and page.marked() == {"last_name"}
    assert "Type the last name as well" in page.said_beside("last_name")
    assert page.value("name") == "olivia" and page.value("grown_up") == "yes"
    # The form's token is chance, in which three letters may stand together.
    body = asked.content.decode().split("</head>")[1].replace(page.value("csrfmiddlewaretoken"), "")
    for secret in (sun.last_name, moon.last_name, "sun", "moon"):
        assert secret not in body
    assert not Seat.objects.exists() and not DoorTry.objects.exists()
    wrong = visits.ask(client, "olivia", world.pupil("Ben").last_name)
    assert wrong.status_code == 403 and Page(wrong).alerts() == [join.WRONG]
    assert let_in(visits.ask(client, "olivia", f" {sun.last_name.upper()} "))
    assert Seat.objects.get().pupil == sun
    other = visits.browser("192.0.2.7")
    visits.class_door(other)
    assert let_in(visits.ask(other, "Olivia", moon.last_name))
    assert set(Seat.objects.values_list("label", flat=True)) == {"Olivia (sun)", "Olivia (moon)"}


def test_a_changed_password_shuts_the_form_that_was_begun_before(world: World, visits: Visits) -> None:
    client, seat = visits.waiting("Ben")
    old = (world.oak.join_id, world.oak.password)
    form = visits.browser()
    visits.class_door(form)
    change_class_password(school_class=world.oak, by=world.teacher, now=world.now)
    for begun in (form, client):
        answer = visits.ask(begun, "Amara")
        assert answer.status_code == 302 and answer["Location"] == reverse("join")
        assert begun.get(reverse("join-open")).json() == {"open": False}
    assert Seat.objects.count() == 1
    fresh = visits.browser("192.0.2.3")
    assert visits.class_door(fresh, *old).status_code == 403
    assert let_in(visits.class_door(fresh))
    assert client.get(reverse("room", args=[seat.public_id])).status_code == 200, "who waits goes on waiting"


class TestFamilyLink:
    """A household's own way in (T6, T11)."""

    @pytest.fixture
    def token(self, world: World, visits: Visits) -> str:
        return visits.link_of(visits.family_of(world.pupil("Ben")))

    def follow(self, client: Client, token: str) -> Any:
        return client.get(reverse("family", args=[token]))

    def test_it_leads_to_the_name_and_leaves_the_address_bar(
        self, token: str, visits: Visits, browser: Client
    ) -> None:
        answer = self.follow(browser, token)
        assert (answer.status_code, answer["Location"]) == (302, reverse("join-name"))
        assert answer["Cache-Control"].count("no-store") == 1
        assert answer["Referrer-Policy"] == "same-origin"
        page = browser.get(answer["Location"])
        assert token.encode() not in page.content
        assert token not in str(dict(browser.session))
        assert let_in(visits.ask(browser, "Ben"))

    def test_it_is_for_its_own_children_only(self, token: str, visits: Visits, browser: Client) -> None:
        Adult.objects.update(language="en")
        self.follow(browser, token)
        for name, last in (("Amara", ""), ("Olivia", ""), ("Zebedee", "")):
            answer = visits.ask(browser, name, last)
            assert answer.status_code == 403 and Page(answer).alerts() == [join.WRONG]
        assert not Seat.objects.exists()

    def test_brother_and_sister_share_one(self, world: World, visits: Visits, token: str) -> None:
        family = visits.family_of(world.pupil("Ben"))
        family.pupils.add(world.pupil("Amara"))
        for index, name in enumerate(("Ben", "Amara")):
            client = visits.browser(f"192.0.2.{index}")
            self.follow(client, token)
            assert let_in(visits.ask(client, name))

    def test_it_does_not_work_after_its_day_nor_when_it_is_burned(
        self, world: World, visits: Visits, token: str
    ) -> None:
        begun = visits.browser()
        self.follow(begun, token)
        FamilyLink.objects.update(burned_at=world.now)
        assert self.follow(visits.browser("192.0.2.2"), token).status_code == 403
        assert visits.ask(begun, "Ben")["Location"] == reverse("family-over"), "nor the form begun before"
        FamilyLink.objects.update(burned_at=None)
        assert let_in(self.follow(visits.browser("192.0.2.3"), token))
        FamilyLink.objects.update(expires_at=world.now)
        assert self.follow(visits.browser("192.0.2.4"), token).status_code == 403
        assert visits.ask(begun, "Ben")["Location"] == reverse("family-over")
        assert not begun.get(reverse("join-open")).json()["open"]
        assert not Seat.objects.exists()

    def test_one_that_is_dead_is_answered_like_one_that_never_was(
        self, world: World, visits: Visits, token: str
    ) -> None:
        FamilyLink.objects.update(expires_at=world.now)
        dead, none = (self.follow(visits.browser(), each) for each in (token, "x" * 32))
        assert dead.status_code == none.status_code == 403
        assert Page(dead).words() == Page(none).words()
        assert Page(dead).marked() == set()

    def test_a_household_that_has_to_wait_keeps_its_link_out_of_the_address_bar(
        self, world: World, token: str, visits: Visits, browser: Client
    ) -> None:
        for index in range(throttle.PER_ADDRESS):
            self.follow(browser, f"guess{index}")
        answer = self.follow(browser, token)
        assert (answer.status_code, answer["Location"]) == (302, reverse("family-wait"))
        wait = browser.get(answer["Location"])
        assert wait.status_code == 429 and token.encode() not in wait.content
        said = Page(wait).alerts()
        assert len(said) == 1 and "Please wait 10 minutes" in said[0] and "open your link" in said[0]
        assert token not in str(dict(browser.session))
        world.later(minutes=11)
        assert browser.get(reverse("family-wait"))["Location"] == reverse("join")
        assert self.follow(browser, token)["Location"] == reverse("join-name")
        assert let_in(visits.ask(browser, "Ben"))

    def test_only_a_hash_of_it_is_kept(self, token: str) -> None:
        assert token not in str(list(FamilyLink.objects.values()))

    def test_it_does_not_open_the_class(self, token: str, visits: Visits, browser: Client) -> None:
        visits.class_door(browser)
        self.follow(browser, token)
        assert visits.ask(browser, "Amara").status_code == 403
        visits.class_door(browser)
        assert let_in(visits.ask(browser, "Amara"))

    def test_a_preview_fetched_by_somebody_else_does_not_use_it_up(
        self, token: str, visits: Visits, browser: Client
    ) -> None:
        for _ in range(3):
            self.follow(visits.browser("192.0.2.50"), token)
        self.follow(browser, token)
        assert let_in(visits.ask(browser, "Ben"))


def test_parents_type_their_own_name_and_a_child_is_not_let_in(world: World, visits: Visits) -> None:
    Meeting.objects.update(state="cancelled")
    household = visits.family_of(world.pupil("Ben"))
    visits.open_meeting(kind=Kind.PARENTS, household=household)
    adult = household.adults.earliest("pk")
    client = visits.browser()
    visits.class_door(client)
    assert visits.ask(client, "Ben").status_code == 403
    assert let_in(visits.ask(client, adult.name.split()[0].lower()))
    assert Seat.objects.get().adult == adult
