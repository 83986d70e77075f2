"""Keeping recordings beyond their day, and letting them go again (T9)."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import User
from circletime.recordings.models import Hold, Recording
from circletime.recordings.queries import is_held
from circletime.recordings.rules import GONE, check_hold, check_reason, check_review, is_past

WHY_KEEP = "Say why these recordings are kept."
WHY_RELEASE = "Say why they are not needed any more."


@transaction.atomic
def place_hold(
    *, recordings: Iterable[Recording], reason: str, review_on: date | None, by: User | str, now: datetime
) -> Hold:
    """Keep these recordings until somebody releases them.

    `by` is a person, whose roles are checked, or the program's own name where the law asks for it. Raises
    `Refused`, and then keeps none of them.
    """
    if isinstance(by, User):
        check_hold(by.roles)
    today = timezone.localtime(now).date()
    wanted = {recording.pk for recording in recordings}
    if not wanted:
        raise Refused("recordings", "Choose at least one recording.", field="recordings", status=400)
    locked = list(Recording.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk"))
    for recording in locked:
        if recording.state in GONE:
            raise Refused("destroyed", "One of these recordings was destroyed already.", field="recordings")
        if is_past(recording.destroy_on, today, held=is_held(recording)):
            raise Refused("past", "The day of one of these recordings has come already.", field="recordings")
    hold = Hold(
        reason=check_reason(reason, WHY_KEEP),
        review_on=check_review(review_on, today),
        placed_by=by if isinstance(by, User) else None,
        placed_at=now,
    )
    hold.save()
    hold.recordings.set(locked)
    actor = by.actor if isinstance(by, User) else by
    record(
        "recordings.hold.placed",
        by=actor,
        subject=hold.subject,
        now=now,
        recordings=[recording.public_id for recording in locked],
        review_on=hold.review_on.isoformat(),
    )
    for recording in locked:
        record("recordings.recording.held", by=actor, subject=recording.subject, now=now, hold=hold.public_id)
    return hold


@transaction.atomic
def review_hold(*, hold: Hold, review_on: date | None, by: User | str, now: datetime) -> None:
    """It was looked at and is still needed; it is looked at again on `review_on`."""
    fresh, actor = _open(hold, by)
    fresh.review_on = check_review(review_on, timezone.localtime(now).date())
    fresh.save(update_fields=["review_on"])
    record(
        "recordings.hold.reviewed",
        by=actor,
        subject=fresh.subject,
        now=now,
        review_on=fresh.review_on.isoformat(),
    )


@transaction.atomic
def release_hold(*, hold: Hold, reason: str, by: User | str, now: datetime) -> None:
    """Let the recordings go: each is destroyed on its day, or at the worker's next run when that is over.

    What the program placed itself, for a request to see or an incident, only the program releases at its end.
    """
    fresh, actor = _open(hold, by)
    fresh.release_reason = check_reason(reason, WHY_RELEASE)
    fresh.released_by, fresh.released_at = by if isinstance(by, User) else None, now
    fresh.save(update_fields=["release_reason", "released_by", "released_at"])
    record("recordings.hold.released", by=actor, subject=fresh.subject, now=now)
    for recording in fresh.recordings.order_by("pk"):
        record(
            "recordings.recording.released",
            by=actor,
            subject=recording.subject,
            now=now,
            hold=fresh.public_id,
        )


def _open(hold: Hold, by: User | str) -> tuple[Hold, str]:
    """The hold, locked, and who changes it as the log has them."""
    if isinstance(by, User):
        check_hold(by.roles)
    fresh = Hold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if fresh.released_at is not None:
        raise Refused("released", "This was released already.")
    if isinstance(by, User) and fresh.placed_by_id is None:
        raise Refused(
            "placed_by_itself",
            "A request to see, or an incident, keeps these recordings. They are kept to its end.",
        )
    return fresh, by.actor if isinstance(by, User) else by
