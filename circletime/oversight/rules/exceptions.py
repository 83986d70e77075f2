"""Exceptions (C6): from which rules the policy allows one, who asks and who grants it, and when it ends.

Plain Python. An exception that nobody ended runs out with its last day, whether or not a worker runs.
"""

from collections.abc import Set
from datetime import date, timedelta
from enum import StrEnum

from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import HOSTS, UPHOLDERS, Role
from circletime.policy.limits import EXCEPTION_LASTS


class Rule(StrEnum):
    """A rule from which the policy itself allows an exception. From any other there is none to ask for."""

    BEDROOM = "bedroom"

    @property
    def words(self) -> str:
        return _RULES[self][0]

    @property
    def clause(self) -> str:
        """Where the policy allows it."""
        return _RULES[self][1]


_RULES = {Rule.BEDROOM: ("Host from a bedroom, before a neutral background", "S1")}


class State(StrEnum):
    """Where an exception stands on a day."""

    ASKED = "asked"
    REFUSED = "refused"
    GRANTED = "granted"
    RUN_OUT = "run out"
    ENDED = "ended"

    @property
    def words(self) -> str:
        return _STATES[self]


_STATES = {
    State.ASKED: "Not decided yet",
    State.REFUSED: "Refused",
    State.GRANTED: "Granted",
    State.RUN_OUT: "Run out",
    State.ENDED: "Ended early",
}

ASKERS = HOSTS
"""Who asks for one: those whom the rule binds."""

GRANTERS = UPHOLDERS
"""Who grants, refuses and ends one, but none that they asked for themselves."""

DECIDED_WITHIN = timedelta(days=7)
"""An exception that nobody decided by then is told of in the report."""


def state_on(today: date, *, granted: bool | None, until: date, ended: bool) -> State:
    """Where it stands on a day; `granted` is None while nobody decided."""
    if granted is None:
        return State.ASKED
    if not granted:
        return State.REFUSED
    if ended:
        return State.ENDED
    return State.GRANTED if today <= until else State.RUN_OUT


def check_ask(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may ask for an exception."""
    if not roles & ASKERS:
        raise NotAllowed("Only who hosts meetings asks for an exception.")


def check_rule(text: str) -> Rule:
    """The rule that was chosen; raises `Refused` for one from which there is no exception."""
    if text not in set(Rule):
        raise Refused("rule", "Choose what it is for. The policy allows no other.", field="rule", status=400)
    return Rule(text)


def check_until(until: date | None, today: date) -> date:
    """The last day; raises `Refused` unless it is to come, and near enough."""
    if until is None:
        raise Refused("until", "Say until which day, that day included.", field="until", status=400)
    if until < today:
        raise Refused("until", "Choose a day that is not over.", field="until", status=400)
    latest = today + EXCEPTION_LASTS
    if until > latest:
        said = f"Choose a day up to {latest:%-d %B %Y}; it can be asked for again then."
        raise Refused("until", said, field="until", status=400)
    return until


def can_decide(roles: Set[Role], *, own: bool) -> bool:
    """Whether somebody grants or refuses it: never who asked."""
    return bool(roles & GRANTERS) and not own


def check_decide(roles: Set[Role], state: State, *, own: bool) -> None:
    """Raise `Refused` unless somebody may grant or refuse it now."""
    if not roles & GRANTERS:
        raise NotAllowed("Only the headteacher and the safeguarding lead decide about an exception.")
    if own:
        raise NotAllowed("Nobody decides about an exception they asked for themselves.")
    if state != State.ASKED:
        raise Refused("decided", "This was decided already.")


def can_end(roles: Set[Role], state: State, *, own: bool) -> bool:
    """Whether somebody ends it before its day: who may grant one, and who has it."""
    return state == State.GRANTED and (own or bool(roles & GRANTERS))


def check_end(roles: Set[Role], state: State, *, own: bool) -> None:
    """Raise `Refused` unless somebody may end it now."""
    if not own and not roles & GRANTERS:
        raise NotAllowed("Only the headteacher and the safeguarding lead end somebody else's exception.")
    if state != State.GRANTED:
        raise Refused("not_granted", "This exception is not in force.")
