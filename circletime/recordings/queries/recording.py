"""Which recordings there are, and whether they may still be seen."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils import timezone

from circletime.people.models import User
from circletime.recordings.models import Film, Hold, Recording
from circletime.recordings.rules import (
    GONE,
    FilmKind,
    State,
    can_watch,
    is_past,
)

_OPEN_HOLDS = Prefetch("holds", Hold.objects.filter(released_at=None), to_attr="open_holds")
_WHOLE_FILMS = Prefetch(
    "films", Film.objects.filter(kind=FilmKind.WHOLE).defer("places"), to_attr="whole_films"
)
_KEPT = Exists(Hold.objects.filter(recordings=OuterRef("pk"), released_at=None))
_RELATED = ("meeting__school_class", "meeting__group", "meeting__household", "meeting__host")


def list_recordings(user: User, gone_since: date | None = None) -> list[Recording]:
    """Every recording of a meeting that was held, the newest first; none for who may not watch.

    With `gone_since` those that are gone are left out whose day was before.
    """
    if not can_watch(user.roles):
        return []
    held = Recording.objects.filter(meeting__live_at__isnull=False)
    if gone_since is not None:
        held = held.exclude(state__in=GONE, destroy_on__lt=gone_since)
    return list(held.select_related(*_RELATED, "certificate").prefetch_related(_OPEN_HOLDS, _WHOLE_FILMS))


def get_recording(public_id: str) -> Recording | None:
    """The recording of this name, or None."""
    held = Recording.objects.filter(meeting__live_at__isnull=False)
    return held.select_related(*_RELATED).filter(public_id=public_id).first()


def list_named(public_ids: Iterable[str]) -> list[Recording]:
    """The recordings of these names, the newest first."""
    held = Recording.objects.filter(meeting__live_at__isnull=False, public_id__in=list(public_ids))
    return list(held.select_related(*_RELATED))


def is_held(recording: Recording) -> bool:
    """Whether somebody keeps this recording beyond its day (T9)."""
    return recording.holds.filter(released_at=None).exists()


def may_be_seen(recording: Recording, now: datetime) -> bool:
    """Whether there is anything left that somebody may watch at this moment, worker or no worker (T9)."""
    if recording.state in GONE:
        return False
    return not is_past(recording.destroy_on, timezone.localtime(now).date(), held=is_held(recording))


def length_of(recording: Recording, now: datetime) -> timedelta:
    """How long the meeting was, or has been, recorded."""
    meeting = recording.meeting
    return max(timedelta(0), (meeting.ended_at or now) - (meeting.live_at or recording.made_at))


def due(today: date) -> QuerySet[Recording]:
    """What has to be destroyed by `today`: its day has come and nothing keeps it."""
    return _past(today).filter(~_KEPT).order_by("destroy_on", "pk")


def count_kept(today: date) -> int:
    """How many recordings are past their day and there only because somebody keeps them."""
    return _past(today).filter(_KEPT).count()


def _past(today: date) -> QuerySet[Recording]:
    return Recording.objects.filter(state=State.STOPPED, destroy_on__lte=today)
