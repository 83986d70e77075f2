"""The words that were written about a recording, forgotten with the register of its meeting."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.meetings.models import Meeting
from circletime.recordings.models import EarlyDeletion, Hold, Opening, Recording, Viewing
from circletime.recordings.rules import GONE

NOT_KEPT = "Not kept any more"


@transaction.atomic
def empty_words(*, meeting: Meeting, by: str, now: datetime) -> None:
    """Why its recording was watched, opened, kept or deleted early is gone; that it was, and by whom, stays.

    A hold that still keeps something has its words. Nothing happens while the recording is there.
    """
    recording = Recording.objects.filter(meeting=meeting, state__in=GONE).first()
    if recording is None:
        return
    Viewing.objects.filter(recording=recording).update(why=NOT_KEPT)
    Opening.objects.filter(recording=recording).update(reason=NOT_KEPT)
    EarlyDeletion.objects.filter(recording=recording).update(reason=NOT_KEPT)
    holds = Hold.objects.filter(recordings=recording, released_at__isnull=False)
    Hold.objects.filter(pk__in=holds.values("pk")).update(reason=NOT_KEPT, release_reason=NOT_KEPT)
    record("recordings.words.emptied", by=by, subject=recording.subject, now=now)
