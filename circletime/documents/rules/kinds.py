"""The documents of the policy, whom each is for, and what is refused to whoever has not read it (C4, R1)."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from circletime.core.errors import NotAllowed, Refused
from circletime.core.words import N_
from circletime.people.rules import Role


class Audience(StrEnum):
    """Who is asked to read a document and say that they have."""

    STAFF = "staff"
    HOUSEHOLDS = "households"
    GOVERNORS = "governors"

    @property
    def words(self) -> str:
        return {"staff": "Staff", "households": "Families", "governors": "Governors"}[self.value]


class Gate(StrEnum):
    """What is refused until a document was read."""

    HOSTING = "hosting"
    JOINING = "joining"
    WATCHING = "watching"

    @property
    def words(self) -> str:
        return _GATES[self]


_GATES = {
    Gate.HOSTING: "Hosting a meeting",
    Gate.JOINING: "Joining a meeting",
    Gate.WATCHING: "Watching a recording",
}


class Way(StrEnum):
    """How somebody said that they have read it."""

    PAGE = "page"
    LINK = "link"
    DOOR = "door"
    PAPER = "paper"

    @property
    def words(self) -> str:
        return _WAYS[self]


_WAYS = {
    Way.PAGE: "on their own page",
    Way.LINK: "by the family's own link",
    Way.DOOR: "at the class's door",
    Way.PAPER: "on paper",
}


class Kind(StrEnum):
    """The video conferencing policy, what it is read with, and the families' code of conduct."""

    VIDEO = "video-conferencing"
    CONDUCT = "code-of-conduct"
    DATA = "data-protection"
    E_SAFETY = "e-safety"
    SAFEGUARDING = "safeguarding"
    HEALTH = "health-and-safety"
    HOME = "home-school-agreement"
    BEHAVIOUR = "behaviour"
    STAFF_CODE = "staff-code-of-conduct"
    USE = "acceptable-use"

    @property
    def words(self) -> str:
        return _KINDS[self].words

    @property
    def about(self) -> str:
        """In a line, why it is here."""
        return _KINDS[self].about

    @property
    def usual(self) -> "Asks":
        """Whom it is usually for; a school decides each time it publishes."""
        return _KINDS[self].asks

    @property
    def reviewed(self) -> bool:
        """Whether the board reviews it here each quarter (C7). The others have dates of their own."""
        return self in (Kind.VIDEO, Kind.CONDUCT)

    @property
    def subject(self) -> str:
        """This document as the audit log names it."""
        return f"document:{self.value}"


@dataclass(frozen=True)
class Asks:
    """Who has to read a document, and what is refused to them until they say that they have."""

    of: frozenset[Audience] = frozenset()
    gates: frozenset[Gate] = frozenset()


@dataclass(frozen=True)
class _About:
    words: str
    about: str
    asks: Asks


def _asks(*of: Audience, gates: tuple[Gate, ...] = ()) -> Asks:
    return Asks(frozenset(of), frozenset(gates))


_STAFF, _HOMES, _BOARD = Audience.STAFF, Audience.HOUSEHOLDS, Audience.GOVERNORS
_KINDS = {
    Kind.VIDEO: _About(
        N_("Video conferencing policy"),
        "How this school meets by video.",
        _asks(_STAFF, _BOARD, gates=(Gate.HOSTING, Gate.WATCHING)),
    ),
    Kind.CONDUCT: _About(
        N_("Code of conduct for meetings"),
        "What families agree to before their child's first meeting.",
        _asks(_HOMES, gates=(Gate.JOINING,)),
    ),
    Kind.DATA: _About(
        N_("Data protection policy"), "How what is known about people is kept.", _asks(_STAFF, _BOARD)
    ),
    Kind.E_SAFETY: _About(N_("E-safety policy"), "How children stay safe online.", _asks(_STAFF)),
    Kind.SAFEGUARDING: _About(
        N_("Safeguarding and child protection policy"),
        "What to do when a child may be at risk.",
        _asks(_STAFF, _BOARD, gates=(Gate.HOSTING,)),
    ),
    Kind.HEALTH: _About(N_("Health and safety policy"), "How people stay well at work.", _asks(_STAFF)),
    Kind.HOME: _About(
        N_("Home-school agreement"), "What school and family promise each other.", _asks(_HOMES)
    ),
    Kind.BEHAVIOUR: _About(
        N_("Behaviour policy, with anti-bullying"), "How everybody treats everybody.", _asks(_STAFF)
    ),
    Kind.STAFF_CODE: _About(
        N_("Staff code of conduct"),
        "How staff conduct themselves.",
        _asks(_STAFF, gates=(Gate.HOSTING,)),
    ),
    Kind.USE: _About(N_("Acceptable use policy"), "How the school's computers are used.", _asks(_STAFF)),
}

PUBLISHERS = frozenset({Role.HEADTEACHER, Role.DSL, Role.OFFICE})
"""Who writes and publishes documents, and sees who has read them."""

ADOPTERS = frozenset({Role.HEADTEACHER, Role.GOVERNOR})
"""Who writes down that the board has adopted a policy (C7)."""

REVIEWERS = PUBLISHERS | ADOPTERS
"""Who reads the review pack."""


def audiences_of(roles: Set[Role]) -> frozenset[Audience]:
    """What a signed-in person is asked as. A governor who also works at the school is both."""
    found = set()
    if roles - {Role.GOVERNOR}:
        found.add(Audience.STAFF)
    if Role.GOVERNOR in roles:
        found.add(Audience.GOVERNORS)
    return frozenset(found)


def can_publish(roles: Set[Role]) -> bool:
    """Whether somebody writes and publishes documents, and sees who has read them."""
    return bool(roles & PUBLISHERS)


def check_publish(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody looks after the documents."""
    if not can_publish(roles):
        raise NotAllowed("Only the headteacher, the safeguarding lead and the office look after documents.")


def can_review(roles: Set[Role]) -> bool:
    """Whether somebody reads the review pack."""
    return bool(roles & REVIEWERS)


def can_adopt(roles: Set[Role]) -> bool:
    """Whether somebody may write down the board's adoption (C7)."""
    return bool(roles & ADOPTERS)


def check_adopt(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may write down the board's adoption."""
    if not can_adopt(roles):
        raise NotAllowed("Only a governor or the headteacher writes down what the board adopted.")


def check_read(missing: Sequence[Kind]) -> None:
    """Raise `Refused` naming what has to be read first; a page shows it there and then (C4, R1)."""
    if missing:
        names = " and the ".join(kind.words[0].lower() + kind.words[1:] for kind in missing)
        raise Refused("documents", f"Please read the {names} first.", field="documents")


def check_asks(asks: Asks, due_on: date | None, today: date) -> None:
    """Raise `Refused` beside the field unless what is asked makes sense."""
    if asks.gates and not asks.of:
        raise Refused("of", "Say who has to read it, or refuse nothing without it.", field="of", status=400)
    if Gate.WATCHING in asks.gates and not asks.of - {Audience.HOUSEHOLDS}:
        raise Refused("gates", "Only staff and governors watch recordings here.", field="gates", status=400)
    if Gate.HOSTING in asks.gates and Audience.STAFF not in asks.of:
        raise Refused(
            "gates", "Only staff host meetings, so staff have to read it.", field="gates", status=400
        )
    if due_on is not None and due_on < today:
        raise Refused("due_on", "Choose a day that is still to come.", field="due_on", status=400)
