"""What guessing comes to, out of the limits that hold: docs/guessing.md is drawn from this.

Nothing here decides anything. Each number is computed from the limit that the program itself asks, so that
the page changes when a limit does; `tests/attack/test_throttles.py` attacks each throttle, and counts the
same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from allauth.core.internal.ratelimit import Rate, parse_rates
from django.conf import settings

from circletime.access.rules.viewing import SECRET_BYTES
from circletime.core import ids
from circletime.meetings import throttle
from circletime.people import codes
from circletime.people.links import TOKEN_BYTES
from circletime.people.models import JOIN_ID_LETTERS, PASSWORD_LETTERS

DAY = timedelta(days=1)
MANY = 1000
"""Networks of somebody who rents other people's machines."""

UNTHROTTLED = 10_000
"""Requests in a second that are taken for granted where nothing but the machine slows anybody."""

LINKS_LIVE, CLASSES, ADULTS, NAMES_LIVE = 10_000, 14, 840, 10_000
"""A school of 14 classes and 420 children, with the right answers there may be: links that work, classes,
adults with an address, and meetings, seats and recordings that are kept."""


@dataclass(frozen=True)
class Lock:
    """One thing that is guessed at.

    `keys` is how many answers there could be and `right` how many of them open something; the two numbers of
    guesses are a day's, from one network and from `MANY`. `then` is what still stands behind it. `keys` is 0
    where a person chose the answer.
    """

    what: str
    keys: int
    right: int
    one: int
    many: int
    then: str
    test: str

    def chance(self, guesses: int) -> float:
        """How probable it is that one of a day's guesses is right, at most."""
        return min(1.0, guesses * self.right / self.keys)


def a_day(each: int, window: timedelta) -> int:
    """Guesses in a day, where `each` get through in any stretch as long as `window`."""
    return each * (DAY // window)


def at_the_door(networks: int) -> int:
    """Guesses at one thing behind the door's throttle that get through in its window, from so many networks.

    Each network is used until it has to wait; once the thing itself counts as attacked, that is one guess.
    """
    tries = 0
    for _ in range(networks):
        own = 0
        while not throttle.must_wait(from_address=own, at_class=tries):
            own, tries = own + 1, tries + 1
    return tries


def codes_asked(networks: int) -> int:
    """Codes to one address that may be asked for in their window, from so many networks."""
    return min(codes.PER_ADDRESS, networks * codes.PER_ADDRESS_HERE)


def sign_ins(networks: int) -> int:
    """Wrong passwords for one account that are looked at in a day, from so many networks."""
    here = _least(_rates("login_failed_here", "key"))
    return min(networks * here, _least(_rates("login_failed", "key")))


def sign_ins_anywhere() -> int:
    """Wrong passwords for any accounts that are looked at in a day, from one network."""
    return _least(_rates("login_failed", "ip"))


def _rates(name: str, per: str) -> list[Rate]:
    return [each for each in parse_rates(settings.ACCOUNT_RATE_LIMITS[name]) if each.per == per]


def _least(rates: Sequence[Rate]) -> int:
    return min(int(each.amount * DAY.total_seconds() / each.duration) for each in rates)


def locks() -> tuple[Lock, ...]:
    """Everything that somebody outside could guess at."""
    door = {count: a_day(at_the_door(count), throttle.WINDOW) for count in (1, MANY)}
    asked = {count: a_day(codes_asked(count) * codes.TRIES, codes.WINDOW) for count in (1, MANY)}
    anybody = a_day(codes.PER_PLACE * codes.TRIES, codes.WINDOW)
    machine = int(UNTHROTTLED * DAY.total_seconds())
    class_id, password = ids.LETTERS**JOIN_ID_LETTERS, ids.LETTERS**PASSWORD_LETTERS
    tests = "tests/attack/test_throttles.py::"
    return (
        Lock(
            "A family's link",
            2 ** (8 * TOKEN_BYTES),
            LINKS_LIVE,
            door[1],
            door[MANY],
            "A first name, then a host who lets in.",
            f"{tests}test_links",
        ),
        Lock(
            "A class's password, its ID known",
            password,
            1,
            door[1],
            door[MANY],
            "A first name, behind a throttle of its own, then a host who lets in.",
            f"{tests}test_a_class_password",
        ),
        Lock(
            "ID and password of any class",
            class_id * password,
            CLASSES,
            door[1],
            # Each ID that is none is another class to the throttle, so only the networks are counted.
            MANY * door[1],
            "A first name, then a host who lets in.",
            f"{tests}test_class_ids",
        ),
        Lock(
            "The code mailed to one parent",
            10**codes.DIGITS,
            1,
            min(asked[1], door[1]),
            min(asked[MANY], door[MANY]),
            "Each five tries are a letter in that parent's mailbox.",
            f"{tests}test_mailed_codes_to_one_parent",
        ),
        Lock(
            "The code mailed to any parent of the school",
            10**codes.DIGITS,
            1,
            min(anybody, door[1]),
            min(door[MANY], ADULTS * asked[MANY]),
            "The addresses have to be known; each five tries are a letter in a parent's mailbox.",
            f"{tests}test_mailed_codes_to_anybody",
        ),
        Lock(
            "The name of a meeting, a seat or a recording",
            2 ** (8 * ids.BYTES),
            NAMES_LIVE,
            machine,
            machine,
            "A name opens nothing: the session or the role is asked for as well.",
            "tests/adversary/test_on_the_wire.py::test_guessed_names_open_nothing",
        ),
        Lock(
            "The link to a viewing, or to a copy",
            2 ** (8 * SECRET_BYTES),
            CLASSES,
            machine,
            machine,
            "A viewing is dark unless a leader is there; a copy has a passphrase.",
            "tests/access/viewing/test_pieces.py::test_a_guessed_link_is_nothing",
        ),
        Lock(
            "The password of one member of staff",
            0,
            1,
            sign_ins(1),
            sign_ins(MANY),
            "A person chose it: at least 12 characters, and not one of a list of much-used ones.",
            f"{tests}test_the_password_of_one_account",
        ),
        Lock(
            "The password of any member of staff",
            0,
            1,
            sign_ins_anywhere(),
            MANY * sign_ins_anywhere(),
            "As before; and the addresses have to be known.",
            f"{tests}test_passwords_of_any_accounts",
        ),
    )
