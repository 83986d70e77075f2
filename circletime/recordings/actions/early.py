"""Deleting a recording before its day: headteacher and safeguarding lead together, or not at all (T9)."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.people.models import User
from circletime.recordings.actions import retention
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import EarlyDeletion, Recording
from circletime.recordings.queries import is_held, open_early
from circletime.recordings.rules import (
    CAPTURING,
    GONE,
    Ground,
    Rule,
    check_early,
    check_reason,
    is_past,
    two_together,
)
from circletime.recordings.store import StoreTrouble

log = logging.getLogger(__name__)

WHY = "Say why it should not be kept until its day."


@transaction.atomic
def ask_early(*, recording: Recording, ground: str, reason: str, by: User, now: datetime) -> EarlyDeletion:
    """One of the two asks. Raises `Refused` while it is held, or another wish waits."""
    check_early(by.roles)
    fresh = _lock(recording, now)
    if open_early(fresh, now) is not None:
        raise Refused("asked", "Early deletion was asked for already.")
    if ground not in set(Ground):
        raise Refused("ground", "Choose what fits best.", field="ground", status=400)
    wish = EarlyDeletion.objects.create(
        recording=fresh, ground=ground, reason=check_reason(reason, WHY), asked_by=by, asked_at=now
    )
    record("recordings.early.asked", by=by.actor, subject=fresh.subject, now=now, ground=ground)
    return wish


def confirm_early(*, recording: Recording, by: User, now: datetime) -> None:
    """The other of the two agrees, and the recording is destroyed at once.

    What a full or broken disk keeps from being removed is removed by the worker; the key is gone by then.
    """
    _confirm(recording, by, now)
    retention.forget_old_pages()
    try:
        retention.go_on(recording=recording, by=by.actor, now=now)
    except (OSError, KeyTrouble, StoreTrouble):
        log.exception("recording %s could not be removed; the worker tries it again", recording.public_id)


@transaction.atomic
def _confirm(recording: Recording, by: User, now: datetime) -> None:
    check_early(by.roles)
    retention.overwrite_freed_pages()
    fresh = _lock(recording, now)
    wish = _open(fresh, now)
    if wish.asked_by_id == by.pk:
        raise NotAllowed("Somebody else has to confirm what you asked for.")
    if not two_together(wish.asked_by.roles, by.roles):
        raise NotAllowed("It takes the headteacher and the safeguarding lead; each of them once.")
    wish.confirmed_by, wish.confirmed_at = by, now
    wish.save(update_fields=["confirmed_by", "confirmed_at"])
    record("recordings.early.confirmed", by=by.actor, subject=fresh.subject, now=now, ground=wish.ground)
    retention.take_key(
        fresh,
        Rule.EARLY,
        by=by.actor,
        now=now,
        ground=Ground(wish.ground).words,
        asked_by=wish.asked_by.actor,
        confirmed_by=by.actor,
    )


@transaction.atomic
def withdraw_early(*, recording: Recording, by: User, now: datetime) -> None:
    """Either of the two takes the wish back."""
    check_early(by.roles)
    fresh = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
    wish = _open(fresh, now)
    wish.withdrawn_by, wish.withdrawn_at = by, now
    wish.save(update_fields=["withdrawn_by", "withdrawn_at"])
    record("recordings.early.withdrawn", by=by.actor, subject=fresh.subject, now=now)


def _lock(recording: Recording, now: datetime) -> Recording:
    """The recording, locked, if it may be deleted early at all."""
    fresh = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
    held = is_held(fresh)
    if fresh.state in GONE or is_past(fresh.destroy_on, timezone.localtime(now).date(), held=held):
        raise Refused("destroyed", "This recording was destroyed.", status=410)
    if fresh.state in CAPTURING:
        raise Refused("wrong_state", "It is still being recorded. End the meeting first.")
    if held:
        raise Refused("held", "This recording is kept until it is released, so it cannot be deleted.")
    return fresh


def _open(recording: Recording, now: datetime) -> EarlyDeletion:
    found = open_early(recording, now)
    if found is None:
        raise Refused("no_wish", "Nobody asks for this any more. Begin again.")
    return found
