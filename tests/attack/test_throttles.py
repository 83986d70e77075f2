"""Each throttle attacked as fast as it goes: how many guesses get through, as docs/guessing.md says."""

import time as clock
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from circletime.core import time
from circletime.meetings import throttle
from circletime.pages import guessing
from circletime.people import codes
from tests.attack.browsers import Crowd
from tests.fake_media import FakeMedia
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World, make_world

ONE = ("192.0.2.1",)
SEVERAL = tuple(f"198.51.100.{number}" for number in range(70))
"""More networks than a thing behind the door takes wrong tries from before it counts as attacked."""


@pytest.fixture
def visits(world: World) -> Iterator[Crowd]:
    cache.clear()
    yield Crowd(world)
    cache.clear()


@pytest.fixture
def world(db: None, media: FakeMedia, monkeypatch: pytest.MonkeyPatch) -> World:
    made = make_world(media, pupils=4)
    monkeypatch.setattr(time, "now", lambda: made.now)
    return made


def let_through(world: World, span: timedelta, guess: Callable[[], bool], every: float = 10) -> int:
    """Guess all the time for so long; answers how many guesses were looked at."""
    until, count = world.now + span, 0
    while world.now < until:
        while guess():
            count += 1
        world.now += timedelta(seconds=every)
    return count


def in_turn(networks: tuple[str, ...], guess: Callable[[str], bool]) -> Callable[[], bool]:
    """Guess from the first network until it has to wait, then from the next, and so on."""

    def once() -> bool:
        return any(guess(network) for network in networks)

    return once


def at_the_door(world: World, guess: Callable[[str], bool]) -> None:
    """One network is let through as often as the page says, in this window and the next; and so are many."""
    for _ in range(2):
        count = let_through(world, throttle.WINDOW, in_turn(ONE, guess), every=30)
        assert count == guessing.at_the_door(1), f"{count / 10} a minute"
    world.now += throttle.WINDOW
    # All at one moment: what was let through then is all of the window.
    count = sum(_all(guess, network) for network in SEVERAL)
    assert count == guessing.at_the_door(len(SEVERAL)), f"{count / 10} a minute"


def _all(guess: Callable[[str], bool], network: str) -> int:
    count = 0
    while guess(network):
        count += 1
    return count


def numbers() -> Iterator[int]:
    yield from range(10**6)


def test_links(world: World, visits: Visits) -> None:
    guesses = numbers()

    def guess(network: str) -> bool:
        address = reverse("family", args=[f"{next(guesses):043}"])
        return bool(visits.browser(network).get(address).status_code == 403)

    at_the_door(world, guess)


def test_a_class_password(world: World, visits: Visits) -> None:
    guesses = numbers()

    def guess(network: str) -> bool:
        answer = visits.class_door(visits.browser(network), password=f"bcd{next(guesses):05}")
        return bool(answer.status_code == 403)

    at_the_door(world, guess)


def test_class_ids(world: World, visits: Visits) -> None:
    """Each guess is at another class, so no class ever counts as attacked: what holds is each network."""
    guesses = numbers()

    def guess(network: str) -> bool:
        answer = visits.class_door(visits.browser(network), f"{next(guesses):06}", "bcdfghjk")
        return bool(answer.status_code == 403)

    assert let_through(world, throttle.WINDOW, in_turn(ONE, guess), every=30) == guessing.at_the_door(1)
    world.now += throttle.WINDOW
    some = SEVERAL[:10]
    assert sum(_all(guess, network) for network in some) == len(some) * guessing.at_the_door(1)


class Mailbox:
    """Somebody who asks for codes to addresses, and types what comes to mind, from any network."""

    def __init__(self, visits: Visits, emails: Iterator[str]) -> None:
        self.visits, self.emails = visits, emails
        self.client: Client | None = None
        self.left, self.asked = 0, 0

    def guess(self, networks: tuple[str, ...]) -> Callable[[str], bool]:
        return lambda network: (self.left > 0 or self.ask(networks)) and self.type(network)

    def ask(self, networks: tuple[str, ...]) -> bool:
        email = next(self.emails)
        for network in networks:
            client = self.visits.browser(network)
            if client.post(reverse("family-sign-in"), {"email": email}).status_code == 302:
                self.client, self.left, self.asked = client, codes.TRIES, self.asked + 1
                return True
        return False

    def type(self, network: str) -> bool:
        assert self.client is not None
        self.client.defaults["REMOTE_ADDR"] = network  # the session is carried to another machine
        answer = self.client.post(reverse("family-code"), {"code": "11111111"})
        self.left -= answer.status_code == 403
        return bool(answer.status_code == 403)


def always(email: str) -> Iterator[str]:
    while True:
        yield email


def others() -> Iterator[str]:
    for number in numbers():
        yield f"parent{number}@home.example"


@pytest.mark.parametrize("networks", [ONE, SEVERAL[:4]], ids=["one", "many"])
def test_mailed_codes_to_one_parent(world: World, visits: Visits, networks: tuple[str, ...]) -> None:
    mailbox = Mailbox(visits, always("ada@home.example"))
    guess = in_turn(networks, mailbox.guess(networks))
    count = let_through(world, codes.WINDOW, guess, every=300)
    expected = min(
        guessing.codes_asked(len(networks)) * codes.TRIES,
        guessing.at_the_door(len(networks)) * (codes.WINDOW // throttle.WINDOW),
    )
    assert count == expected, f"{count / 60} a minute"
    assert mailbox.asked == guessing.codes_asked(len(networks)), "each five tries are a letter"


def test_mailed_codes_to_anybody(world: World, visits: Visits) -> None:
    one = Mailbox(visits, others())
    at_the_door(world, lambda network: one.guess((network,))(network))


def sign_in(client: Client, email: str) -> bool:
    """Whether a wrong password was looked at."""
    answer = client.post(reverse("account_login"), {"login": email, "password": "not-the-password"})
    return answer.status_code == 200 and Page(answer).alerts()[0].startswith("That did not work")


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    at = clock.time() + seconds
    monkeypatch.setattr(ratelimit, "time", SimpleNamespace(time=lambda: at, monotonic=clock.monotonic))


def a_day_of(count: int, seconds: float) -> int:
    return int(count * guessing.DAY.total_seconds() / seconds)


def test_the_password_of_one_account(world: World, visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    email = world.teacher.email
    for number in range(2):
        later(monkeypatch, number * 301)
        count = sum(sign_in(visits.browser(ONE[0]), email) for _ in range(20))
        assert a_day_of(count, 300) == guessing.sign_ins(1), f"{count / 5} a minute"
    later(monkeypatch, 1000)
    count = sum(sign_in(visits.browser(network), email) for network in SEVERAL)
    assert a_day_of(count, 300) == guessing.sign_ins(len(SEVERAL)), f"{count / 5} a minute"


def test_passwords_of_any_accounts(world: World, visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, 0)
    client = visits.browser(ONE[0])
    count = sum(sign_in(client, f"person{number}@larkfield.example") for number in range(40))
    assert a_day_of(count, 60) == guessing.sign_ins_anywhere(), f"{count} a minute"


def test_the_page_tells_of_every_throttle_there_is(settings: Any) -> None:
    """A limit that is named anew for sign-in has to be thought of on the page as well."""
    known = {"login", "login_failed", "login_failed_here", "code_failed"}
    assert set(settings.ACCOUNT_RATE_LIMITS) <= known
    whats = [lock.what for lock in guessing.locks()]
    assert len(whats) == len(set(whats)) == 9


@pytest.mark.parametrize("lock", guessing.locks(), ids=lambda lock: lock.what)
def test_a_chance_is_never_more_than_the_page_can_answer_for(lock: guessing.Lock) -> None:
    """What nobody chose is out of reach for one network: not one day in ten thousand has a right guess."""
    if lock.keys:
        assert lock.chance(lock.one) < 1e-4
        assert lock.chance(lock.many) < 1 / 500
    assert 0 < lock.one <= lock.many
