"""Telling the media server what the database already says.

An action writes `MediaOrder` rows in its own transaction. They are carried out right after the
commit, and again by the worker until they succeed. One process at a time holds a meeting's lease,
and a microphone is only ever given after every other pending change of that meeting was made, so
that two children never hold one at any instant (P2), even while orders are late or repeated.
"""

import time as clock
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from circletime.core import time
from circletime.media import livekit
from circletime.media.livekit import MediaError
from circletime.media.rules import Rights
from circletime.meetings.models import MediaOrder, Meeting, Seat
from circletime.meetings.queries import seat_rights
from circletime.meetings.rules import OVER, State

LEASE = timedelta(seconds=6)
RENEW_AFTER = 2.0
"""Seconds. A call to the media server takes at most two more, so a lease renewed by then never runs out."""


@dataclass(frozen=True)
class _Taken:
    """What is pending for one meeting, as it stood at one moment."""

    orders: list[int]
    room: str
    closing: bool
    floor: str
    wanted: dict[str, tuple[str, Rights]]


def carry_out(meeting_pk: int) -> bool:
    """Do what is pending for one meeting; False when the media server could not be told it all."""
    while MediaOrder.objects.filter(meeting=meeting_pk).exists():
        taken = _take(meeting_pk)
        if taken is None:
            return False
        try:
            _tell(meeting_pk, taken)
        except MediaError:
            _give_back(meeting_pk, done=[])
            return False
        except BaseException:
            _give_back(meeting_pk, done=[])
            raise
        _give_back(meeting_pk, done=taken.orders)
    return True


@transaction.atomic
def _take(meeting_pk: int) -> _Taken | None:
    """Take the meeting's lease, and read orders and rights under its lock, so they belong to one moment."""
    meeting = Meeting.objects.select_for_update().get(pk=meeting_pk)
    now = time.now()
    if meeting.media_leased_until is not None and meeting.media_leased_until >= now:
        return None
    Meeting.objects.filter(pk=meeting_pk).update(media_leased_until=now + LEASE)
    pending = list(MediaOrder.objects.filter(meeting=meeting).select_related("seat"))
    wanted: dict[str, tuple[str, Rights]] = {}
    for order in pending:
        if order.seat is not None:
            verb = "remove" if order.seat.state != "admitted" else "rights"
            wanted[order.seat.public_id] = (verb, seat_rights(meeting, order.seat))
    return _Taken(
        orders=[order.pk for order in pending],
        room=meeting.room,
        closing=meeting.state in OVER,
        floor=meeting.floor.public_id if meeting.floor else "",
        wanted=wanted,
    )


@transaction.atomic
def _give_back(meeting_pk: int, *, done: list[int]) -> None:
    MediaOrder.objects.filter(pk__in=done).delete()
    Meeting.objects.filter(pk=meeting_pk).update(media_leased_until=None)


def _tell(meeting_pk: int, taken: _Taken) -> None:
    if taken.closing:
        livekit.delete_room(taken.room)
        return
    leased_at = clock.monotonic()
    # False sorts first: what takes a right away comes before what gives a pupil the microphone.
    for identity, (verb, rights) in sorted(taken.wanted.items(), key=lambda item: item[0] == taken.floor):
        if clock.monotonic() - leased_at > RENEW_AFTER:
            Meeting.objects.filter(pk=meeting_pk).update(media_leased_until=time.now() + LEASE)
            leased_at = clock.monotonic()
        if verb == "remove":
            livekit.remove(taken.room, identity)
        else:
            livekit.set_rights(taken.room, identity, rights)


def reconcile(meeting: Meeting) -> list[str]:
    """Compare the media server's room with the database and correct the media server.

    Answers the identities that are really in the room. Raises `MediaError` when it cannot be asked.
    """
    seats = {seat.public_id: seat for seat in Seat.objects.filter(meeting=meeting)}
    here: list[str] = []
    for participant in livekit.list_participants(meeting.room):
        if participant.identity == "recorder":
            continue
        seat = seats.get(participant.identity)
        here.append(participant.identity)
        if seat is None:
            livekit.remove(meeting.room, participant.identity)
        elif seat.state != "admitted" or participant.rights != seat_rights(meeting, seat):
            MediaOrder.objects.create(meeting=meeting, verb="rights", seat=seat, made_at=time.now())
    return here


def restore_room(meeting: Meeting) -> None:
    """Make sure a running meeting's room exists, as after a restart of the media server."""
    if meeting.state in (State.LIVE, State.FROZEN):
        livekit.create_room(meeting.room)
