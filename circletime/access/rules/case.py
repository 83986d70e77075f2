"""The request to see a recording (T10): where it stands, what may come next, and who may do it.

The lifecycle is data (`TRANSITIONS`), so that the diagram in docs/states.md is drawn from it.
"""

from collections.abc import Mapping, Set
from datetime import date, timedelta
from enum import StrEnum

from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import REQUEST_LOGGERS, WATCHERS, Role


class State(StrEnum):
    """Where a request stands."""

    LOGGED = "logged"
    CHECKED = "checked"
    IDENTIFIED = "identified"
    READY = "ready"
    INVITED = "invited"
    VIEWED = "viewed"
    CLOSED = "closed"
    STOPPED = "stopped"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def words(self) -> str:
        return _STATES[self]


_STATES = {
    State.LOGGED: "Logged",
    State.CHECKED: "Checked",
    State.IDENTIFIED: "Recordings identified",
    State.READY: "Ready to be viewed",
    State.INVITED: "Invited",
    State.VIEWED: "Viewed",
    State.CLOSED: "Closed",
    State.STOPPED: "Stopped",
    State.REFUSED: "Refused",
    State.WITHDRAWN: "Withdrawn",
}

IN_ORDER = (
    State.LOGGED,
    State.CHECKED,
    State.IDENTIFIED,
    State.READY,
    State.INVITED,
    State.VIEWED,
    State.CLOSED,
)
"""The straight way from a request to its end."""

OVER = (State.CLOSED, State.REFUSED, State.WITHDRAWN)
"""Nothing leads back from here; the hold is released."""

GOING_ON = tuple(state for state in State if state not in (*OVER, State.STOPPED))


class Event(StrEnum):
    """What moves a request on."""

    CHECK = "check"
    IDENTIFY = "identify"
    READY = "ready"
    UNREADY = "unready"
    INVITE = "invite"
    CALL_OFF = "call off"
    VIEW = "view"
    CLOSE = "close"
    STOP = "stop"
    GO_ON = "go on"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.LOGGED, Event.CHECK): State.CHECKED,
    (State.CHECKED, Event.IDENTIFY): State.IDENTIFIED,
    (State.IDENTIFIED, Event.READY): State.READY,
    (State.IDENTIFIED, Event.CLOSE): State.CLOSED,
    (State.READY, Event.UNREADY): State.IDENTIFIED,
    (State.READY, Event.INVITE): State.INVITED,
    (State.READY, Event.CLOSE): State.CLOSED,
    (State.INVITED, Event.CALL_OFF): State.READY,
    (State.INVITED, Event.VIEW): State.VIEWED,
    (State.VIEWED, Event.INVITE): State.INVITED,
    (State.VIEWED, Event.CLOSE): State.CLOSED,
    **{(state, Event.STOP): State.STOPPED for state in GOING_ON},
    **{(state, Event.REFUSE): State.REFUSED for state in (*GOING_ON, State.STOPPED)},
    **{(state, Event.WITHDRAW): State.WITHDRAWN for state in (*GOING_ON, State.STOPPED)},
}
"""What leads where. `GO_ON` is not among them: it leads back to where the request was stopped."""

HANDLERS = WATCHERS
"""Who handles requests: senior leaders, the safeguarding lead, the headteacher (T10)."""

DECIDERS = frozenset({Role.DSL})
"""Who alone decides whether a stopped request goes on."""

MAY: Mapping[Event, Set[Role]] = dict.fromkeys(Event, HANDLERS) | {Event.GO_ON: DECIDERS}
"""Who may do what with a request that was logged."""


def next_state(state: State, event: Event, stopped_from: State | None = None) -> State:
    """Where `event` leads. Raises `Refused` when it is not the turn of that."""
    if event == Event.GO_ON and state == State.STOPPED and stopped_from is not None:
        return stopped_from
    if event == Event.GO_ON or (state, event) not in TRANSITIONS:
        raise Refused("out_of_order", out_of_order(state))
    return TRANSITIONS[state, event]


def out_of_order(state: State) -> str:
    """What is said to whoever does a step whose turn it is not."""
    if state == State.STOPPED:
        return "This request is stopped. Nothing goes on until the safeguarding lead has decided in writing."
    if state in OVER:
        return "This request is over."
    return f"This cannot be done now: the request stands at “{state.words}”. Somebody may have been quicker."


def can(event: Event, state: State, roles: Set[Role]) -> bool:
    """Whether somebody with these roles may do this to a request that stands there."""
    possible = state == State.STOPPED if event == Event.GO_ON else (state, event) in TRANSITIONS
    return possible and bool(roles & MAY[event])


def check_may(event: Event, roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody with these roles may do this."""
    if not roles & MAY[event]:
        raise NotAllowed(
            "Only the safeguarding lead decides whether a stopped request goes on."
            if event == Event.GO_ON
            else "Only senior leaders and the safeguarding lead may handle requests to see a recording."
        )


def check_log(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may write down that a request was made."""
    if not roles & REQUEST_LOGGERS:
        raise NotAllowed("Only the office and senior leaders may log a request to see a recording.")


NEXT = {
    State.LOGGED: "Check who asks",
    State.CHECKED: "Identify the recordings",
    State.IDENTIFIED: "Prepare the films",
    State.READY: "Invite them",
    State.INVITED: "Hold the viewing",
    State.VIEWED: "Write down what came of it",
    State.STOPPED: "Decide whether it goes on",
}
"""What is done next with a request that stands there, as the button says it."""


def next_words(state: State, roles: Set[Role], *, nothing: bool) -> str:
    """What somebody with these roles does next, as the button says it; `nothing` when nothing was kept."""
    if state == State.STOPPED and not roles & DECIDERS:
        return "See why it is stopped"
    return "Tell them nothing was kept" if nothing and state == State.IDENTIFIED else NEXT[state]


class Relation(StrEnum):
    """What whoever asks is to the child. The right to see is the child's own."""

    PARENT = "parent"
    CARER = "carer"
    CHILD = "child"
    SOMEBODY = "somebody"

    @property
    def words(self) -> str:
        return _RELATIONS[self]


_RELATIONS = {
    Relation.PARENT: "Parent",
    Relation.CARER: "Carer or guardian",
    Relation.CHILD: "The child",
    Relation.SOMEBODY: "Somebody for the family, as a solicitor",
}


class Channel(StrEnum):
    """How a request came. Every way counts, a word at the gate as well."""

    SPOKEN = "spoken"
    EMAIL = "e-mail"
    LETTER = "letter"
    SCHOOLPING = "SchoolPing"
    FORM = "form"
    PAGE = "page"
    OTHER = "other"

    @property
    def words(self) -> str:
        return _CHANNELS[self]


_CHANNELS = {
    Channel.SPOKEN: "Spoken",
    Channel.EMAIL: "E-mail",
    Channel.LETTER: "Letter",
    Channel.SCHOOLPING: "SchoolPing",
    Channel.FORM: "A form",
    Channel.PAGE: "On the household's page",
    Channel.OTHER: "Another way",
}

STAFF_CHANNELS = tuple(channel for channel in Channel if channel != Channel.PAGE)
"""What a member of staff writes down; on their page a household asks by itself."""

LONGEST_NAME, LONGEST_WORDS = 120, 500
"""In characters."""

ASKED_WITHIN = timedelta(days=366)
"""A request older than that is taken for a slip of the pen."""


def check_asked_on(asked_on: date | None, today: date) -> date:
    """The day somebody asked; raises `Refused` unless it is today or was within the year."""
    if asked_on is None:
        raise Refused("asked_on", "Say on which day they asked.", field="asked_on", status=400)
    if asked_on > today:
        raise Refused("asked_on", "Choose today or a day that was.", field="asked_on", status=400)
    if asked_on < today - ASKED_WITHIN:
        raise Refused("asked_on", "Choose a day within the last year.", field="asked_on", status=400)
    return asked_on


def check_name(name: str, ask: str, *, field: str) -> str:
    """A name, tidied; raises `Refused` beside `field`, with the sentence `ask`, when there is none."""
    tidy = " ".join(name.split())
    if not tidy:
        raise Refused(field, ask, field=field, status=400)
    if len(tidy) > LONGEST_NAME:
        raise Refused(field, f"At most {LONGEST_NAME} characters.", field=field, status=400)
    return tidy
