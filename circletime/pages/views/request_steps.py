"""The steps of a request to see: which forms a person is offered, and the action that takes each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from circletime.access.actions import checks, ending, invitations, log, stopping
from circletime.access.models import Case
from circletime.access.queries.case import has_nothing, open_invitation
from circletime.access.queries.lists import list_leaders
from circletime.access.rules.case import Event, State, can
from circletime.access.rules.clock import can_extend
from circletime.access.rules.invitation import LONGEST_VIEWING, SHORTEST_VIEWING, Where
from circletime.access.rules.outcome import RefusalGround, outcomes_at
from circletime.core.errors import Refused
from circletime.pages.forms import (
    Field,
    Form,
    all_pupils,
    chosen_pupil,
    options_of,
    pupil_field,
    read_moment,
    words_field,
)
from circletime.people.models import User

IDENTITY = Form(
    "identity",
    "I have checked who they are",
    (words_field("how", "How do you know who they are?", "As: collects the child each day, I know her."),),
    "Who they are",
)
RESPONSIBILITY = Form(
    "responsibility",
    "I have checked that they may ask",
    (words_field("how", "How do you know that they may ask?", "As: it is on our record."),),
    "Whether they may ask for this child",
)
IDENTIFY = Form("identify", "These are the recordings", words="They are kept until this request is over.")
EXTEND = Form(
    "extend",
    "Take two more months",
    (words_field("reason", "Why does it need more time?", "They are told this, word for word."),),
    "Two more months",
    "Only for what is complex, and only within the first month. It can be done once.",
)
STOP = Form(
    "stop",
    "Stop it",
    (words_field("reason", "Why does it have to stop?", "As: a court order forbids contact."),),
    "Stop it",
    "Nothing goes on until the safeguarding lead has decided in writing.",
)
GO_ON = Form(
    "go-on",
    "Let it go on",
    (words_field("decision", "What did you decide, and why?", "This stays in the case file."),),
    "Decide",
)
REFUSE = Form(
    "refuse",
    "Refuse it",
    (
        Field("ground", "Lawful reason", "select", options=options_of(RefusalGround)),
        words_field("reason", "In your words", "They read this. Where it is another law, name it."),
    ),
    "Refuse",
    "The letter says why, and how to complain: to the school, the Information Commissioner, or a court.",
    danger=True,
)
WITHDRAW = Form(
    "withdraw",
    "They do not want it any more",
    (words_field("reason", "How and when did they tell you?"),),
    "Withdrawn",
    "What was kept for this request goes on its day.",
)
CALL_OFF = Form(
    "call-off",
    "Call it off",
    (words_field("reason", "Why?", "They are told."),),
    "Call the viewing off",
    danger=True,
)


def stage_forms(case: Case, stage: str, user: User) -> list[Form]:
    """The forms of one stage that this person may send now."""
    state, roles = State(case.state), user.roles
    if stage == "checked" and can(Event.CHECK, state, roles):
        name = [name_child_form()] if case.pupil is None else []
        waits = [IDENTITY] if case.identity_checked_at is None else []
        return name + waits + ([RESPONSIBILITY] if case.responsibility_checked_at is None else [])
    if stage == "identified" and can(Event.IDENTIFY, state, roles):
        return [IDENTIFY]
    if stage == "invitation" and can(Event.INVITE, state, roles):
        return [invite_form(case)]
    if stage == "viewing" and can(Event.CALL_OFF, state, roles):
        return [invite_form(case), CALL_OFF]
    now = state == State.VIEWED or has_nothing(case)
    return [close_form(case)] if stage == "outcome" and now and can_close(case, user) else []


def can_close(case: Case, user: User) -> bool:
    """Whether this person may close it now with one outcome or another."""
    possible = outcomes_at(State(case.state), nothing=has_nothing(case))
    return can(Event.CLOSE, State(case.state), user.roles) and bool(possible)


def other_forms(case: Case, user: User, today: date) -> list[Form]:
    """What may be done with a request beside its next step."""
    state, found = State(case.state), []
    if can(Event.STOP, state, user.roles):
        found.append(STOP)
        if can_extend(case.asked_on, today, extended=case.extended_at is not None):
            found.insert(0, EXTEND)
    if state == State.READY and can_close(case, user):
        found.append(replace(close_form(case), title="They were given a copy instead"))
    if can(Event.WITHDRAW, state, user.roles):
        found += [WITHDRAW, REFUSE]
    return found


def name_child_form() -> Form:
    """Which child of the roster it is about, where a name was typed."""
    return Form("name-child", "It is this child", (pupil_field(all_pupils(), required=True),), "Which child")


def close_form(case: Case) -> Form:
    """What a request may be closed with, as it stands."""
    options = options_of(outcomes_at(State(case.state), nothing=has_nothing(case)))
    words = "They are told in a letter. What was kept for this request goes on its day."
    return Form(
        "close", "Close the request", (Field("outcome", "Outcome", "select", options=options),), "", words
    )


def invite_form(case: Case) -> Form:
    """The invitation, filled with the one that is out."""
    out = open_invitation(case)
    leaders = tuple((str(user.pk), user.name) for user in list_leaders())
    starts = f"{timezone.localtime(out.starts_at):%Y-%m-%dT%H:%M}" if out else ""
    fields = (
        Field("starts_at", "When", "datetime-local", starts, "In school hours, at least a day ahead."),
        Field(
            "minutes",
            "For how long",
            "number",
            str(out.minutes if out else 45),
            f"In minutes, {SHORTEST_VIEWING} to {LONGEST_VIEWING}.",
        ),
        Field("where", "Where", "select", out.where if out else "", options=options_of(Where)),
        Field("place", "Room", "text", out.place if out else "", "Where it is at school.", required=False),
        Field(
            "leader",
            "Senior leader who will be there",
            "select",
            str(out.leader_id) if out else "",
            options=leaders,
        ),
    )
    if out is not None:
        return Form(
            "change", "Change the invitation", fields, "Another time or place", "They are told again."
        )
    return Form("invite", "Send the invitation", fields)


def _slot(typed: QueryDict) -> dict[str, Any]:
    leader, minutes = typed.get("leader", ""), typed.get("minutes", "")
    return {
        "starts_at": read_moment(typed.get("starts_at", "")),
        "minutes": int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 6 else 0,
        "where": typed.get("where", ""),
        "place": typed.get("place", ""),
        "leader": next((user for user in list_leaders() if str(user.pk) == leader), None),
    }


def _plain(action: Callable[..., Case], *names: str) -> Callable[..., Case]:
    def act(typed: QueryDict, **who: Any) -> Case:
        return action(**{name: typed.get(name, "") for name in names}, **who)

    return act


def _name_child(typed: QueryDict, **who: Any) -> Case:
    pupil = chosen_pupil(typed)
    if pupil is None:
        raise Refused("pupil", "Choose the child.", field="pupil", status=400)
    return log.name_child(pupil=pupil, **who)


VERBS: dict[str, Callable[..., Case]] = {
    "name-child": _name_child,
    "identity": _plain(checks.check_identity, "how"),
    "responsibility": _plain(checks.check_responsibility, "how"),
    "identify": _plain(checks.identify),
    "invite": lambda typed, **who: invitations.invite(**_slot(typed), **who),
    "change": lambda typed, **who: invitations.change_invitation(**_slot(typed), **who),
    "call-off": _plain(invitations.call_off, "reason"),
    "extend": _plain(ending.extend, "reason"),
    "stop": _plain(stopping.stop, "reason"),
    "go-on": _plain(stopping.go_on, "decision"),
    "close": _plain(ending.close, "outcome"),
    "refuse": _plain(ending.refuse, "ground", "reason"),
    "withdraw": _plain(ending.withdraw, "reason"),
}
"""What each button of the page does."""
