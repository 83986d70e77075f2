"""Opening a recording to whoever hosted its meeting, for a time, and closing it again (T8)."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import User
from circletime.recordings.models import Opening, Recording
from circletime.recordings.queries import may_be_seen
from circletime.recordings.rules import check_days, check_open, check_reason
from circletime.recordings.watching import list_hosts


@transaction.atomic
def open_to_host(
    *, recording: Recording, user: User | None, reason: str, days: int | None, by: User, now: datetime
) -> Opening:
    """Let somebody who hosted the meeting watch its recording, for so many days. Time alone ends it.

    Raises `Refused` beside the field: for anybody else, without a reason, for longer than the policy has it.
    """
    check_open(by.roles)
    fresh = Recording.objects.select_for_update(of=("self",)).select_related("meeting").get(pk=recording.pk)
    if not may_be_seen(fresh, now):
        raise Refused("destroyed", "This recording was destroyed.", status=410)
    if user is None or user not in list_hosts(fresh):
        raise Refused("user", "Choose somebody who hosted this meeting.", field="user", status=400)
    opening = Opening.objects.create(
        recording=fresh,
        user=user,
        reason=check_reason(reason, "Say why it is opened.", most=300),
        opened_by=by,
        opened_at=now,
        until=now + check_days(days),
    )
    record(
        "recordings.opening.made",
        by=by.actor,
        subject=fresh.subject,
        now=now,
        opening=opening.public_id,
        to=user.actor,
        until=opening.until.isoformat(),
    )
    return opening


@transaction.atomic
def close(*, opening: Opening, by: User, now: datetime) -> None:
    """End it before its time. Doing it again changes nothing."""
    check_open(by.roles)
    fresh = Opening.objects.select_for_update(of=("self",)).select_related("recording").get(pk=opening.pk)
    if fresh.closed_at is not None or fresh.until <= now:
        return
    fresh.closed_at, fresh.closed_by = now, by
    fresh.save(update_fields=["closed_at", "closed_by"])
    subject = fresh.recording.subject
    record("recordings.opening.closed", by=by.actor, subject=subject, now=now, opening=fresh.public_id)
