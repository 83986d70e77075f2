"""What else a host does in the room, and what guests tell the server there (T5, P5, P6, R8)."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.meetings.actions.common import lock, lock_for_host, note, order, order_everyone, save, seat_of
from circletime.meetings.models import Seat
from circletime.meetings.rules import RUNNING, SeatRole, SeatState


@transaction.atomic
def allow_camera(*, by: Seat, seat_id: str, on: bool, now: datetime) -> None:
    """Turn a guest's camera off for good, or allow it again (P5, P6)."""
    meeting = lock_for_host(by)
    seat = seat_of(meeting, seat_id)
    if seat.role == SeatRole.HOST:
        raise Refused("host", "A host looks after their own camera.")
    seat.camera_allowed = on
    seat.save(update_fields=["camera_allowed"])
    order(meeting, "rights", seat, now)
    note(meeting, seat, "camera", "Camera allowed" if on else "Camera turned off by the host", now)
    kind = "meetings.camera.allowed" if on else "meetings.camera.off"
    record(kind, by=by.actor, subject=meeting.subject, now=now, seat=seat.public_id)
    save(meeting)


@transaction.atomic
def share_screen(*, by: Seat, on: bool, seat_id: str | None, now: datetime) -> None:
    """Switch screen sharing on for staff, or for one named pupil, or off (T5)."""
    meeting = lock_for_host(by)
    named = seat_of(meeting, seat_id) if on and seat_id else None
    if named is not None and named.state != SeatState.ADMITTED:
        raise Refused("not_here", "This person is not in the room.")
    if on and meeting.state not in RUNNING:
        raise Refused("not_live", "The meeting is not running.")
    meeting.sharing_on, meeting.sharing_seat = on, named
    order_everyone(meeting, now)
    record(
        "meetings.sharing.on" if on else "meetings.sharing.off",
        by=by.actor,
        subject=meeting.subject,
        now=now,
        seat=named.public_id if named else "",
    )
    save(meeting, "sharing_on", "sharing_seat")


@transaction.atomic
def screen_stopped(*, seat: Seat, now: datetime) -> None:
    """Somebody's shared screen ended, so sharing goes off again (T5)."""
    meeting = lock(seat.meeting_id)
    if not meeting.sharing_on:
        return
    meeting.sharing_on, meeting.sharing_seat = False, None
    order_everyone(meeting, now)
    record("meetings.sharing.off", by=seat.actor, subject=meeting.subject, now=now)
    save(meeting, "sharing_on", "sharing_seat")


@transaction.atomic
def write_note(*, by: Seat, seat_id: str, text: str, now: datetime) -> None:
    """A line about one person for the register (P6, R8)."""
    if not text.strip():
        raise Refused("text", "Write what happened.", field="text", status=400)
    meeting = lock_for_host(by)
    seat = seat_of(meeting, seat_id)
    note(meeting, seat, "note", text.strip(), now)
    record("meetings.note.written", by=by.actor, subject=meeting.subject, now=now, seat=seat.public_id)
    save(meeting)


@transaction.atomic
def told(*, by: Seat, kind: str, detail: str, now: datetime) -> None:
    """A browser reveals a virtual camera or a blurred background; hosts are shown it (P5)."""
    words = {"virtual_camera": "Virtual camera", "blur": "Blurred background"}.get(kind)
    if words is None:
        raise Refused("kind", "That is nothing to tell.", status=400)
    meeting = lock(by.meeting_id)
    clean = "".join(c for c in detail if c.isprintable())[:80]
    text = f"{words}: {clean}" if clean else words
    if by.happening_set.filter(text=text).exists() or by.happening_set.count() > 50:
        return
    note(meeting, by, "camera", text, now)
    record("meetings.camera.noticed", by=by.actor, subject=meeting.subject, now=now, what=kind)
    save(meeting)
