"""What every step of a request to see has in common: it is locked, looked at, moved, and written down."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from circletime.access.models import Case, Invitation, Letter, Step
from circletime.access.queries.case import language_of, unsettled
from circletime.access.rules.case import (
    GOING_ON,
    HANDLERS,
    Event,
    State,
    check_may,
    next_state,
    out_of_order,
)
from circletime.access.rules.invitation import Where
from circletime.access.words import Frame, appointment
from circletime.audit.actions import record
from circletime.core.addresses import check_address
from circletime.core.errors import NotAllowed, Refused
from circletime.dispatch.words import Words
from circletime.notices.actions import enqueue
from circletime.notices.rules import Calendar, Kind
from circletime.people.models import User
from circletime.people.queries import get_school

RESTRICTED = "A contact restriction is noted for this child."


def begin(case: Case, event: Event, *, by: User, now: datetime) -> Case:
    """The request, locked, when `by` may do this now. Raises `Refused` when not.

    Where a contact restriction turned up meanwhile, the request is stopped instead: whoever calls this looks
    whether it comes back stopped, and then does no more.
    """
    check_may(event, by.roles)
    fresh = lock(case)
    next_state(State(fresh.state), event, _stopped_from(fresh))
    if event not in (Event.STOP, Event.GO_ON, Event.REFUSE, Event.WITHDRAW):
        stop_if_restricted(fresh, by=by, now=now)
    return fresh


def lock(case: Case) -> Case:
    """The request as it stands, for this transaction alone."""
    return (
        Case.objects.select_for_update(of=("self",)).select_related("pupil", "asker", "hold").get(pk=case.pk)
    )


def stop_if_restricted(locked: Case, *, by: User | str, now: datetime) -> bool:
    """Stop the request when a restriction holds that nobody has decided about; answer whether it was."""
    if not unsettled(locked, timezone.localtime(now).date()):
        return False
    locked.stopped_from, locked.stopped_reason = locked.state, RESTRICTED
    move(locked, Event.STOP, by=by, now=now, text="Stopped: a contact restriction is noted")
    return True


def move(
    locked: Case, event: Event, *, by: User | str, now: datetime, text: str, note: str = "", **data: Any
) -> None:
    """Take the request to where `event` leads; save it whole, with its step and its row of the log."""
    locked.state = next_state(State(locked.state), event, _stopped_from(locked))
    locked.save()
    take_step(locked, event.value.replace(" ", "_"), by=by, now=now, text=text, note=note, **data)


def take_step(
    locked: Case, kind: str, *, by: User | str, now: datetime, text: str, note: str = "", **data: Any
) -> None:
    """Write down something that was done. `text` names nobody; `note` is for the case file alone. `by` is a
    member of staff, or a family's sign-in as the log names it."""
    staff = by if isinstance(by, User) else None
    Step.objects.create(case=locked, at=now, by=staff, kind=kind, text=text, note=note)
    actor = by.actor if isinstance(by, User) else by
    record(f"access.case.{kind}", by=actor, subject=locked.subject, now=now, state=locked.state, **data)


def check_running(case: Case, *, by: User) -> Case:
    """The request, locked, when `by` handles requests and it is going on. Raises `Refused` when not."""
    if not by.roles & HANDLERS:
        raise NotAllowed(
            "Only senior leaders and the safeguarding lead may handle requests to see a recording."
        )
    fresh = lock(case)
    if fresh.state not in GOING_ON:
        raise Refused("out_of_order", out_of_order(State(fresh.state)))
    return fresh


def frame_of(case: Case, by: User) -> Frame:
    """What every letter of this request has."""
    return Frame(
        to=case.asker_name,
        school=get_school().name,
        signed=by.name,
        asked_on=case.asked_on,
        language=language_of(case),
        class_name=case.pupil.school_class.name if case.pupil is not None else "",
    )


def write(
    locked: Case, kind: str, letter: Words, *, by: User, now: datetime, invitation: Invitation | None = None
) -> Letter:
    """Write to whoever asked: kept word for word, and sent where there is an address; else it is printed."""
    to = can_be_written_to(locked.email)
    if to:
        enqueue(
            to=to,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            language=letter.language.code,
            calendar=_entry(invitation, letter.language.code) if invitation is not None else None,
            kind=Kind.CASE,
            about=locked.subject,
            reply_to=by.email,
            by=by,
            now=now,
        )
    return Letter.objects.create(
        case=locked,
        at=now,
        kind=kind,
        to=to,
        language=letter.language.code,
        subject=letter.subject,
        text=letter.text,
    )


def can_be_written_to(address: str) -> str:
    """`address` when a letter can go there, else nothing: then it is printed."""
    try:
        return check_address(address) if address else ""
    except Refused:
        return ""


def _entry(made: Invitation, language: str) -> Calendar:
    """The appointment. It names no child, because calendars are seen by others."""
    summary, location = appointment(
        language, where=Where(made.where), place=made.place, leader=made.leader.name
    )
    return Calendar(
        uid=f"{made.public_id}@circletime",
        sequence=made.sequence,
        cancelled=made.called_off_at is not None,
        starts_at=made.starts_at,
        ends_at=made.ends_at,
        summary=summary,
        location=location,
        organizer_name=made.invited_by.name,
        organizer_email=made.invited_by.email,
    )


def _stopped_from(case: Case) -> State | None:
    return State(case.stopped_from) if case.stopped_from else None
