"""What every action on a meeting does: lock it, check who asks, note, order, and tell the pages."""

from datetime import datetime
from functools import partial

from django.db import transaction

from circletime.core.errors import NotAllowed, Refused
from circletime.meetings import live, orders
from circletime.meetings.models import Happening, MediaOrder, Meeting, Seat
from circletime.meetings.queries import can_host
from circletime.meetings.rules import SeatRole, SeatState


def lock(meeting_pk: int) -> Meeting:
    """The meeting, held until the transaction ends. Everything about a meeting locks it first."""
    return Meeting.objects.select_for_update(of=("self",)).get(pk=meeting_pk)


def lock_for_host(by: Seat) -> Meeting:
    """The meeting that `by` hosts, locked; `NotAllowed` when they are no host of it at this moment."""
    meeting = lock(by.meeting_id)
    fresh = Seat.objects.select_related("user").get(pk=by.pk)
    if fresh.role != SeatRole.HOST or fresh.state != SeatState.ADMITTED or fresh.user is None:
        raise NotAllowed("Only a host may do this.")
    if not can_host(fresh.user, meeting):
        raise NotAllowed("You are not a host of this meeting any more.")
    return meeting


def seat_of(meeting: Meeting, public_id: str) -> Seat:
    """The seat of this name in this meeting and no other."""
    seat = Seat.objects.filter(meeting=meeting, public_id=public_id).first()
    if seat is None:
        raise Refused("no_seat", "This person is not in this meeting.", status=404)
    return seat


def note(meeting: Meeting, seat: Seat | None, kind: str, text: str, now: datetime) -> None:
    """Keep something for the register; hosts see it at once. `text` names nobody."""
    Happening.objects.create(meeting=meeting, seat=seat, at=now, kind=kind, text=text[:300])


def order(meeting: Meeting, verb: str, seat: Seat | None, now: datetime) -> None:
    """Have the media server told, once this transaction is through."""
    MediaOrder.objects.create(meeting=meeting, verb=verb, seat=seat, made_at=now)


def order_everyone(meeting: Meeting, now: datetime) -> None:
    """Have everybody's rights looked at again."""
    admitted = Seat.objects.filter(meeting=meeting, state=SeatState.ADMITTED)
    MediaOrder.objects.bulk_create(
        MediaOrder(meeting=meeting, verb="rights", seat=seat, made_at=now) for seat in admitted
    )


def save(meeting: Meeting, *fields: str) -> None:
    """Write `fields` under a new version; after the commit the pages and the media server follow."""
    meeting.version += 1
    meeting.save(update_fields=[*fields, "version"])
    transaction.on_commit(partial(_follow, meeting.pk))


def _follow(meeting_pk: int) -> None:
    # The media server first: telling thirty pages takes this process a moment, and a turn is waited for.
    # They look for themselves five times a second, should the media server keep us waiting.
    try:
        orders.carry_out(meeting_pk)
    finally:
        live.poke()
