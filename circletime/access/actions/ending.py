"""The clock and the end of a request: more time, what came of it, a refusal with its lawful reason (T10)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from circletime.access import words as letters
from circletime.access.actions.common import begin, check_running, frame_of, move, take_step, write
from circletime.access.actions.invitations import call_off_open
from circletime.access.actions.keeping import let_go, look_again
from circletime.access.models import Case, Copy
from circletime.access.queries.case import has_nothing
from circletime.access.rules.case import Event, State
from circletime.access.rules.clock import check_extend, extended_until
from circletime.access.rules.outcome import Outcome, check_copies, check_ground, check_outcome, needs_words
from circletime.people.models import User
from circletime.people.rules import check_said


@transaction.atomic
def extend(*, case: Case, reason: str, by: User, now: datetime) -> Case:
    """Take two more months, within the first, and tell whoever asked why."""
    fresh = check_running(case, by=by)
    check_extend(fresh.asked_on, timezone.localtime(now).date(), extended=fresh.extended_at is not None)
    fresh.extension_reason = check_said(reason, "Say why it needs more time. They are told.", field="reason")
    fresh.extended_by, fresh.extended_at, fresh.due_on = by, now, extended_until(fresh.asked_on)
    fresh.save()
    due = fresh.due_on
    take_step(
        fresh,
        "extended",
        by=by,
        now=now,
        text="Two more months were taken",
        note=fresh.extension_reason,
        due_on=due.isoformat(),
    )
    write(
        fresh,
        "extended",
        letters.extended(frame_of(fresh, by), until=due, reason=fresh.extension_reason),
        by=by,
        now=now,
    )
    look_again(fresh, now=now)
    return fresh


@transaction.atomic
def close(*, case: Case, outcome: str, by: User, now: datetime) -> Case:
    """It is answered: viewed and enough, a copy given, or there was nothing. What it held is let go."""
    fresh = begin(case, Event.CLOSE, by=by, now=now)
    if fresh.state == State.STOPPED:
        return fresh
    fresh.outcome = check_outcome(outcome, State(fresh.state), nothing=has_nothing(fresh))
    copies = Copy.objects.filter(redaction__case_recording__case=fresh)
    check_copies(
        Outcome(fresh.outcome),
        taken=copies.exclude(taken_at=None).count(),
        waiting=copies.filter(taken_at=None, called_back_at=None, expires_at__gt=now).count(),
    )
    _end(fresh, Event.CLOSE, f"Closed: {Outcome(fresh.outcome).words}", by=by, now=now)
    write(
        fresh, "closed", letters.closed(frame_of(fresh, by), outcome=Outcome(fresh.outcome)), by=by, now=now
    )
    return fresh


@transaction.atomic
def refuse(*, case: Case, ground: str, reason: str, by: User, now: datetime) -> Case:
    """Refuse it, for a lawful reason; the letter says where that can be taken."""
    fresh = begin(case, Event.REFUSE, by=by, now=now)
    chosen = check_ground(ground)
    ask = "Name the law." if needs_words(chosen) else "Say in your words why. They read it."
    fresh.outcome_reason = check_said(reason, ask, field="reason")
    fresh.outcome, fresh.ground = Outcome.REFUSED, chosen
    call_off_open(fresh, by=by, now=now)
    _end(fresh, Event.REFUSE, f"Refused: {chosen.words}", by=by, now=now, note=fresh.outcome_reason)
    letter = letters.refused(frame_of(fresh, by), ground=chosen, reason=fresh.outcome_reason)
    write(fresh, "refused", letter, by=by, now=now)
    return fresh


@transaction.atomic
def withdraw(*, case: Case, reason: str, by: User, now: datetime) -> Case:
    """Whoever asked does not want it any more."""
    fresh = begin(case, Event.WITHDRAW, by=by, now=now)
    ask = "Say how they told you, and when."
    fresh.outcome_reason = check_said(reason, ask, field="reason")
    fresh.outcome = Outcome.WITHDRAWN
    call_off_open(fresh, by=by, now=now)
    _end(fresh, Event.WITHDRAW, "Withdrawn by whoever asked", by=by, now=now, note=fresh.outcome_reason)
    return fresh


def _end(fresh: Case, event: Event, text: str, *, by: User, now: datetime, note: str = "") -> None:
    fresh.closed_by, fresh.closed_at = by, now
    move(fresh, event, by=by, now=now, text=text, note=note, outcome=fresh.outcome, ground=fresh.ground)
    let_go(fresh, now=now)
