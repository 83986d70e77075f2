"""What keeps a recording beyond its day, what ends it before, and what is left of it after."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count

from circletime.recordings.models import Certificate, EarlyDeletion, Hold, Recording
from circletime.recordings.rules import (
    early_expires,
)


def get_hold(public_id: str) -> Hold | None:
    """The hold of this name, or None."""
    found = Hold.objects.select_related("placed_by", "released_by").prefetch_related("recordings__meeting")
    return found.filter(public_id=public_id).first()


def open_holds(recording: Recording) -> list[Hold]:
    """What keeps this recording at this moment, the newest first."""
    read: list[Hold] | None = getattr(recording, "open_holds", None)  # with a whole list, in one question
    if read is not None:
        return read
    return list(recording.holds.filter(released_at=None).select_related("placed_by"))


@dataclass(frozen=True)
class HoldCount:
    """For governors: numbers, and nothing about anybody."""

    holds: int
    recordings: int
    overdue: int


def count_holds(today: date) -> HoldCount:
    """How many holds there are, of how many recordings, and how many nobody looked at on their day (C5)."""
    open_ones = Hold.objects.filter(released_at=None)
    kept = open_ones.aggregate(number=Count("recordings", distinct=True))["number"]
    return HoldCount(open_ones.count(), kept, open_ones.filter(review_on__lt=today).count())


def open_early(recording: Recording, now: datetime) -> EarlyDeletion | None:
    """The wish to delete this recording early that waits to be confirmed, or None."""
    waiting = EarlyDeletion.objects.filter(recording=recording, confirmed_at=None, withdrawn_at=None)
    found = waiting.select_related("asked_by").first()
    return found if found is not None and now < early_expires(found.asked_at) else None


def certificate_of(public_id: str) -> Certificate | None:
    """The certificate that this recording is gone, or None."""
    return Certificate.objects.filter(recording__public_id=public_id).first()
