"""A copy that was signed off, made by hand: what it holds is `viewing/test_copy`'s business."""

from datetime import datetime, timedelta

from circletime.access.models import Case, Copy, Redaction
from circletime.people.models import User


def make_copy(case: Case, by: User, now: datetime) -> Copy:
    """A copy of the request's first recording that waits to be taken."""
    redaction, _ = Redaction.objects.get_or_create(case_recording=case.recordings.earliest("pk"))
    return Copy.objects.create(
        redaction=redaction,
        digest="",
        signed_off_by=by,
        signed_off_at=now,
        wrapped=b"",
        salt=b"",
        link_hash=f"{redaction.copies.count()}",
        expires_at=now + timedelta(days=7),
    )
