"""How much room there is for what is recorded."""

import shutil
from datetime import date, datetime

from django.conf import settings
from django.utils import timezone

from circletime.meetings.models import Meeting
from circletime.meetings.rules import JOINABLE
from circletime.recordings import room, store
from circletime.recordings.models import Hold, Recording
from circletime.recordings.rules import (
    CAPTURING,
    State,
)


def free_bytes() -> int:
    """The free bytes of the disk that the recorder writes to. Raises `OSError`."""
    return shutil.disk_usage(settings.VAULT).free


def seconds_to_record(now: datetime, but: Meeting | None = None) -> float:
    """How long all meetings that are recorded at this moment, or start now, may still last together."""
    recorded = Recording.objects.filter(state__in=CAPTURING, meeting__state__in=JOINABLE).exclude(meeting=but)
    return sum(
        (one.meeting.ends_at - now).total_seconds() if one.meeting.ends_at else 60.0 * one.meeting.minutes
        for one in recorded.select_related("meeting")
    )


def room_warning(now: datetime) -> str:
    """What staff are told while the disk is nearly full; empty while it is not."""
    try:
        return room.warning(free_bytes(), seconds_to_record(now))
    except OSError:
        return "The disk that recordings are kept on is not there."


def list_kept_bytes() -> list[tuple[date, date | None, int]]:
    """Each recording that is kept on this machine: when it was made, when it goes, and its bytes.

    One that somebody keeps goes on no day that is known. Reads the size of every file.
    """
    kept = Recording.objects.filter(state=State.STOPPED, public_id__in=store.local_ids())
    held = set(Hold.objects.filter(released_at=None).values_list("recordings", flat=True))
    return [
        (
            timezone.localtime(one.made_at).date(),
            None if one.pk in held else one.destroy_on,
            sum(store.local_sizes(one.public_id).values()),
        )
        for one in kept
    ]


def count_unmoved(since: datetime) -> int:
    """How many recordings that stopped before `since` still wait to be moved to the bucket."""
    here = [public_id for public_id in store.local_ids() if store.waiting(public_id)]
    return Recording.objects.filter(state=State.STOPPED, public_id__in=here, stopped_at__lt=since).count()
