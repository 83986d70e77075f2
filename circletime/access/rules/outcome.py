"""How a request ends, and the reasons for which the law lets a school refuse one."""

from enum import StrEnum

from circletime.access.rules.case import State
from circletime.core.errors import Refused


class Outcome(StrEnum):
    """What whoever asked was given."""

    VIEWED = "viewed"
    COPY = "copy"
    NOTHING = "nothing"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def words(self) -> str:
        return _OUTCOMES[self]


_OUTCOMES = {
    Outcome.VIEWED: "Viewed, and that was enough",
    Outcome.COPY: "A copy was given",
    Outcome.NOTHING: "No recording of the child was kept",
    Outcome.REFUSED: "Refused",
    Outcome.WITHDRAWN: "Withdrawn by whoever asked",
}


class RefusalGround(StrEnum):
    """Why a request is refused. Each is a reason in law; none is the school's convenience."""

    EXCESSIVE = "excessive"
    OTHERS = "others"
    HARM = "harm"
    ORDER = "order"
    IDENTITY = "identity"
    LAW = "law"

    @property
    def words(self) -> str:
        return _GROUNDS[self]


_GROUNDS = {
    RefusalGround.EXCESSIVE: "Manifestly unfounded or excessive",
    RefusalGround.OTHERS: "It would show others, and they cannot be taken out",
    RefusalGround.HARM: "Safeguarding: it could do serious harm",
    RefusalGround.ORDER: "A court order forbids it",
    RefusalGround.IDENTITY: "Identity or responsibility for the child was not shown",
    RefusalGround.LAW: "Another law, named below",
}


def check_ground(ground: str) -> RefusalGround:
    """The lawful reason that was chosen; raises `Refused` when none was."""
    try:
        return RefusalGround(ground)
    except ValueError:
        said = "Choose the lawful reason. Without one a request cannot be refused."
        raise Refused("ground", said, field="ground", status=400) from None


def needs_words(ground: RefusalGround) -> bool:
    """Whether the reason in words has to name a law."""
    return ground == RefusalGround.LAW


def outcomes_at(state: State, *, nothing: bool) -> tuple[Outcome, ...]:
    """What a request that stands there may be closed with; `nothing` when no recording was found."""
    if nothing:
        return (Outcome.NOTHING,) if state == State.IDENTIFIED else ()
    return {State.READY: (Outcome.COPY,), State.VIEWED: (Outcome.VIEWED, Outcome.COPY)}.get(state, ())


def check_outcome(outcome: str, state: State, *, nothing: bool) -> Outcome:
    """What it is closed with; raises `Refused` unless a request that stands there may end so."""
    possible = outcomes_at(state, nothing=nothing)
    found = next((each for each in possible if each == outcome), None)
    if found is None:
        said = "Choose what came of it." if possible else "It is not answered yet, so it cannot be closed."
        raise Refused("outcome", said, field="outcome", status=400)
    return found


def check_copies(outcome: Outcome, *, taken: int, waiting: int) -> None:
    """Raise `Refused` unless closing lets no recording go of which a copy is still to be taken."""
    if waiting:
        said = "A copy was released and is not taken yet. Wait until it is, or call it back first."
        raise Refused("outcome", said, field="outcome")
    if outcome == Outcome.COPY and not taken:
        raise Refused("outcome", "No copy was taken yet. Release one first.", field="outcome")
