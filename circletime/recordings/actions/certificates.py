"""The signed certificate that stays when a recording is gone (T9)."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from circletime.audit.actions import record
from circletime.audit.queries import head
from circletime.audit.rules import canonical
from circletime.meetings.models import Meeting
from circletime.recordings import keys
from circletime.recordings.models import Certificate, Recording
from circletime.recordings.rules import Rule

TITLE = "Certificate that a recording was destroyed"


def look_at(sizes: dict[str, int]) -> dict[str, Any]:
    """What there is of a recording: how many parts, their bytes, and a digest of names and sizes."""
    found = sorted(sizes.items())
    text = "".join(f"{name} {size}\n" for name, size in found)
    return {
        "parts": len(found),
        "bytes": sum(size for _, size in found),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def sign(recording: Recording, *, by: str, now: datetime) -> Certificate:
    """Sign for a recording whose destruction was just written to the log. Raises `KeyTrouble`.

    Called inside the transaction that ends the recording, so neither is there without the other.
    """
    first = not Certificate.objects.exists()
    number, digest = head()
    facts = {
        "format": 1,
        "title": TITLE,
        "recording": recording.public_id,
        **_meeting(recording),
        **(recording.ending or {"rule": Rule.DAY.value}),
        "kept_until": recording.destroy_on.isoformat(),
        "destroyed_at": _stamp(now),
        "log_row": number,
        "log_digest": digest,
        "public_key": keys.public_key(may_make_file=first),
    }
    text = canonical(facts)
    made = Certificate.objects.create(
        recording=recording, made_at=now, text=text, signature=keys.sign(text, may_make_file=False)
    )
    record(
        "recordings.certificate.signed",
        by=by,
        subject=recording.subject,
        now=now,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
    return made


def _meeting(recording: Recording) -> dict[str, Any]:
    """Which meeting it was, in words that name no child and no family."""
    meeting = recording.meeting
    began = meeting.live_at
    ended = meeting.ended_at or recording.stopped_at or began
    minutes = round((ended - began).total_seconds() / 60) if began and ended else 0
    return {
        "meeting": _title(meeting),
        "day": timezone.localtime(began or recording.made_at).date().isoformat(),
        "minutes": max(0, minutes),
    }


def _title(meeting: Meeting) -> str:
    # Not `meeting.title`, which has the family's name where parents were met, and a group's own name.
    kind = f"{meeting.get_kind_display()} meeting"
    return f"{kind}, {meeting.school_class}" if meeting.school_class is not None else kind


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
