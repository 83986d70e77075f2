"""Who asks, whether they may, and which recordings it is about (T10)."""

from datetime import datetime

from django.db import transaction

from circletime.access.actions.common import begin, move, take_step
from circletime.access.actions.keeping import keep, look_into
from circletime.access.models import Case
from circletime.access.rules.case import Event, State
from circletime.core.errors import Refused
from circletime.people.models import User
from circletime.people.rules import check_said

ASK_IDENTITY = "Say how you know who they are."
ASK_RESPONSIBILITY = "Say how you know that they may ask for this child."


@transaction.atomic
def check_identity(*, case: Case, how: str, by: User, now: datetime) -> Case:
    """`by` has made sure who asks."""
    fresh = begin(case, Event.CHECK, by=by, now=now)
    if fresh.state == State.STOPPED:
        return fresh
    if fresh.identity_checked_at is not None:
        raise Refused("checked", "Who asks was checked already.")
    fresh.identity_how = check_said(how, ASK_IDENTITY, field="how")
    fresh.identity_checked_by, fresh.identity_checked_at = by, now
    return _checked(fresh, "identity", "Checked who asks", fresh.identity_how, by=by, now=now)


@transaction.atomic
def check_responsibility(*, case: Case, how: str, by: User, now: datetime) -> Case:
    """`by` has made sure that whoever asks may ask for this child."""
    fresh = begin(case, Event.CHECK, by=by, now=now)
    if fresh.state == State.STOPPED:
        return fresh
    if fresh.responsibility_checked_at is not None:
        raise Refused("checked", "That they may ask was checked already.")
    fresh.responsibility_how = check_said(how, ASK_RESPONSIBILITY, field="how")
    fresh.responsibility_checked_by, fresh.responsibility_checked_at = by, now
    text = "Checked that they may ask for this child"
    return _checked(fresh, "responsibility", text, fresh.responsibility_how, by=by, now=now)


def _checked(fresh: Case, kind: str, text: str, how: str, *, by: User, now: datetime) -> Case:
    fresh.save()
    take_step(fresh, kind, by=by, now=now, text=text, note=how)
    if fresh.identity_checked_at is not None and fresh.responsibility_checked_at is not None:
        move(fresh, Event.CHECK, by=by, now=now, text="Both are checked")
    return fresh


@transaction.atomic
def identify(*, case: Case, by: User, now: datetime) -> Case:
    """List every recording the child is in that was kept on the day of asking, and hold it."""
    fresh = begin(case, Event.IDENTIFY, by=by, now=now)
    if fresh.state == State.STOPPED:
        return fresh
    rows = keep(fresh, by=by, now=now)
    look_into(rows)
    there = sum(row.there for row in rows)
    text = f"{there} recording{'' if there == 1 else 's'} identified, {len(rows) - there} gone already"
    move(fresh, Event.IDENTIFY, by=by, now=now, text=text, there=there, gone=len(rows) - there)
    return fresh
