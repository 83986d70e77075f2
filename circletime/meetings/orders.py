"""Telling the media server what the database already says.

An action writes `MediaOrder` rows in its own transaction. They are carried out right after the
commit, and again by the worker until they succeed. One process at a time holds a meeting's lease,
and a microphone is only ever given after every other pending change of that meeting was made, so
that two children never hold one at any instant (P2), even while orders are late or repeated.
"""

import time as clock
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

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


def carry_out(meeting_pk: int) -> bool:
    """Do what is pending for one meeting; False when the media server could not be told it all."""
    while MediaOrder.objects.filter(meeting=meeting_pk).exists():
        if not _lease(meeting_pk):
            return False
        try:
            done = _carry_out_once(meeting_pk)
        finally:
            Meeting.objects.filter(pk=meeting_pk).update(media_leased_until=None)
        if not done:
            return False
    return True


def _lease(meeting_pk: int, *, renew: bool = False) -> bool:
    now = time.now()
    free = Q() if renew else Q(media_leased_until=None) | Q(media_leased_until__lt=now)
    return bool(Meeting.objects.filter(free, pk=meeting_pk).update(media_leased_until=now + LEASE))


def _carry_out_once(meeting_pk: int) -> bool:
    leased_at = clock.monotonic()
    # Orders and rights are read under the meeting's lock, so they belong to one moment.
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().get(pk=meeting_pk)
        pending = list(MediaOrder.objects.filter(meeting=meeting).select_related("seat"))
        closing = meeting.state in OVER
        wanted: dict[str, tuple[str, Rights]] = {}
        for order in pending:
            if order.seat is not None:
                verb = "remove" if order.seat.state != "admitted" else "rights"
                wanted[order.seat.public_id] = (verb, seat_rights(meeting, order.seat))
    try:
        if closing:
            livekit.delete_room(meeting.room)
        else:
            # False sorts first: what takes a right away comes before what gives a pupil the microphone.
            floor = meeting.floor.public_id if meeting.floor else ""
            for identity, (verb, rights) in sorted(wanted.items(), key=lambda item: item[0] == floor):
                if clock.monotonic() - leased_at > RENEW_AFTER:
                    _lease(meeting_pk, renew=True)
                    leased_at = clock.monotonic()
                if verb == "remove":
                    livekit.remove(meeting.room, identity)
                else:
                    livekit.set_rights(meeting.room, identity, rights)
    except MediaError:
        return False
    MediaOrder.objects.filter(pk__in=[order.pk for order in pending]).delete()
    return True


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
