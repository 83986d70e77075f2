"""Opening a recording to watch it: only by who may, only with a reason, always written down (T8).

Two accounts of what was watched are kept. What the server handed out is the one that counts: nothing else
can have been seen. What the browser says it played is only ever a part of that.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.documents.queries import check_pass
from circletime.documents.rules.kinds import Gate
from circletime.people.models import User
from circletime.recordings import spans, watching
from circletime.recordings.models import Film, Recording, Viewing
from circletime.recordings.queries import length_of, may_be_seen
from circletime.recordings.rules import VIEWING_LASTS, Span, check_reason


@transaction.atomic
def begin_viewing(*, recording: Recording, why: str, by: User, now: datetime) -> Viewing:
    """Write down that `by` watches, and why. Raises `Refused` without a reason, without the
    right, or before what watching needs was read (C4)."""
    if not watching.may_watch(recording, by, now):
        raise NotAllowed("This recording is not open to you.")
    check_pass(by, Gate.WATCHING)
    reason = check_reason(why, "Say why you are watching.", field="why", most=300)
    fresh = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
    if not may_be_seen(fresh, now):
        raise Refused("destroyed", "This recording was destroyed.", status=410)
    viewing = Viewing.objects.create(recording=fresh, user=by, at=now, why=reason)
    record("recordings.recording.viewed", by=by.actor, subject=fresh.subject, now=now, viewing=viewing.pk)
    return viewing


@transaction.atomic
def note_sent(*, viewing: Viewing, film: Film, part: Span, size: int, now: datetime) -> None:
    """These bytes of a film are about to be handed out: note which seconds they are."""
    lasts = length_of(film.recording, now).total_seconds()
    seconds = spans.of_bytes(part, size, film.places, lasts)
    if seconds is None:
        return
    fresh = Viewing.objects.select_for_update(of=("self",)).get(pk=viewing.pk)
    fresh.sent = [list(span) for span in spans.merged([*fresh.sent, seconds])]
    fresh.sent_at = now
    fresh.save(update_fields=["sent", "sent_at"])


@transaction.atomic
def note_played(*, viewing: Viewing, told: Sequence[Sequence[float]], by: User, now: datetime) -> None:
    """The browser says that it played this. What was never handed out to this viewing is not believed."""
    fresh = Viewing.objects.select_for_update(of=("self",)).get(pk=viewing.pk)
    if fresh.user_id != by.pk or now > fresh.at + VIEWING_LASTS:
        raise NotAllowed
    fresh.played = [list(span) for span in spans.within([*fresh.played, *told], fresh.sent)]
    fresh.save(update_fields=["played"])
