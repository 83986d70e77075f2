"""Keeping what a request is about, from the moment it is asked until it ends (T9, T10)."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from circletime.access.models import Case, CaseRecording
from circletime.access.queries.find import Found, find_recordings
from circletime.access.queries.tracks import read_tracks
from circletime.people.models import User
from circletime.recordings.actions import holds
from circletime.recordings.models import Recording
from circletime.recordings.queries import may_be_seen

REASON = "A request to see"
NOT_BEFORE = timedelta(days=7)
"""A request that was logged late is looked at again no sooner than this."""


def keep(locked: Case, *, by: User | str, now: datetime) -> list[CaseRecording]:
    """Find every recording of the child and hold what is still there; the program does, for whoever asked.

    Asked again it adds what came to be known. Answers all of them, the oldest first.
    """
    if locked.pupil is None:
        return []
    rows = [_row(locked, found, now) for found in find_recordings(locked.pupil, locked.asked_on)]
    there = [row.recording for row in rows if row.there]
    _hold(locked, there, now)
    return rows


def look_into(rows: list[CaseRecording]) -> None:
    """Write beside the register's numbers what the recorder wrote of the child, where it can be read."""
    for row in rows:
        written = read_tracks(row.recording, row.seats) if row.there else None
        if written is not None:
            row.pictured, row.heard = round(written.pictured, 1), round(written.heard, 1)
            row.save(update_fields=["pictured", "heard"])


def let_go(locked: Case, *, now: datetime) -> None:
    """The request is over: what it held goes on its day."""
    if locked.hold is not None and locked.hold.released_at is None:
        holds.release_hold(hold=locked.hold, reason="The request to see is over", by=locked.subject, now=now)


def look_again(locked: Case, *, now: datetime) -> None:
    """The request may take longer, so the hold is looked at again later."""
    if locked.hold is not None and locked.hold.released_at is None:
        day = _review_on(locked, now)
        holds.review_hold(hold=locked.hold, review_on=day, by=locked.subject, now=now)


def _row(locked: Case, found: Found, now: datetime) -> CaseRecording:
    known = {"seats": found.seats, "minutes": round(found.minutes, 2), "seconds": round(found.seconds, 1)}
    known["there"] = may_be_seen(found.recording, now)
    row, _ = CaseRecording.objects.update_or_create(case=locked, recording=found.recording, defaults=known)
    row.recording = found.recording
    return row


def _hold(locked: Case, there: list[Recording], now: datetime) -> None:
    held = set(locked.hold.recordings.values_list("pk", flat=True)) if locked.hold is not None else set()
    if {each.pk for each in there} <= held:
        return
    old = locked.hold
    locked.hold = holds.place_hold(
        recordings=there, reason=REASON, review_on=_review_on(locked, now), by=locked.subject, now=now
    )
    locked.save(update_fields=["hold"])
    if old is not None:
        holds.release_hold(hold=old, reason="A wider one took its place", by=locked.subject, now=now)


def _review_on(locked: Case, now: datetime) -> date:
    return max(locked.due_on, timezone.localtime(now).date() + NOT_BEFORE)
