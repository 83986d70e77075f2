"""The waiting room: knocking, being let in, and going (C2, T7, P7, R3)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.core.words import _
from circletime.documents.queries import check_at_door, check_pass, number_read
from circletime.documents.rules.kinds import Gate
from circletime.documents.rules.kinds import Kind as Document
from circletime.meetings import families, queries
from circletime.meetings.actions.common import lock, lock_for_host, note, order, save, seat_of
from circletime.meetings.actions.floor import take_floor
from circletime.meetings.actions.lifecycle import settle
from circletime.meetings.models import Expected, Meeting, Seat, Stay
from circletime.meetings.rules import HELD, JOINABLE, SeatRole, SeatState, check_admit, check_told
from circletime.people.models import Adult, Household, Pupil, User


@dataclass(frozen=True)
class Person:
    """Who knocks: exactly one of the three."""

    pupil: Pupil | None = None
    adult: Adult | None = None
    user: User | None = None

    @property
    def label(self) -> str:
        if self.pupil is not None:
            return self.pupil.label
        return self.adult.name if self.adult is not None else self.user.name if self.user else ""

    @property
    def role(self) -> SeatRole:
        if self.pupil is not None:
            return SeatRole.PUPIL
        return SeatRole.ADULT if self.adult is not None else SeatRole.STAFF

    @property
    def has_left(self) -> bool:
        """Whether they are of the school no more, though they were when the waiting room opened."""
        return any(each is not None and each.left_at is not None for each in (self.pupil, self.adult))

    def fields(self) -> dict[str, Pupil | Adult | User]:
        """The one that is set, by field name."""
        every = {"pupil": self.pupil, "adult": self.adult, "user": self.user}
        return {name: value for name, value in every.items() if value is not None}


@transaction.atomic
def knock(
    *,
    meeting: Meeting,
    person: Person,
    key: str,
    grown_up: bool,
    now: datetime,
    household: Household | None = None,
) -> Seat:
    """Take a place in the waiting room for somebody who is expected.

    `household` is whose own link led here, where one did. Nobody knocks before what joining needs was
    read and accepted (R1, C4); `Refused` says what that is.

    `key` is what this browser holds already, or empty. A place that another browser holds and has
    open is not given away: the host is told and the knock refused. A removed person stays out.
    """
    locked = lock(meeting.pk)
    if locked.state_at(now) not in JOINABLE:
        raise Refused("not_open", _("This meeting is not open."))
    if person.has_left or not Expected.objects.filter(meeting=locked, **person.fields()).exists():
        raise NotAllowed(_("You are not expected in this meeting."))
    check_told(len(families.keeping_shut(locked, now)))
    if person.role == SeatRole.PUPIL and not grown_up:
        raise Refused(
            "grown_up",
            _("Ask a grown-up to sit with you, then tick the box."),
            field="grown_up",
            status=400,
        )
    conduct = _check_read(person, household)
    own = list(Seat.objects.filter(meeting=locked, **person.fields()))
    if any(seat.state == SeatState.REMOVED for seat in own):
        raise Refused("removed", _("Your teacher has ended the meeting for you. They will talk to you."))
    back = False
    for seat in own:
        if seat.state not in HELD:
            continue
        if key and seat.key == key:
            return seat
        if seat.connection or queries.online(seat, now):
            note(locked, seat, "door", "Somebody else tried to join under this name", now)
            record("meetings.door.second_browser", by=seat.actor, subject=locked.subject, now=now)
            save(locked)
            break
        back = True
        _vacate(locked, seat, SeatState.LEFT, "moved to another device", by=seat.actor, now=now)
    else:
        return _take_seat(locked, person, key, now, back=back, conduct=conduct)
    return _already_here(locked, seat)


def _check_read(person: Person, household: Household | None) -> int | None:
    """Which code of conduct a family stands on as it comes; None of staff, who have their own."""
    if person.user is not None:
        check_pass(person.user, Gate.JOINING)
        return None
    if household is None and person.adult is not None:
        household = person.adult.first_home
    return check_at_door(pupil=person.pupil, household=household)


def _already_here(meeting: Meeting, seat: Seat) -> Seat:
    # Not an exception: the note to the host must stay, so the transaction has to commit.
    return Seat(meeting=meeting, label=seat.label, role=seat.role, state="", key="")


def _take_seat(
    meeting: Meeting, person: Person, key: str, now: datetime, *, back: bool, conduct: int | None
) -> Seat:
    seat = Seat.objects.create(
        meeting=meeting,
        role=person.role,
        label=person.label,
        key=key or secrets.token_urlsafe(16),
        state=SeatState.WAITING,
        knocked_at=now,
        seen_at=now,
        grown_up_at=now if person.role == SeatRole.PUPIL else None,
        came_back=back,
        **person.fields(),
    )
    stood: dict[str, Any] = {} if conduct is None else {"conduct": conduct}
    record("meetings.door.knocked", by=seat.actor, subject=meeting.subject, now=now, role=seat.role, **stood)
    save(meeting)
    return seat


@transaction.atomic
def enter_as_host(*, meeting: Meeting, by: User, confirmed: bool, key: str, now: datetime) -> Seat:
    """Take a host's place. The confirmations of S1 are asked each time and kept.

    A host who comes in from another browser leaves the first one: whoever's tablet died has to be
    able to go on from a laptop, and the class does not wait meanwhile.
    """
    locked = lock(meeting.pk)
    if not queries.can_host(by, locked):
        raise NotAllowed("You are not a host of this meeting.")
    if locked.state_at(now) not in JOINABLE:
        raise Refused("not_open", "The waiting room is not open yet; it opens 10 minutes before the meeting.")
    check_pass(by, Gate.HOSTING)
    if not confirmed:
        raise Refused("confirm", "Please confirm each point first.", field="confirmed", status=400)
    held = Seat.objects.filter(meeting=locked, user=by, state__in=HELD).first()
    was_in = False
    if held is not None:
        if held.role == SeatRole.HOST and key and key == held.key:
            held.grown_up_at = now
            held.save(update_fields=["grown_up_at"])
            return held
        as_host = held.role == SeatRole.HOST
        was_in = as_host and bool(held.connection)
        why = "moved to another device" if as_host else "came in as host"
        _vacate(locked, held, SeatState.LEFT, why, by=by.actor, now=now)
    seat = Seat.objects.create(
        meeting=locked,
        role=SeatRole.HOST,
        user=by,
        label=by.name,
        key=key or secrets.token_urlsafe(16),
        state=SeatState.ADMITTED,
        knocked_at=now,
        admitted_at=now,
        grown_up_at=now,
        dropped_at=now if was_in else None,  # the way from one device to the other is a blink, no absence
    )
    record(
        "meetings.host.entered",
        by=by.actor,
        subject=locked.subject,
        now=now,
        seat=seat.public_id,
        policy=number_read(by, Document.VIDEO),
    )
    save(locked)
    settle(locked, now)
    return seat


@transaction.atomic
def admit(*, by: Seat, seat_id: str, now: datetime) -> None:
    """Let one person in."""
    meeting = lock_for_host(by)
    _admit(meeting, seat_of(meeting, seat_id), by=by, now=now)
    save(meeting)


@transaction.atomic
def admit_expected(*, by: Seat, now: datetime) -> int:
    """Let in everybody who waits now, who was expected, and was not sent back; answers how many."""
    meeting = lock_for_host(by)
    found = Seat.objects.filter(
        meeting=meeting, state=SeatState.WAITING, seen_at__gt=now - queries.ONLINE_WITHIN, gone_reason=""
    )
    seats = list(found)
    for seat in seats:
        _admit(meeting, seat, by=by, now=now)
    if seats:
        save(meeting)
    return len(seats)


def _admit(meeting: Meeting, seat: Seat, *, by: Seat, now: datetime) -> None:
    hosts_in = Seat.objects.filter(meeting=meeting, role=SeatRole.HOST, state=SeatState.ADMITTED).exclude(
        connection=""
    )
    check_admit(
        state=meeting.state_at(now),
        seat=SeatState(seat.state),
        role=SeatRole(seat.role),
        hosts_in=hosts_in.count(),
    )
    seat.state, seat.admitted_at, seat.gone_reason = SeatState.ADMITTED, now, ""
    seat.dropped_at = now  # a seat that never connects is given up like one that dropped
    seat.save(update_fields=["state", "admitted_at", "gone_reason", "dropped_at"])
    record("meetings.guest.admitted", by=by.actor, subject=meeting.subject, now=now, seat=seat.public_id)


@transaction.atomic
def send_back(*, by: Seat, seat_id: str, now: datetime) -> None:
    """Send somebody back to the waiting room (P6). They see and hear nothing until admitted again."""
    meeting = lock_for_host(by)
    seat = _guest(meeting, seat_id)
    if seat.state != SeatState.ADMITTED:
        raise Refused("not_here", "This person is not in the room.")
    _vacate(meeting, seat, SeatState.WAITING, "sent back", by=by.actor, now=now)
    note(meeting, seat, "sent_back", "Sent back to the waiting room", now)
    save(meeting, "floor", "sharing_on", "sharing_seat")


@transaction.atomic
def remove(*, by: Seat, seat_id: str, reason: str, now: datetime) -> None:
    """Remove somebody for the rest of this meeting, with the reason (P6)."""
    if not reason.strip():
        raise Refused("reason", "Say why, for the register.", field="reason", status=400)
    meeting = lock_for_host(by)
    seat = _guest(meeting, seat_id)
    if seat.state not in HELD:
        raise Refused("not_here", "This person has left already.")
    _vacate(meeting, seat, SeatState.REMOVED, reason.strip(), by=by.actor, now=now)
    note(meeting, seat, "removed", f"Removed: {reason.strip()}", now)
    save(meeting, "floor", "sharing_on", "sharing_seat")


@transaction.atomic
def leave(*, by: Seat, now: datetime) -> None:
    """Somebody goes by their own wish. A host's going may freeze the room (T1)."""
    meeting = lock(by.meeting_id)
    seat = Seat.objects.get(pk=by.pk)
    if seat.state not in HELD:
        return
    _vacate(meeting, seat, SeatState.LEFT, "left", by=seat.actor, now=now)
    save(meeting, "floor", "sharing_on", "sharing_seat")
    settle(meeting, now)


@transaction.atomic
def put_out(*, user: User, by: str, now: datetime) -> None:
    """Somebody's account was switched off: they are out of every meeting at once, host or not (T1)."""
    here = Seat.objects.filter(user=user, state__in=HELD, meeting__state__in=JOINABLE)
    for pk, meeting_pk in here.order_by("meeting_id").values_list("pk", "meeting_id"):
        meeting, seat = lock(meeting_pk), Seat.objects.get(pk=pk)
        if seat.state not in HELD:
            continue
        _vacate(meeting, seat, SeatState.REMOVED, "account switched off", by=by, now=now)
        save(meeting, "floor", "sharing_on", "sharing_seat")
        settle(meeting, now)


def give_up(meeting: Meeting, seat: Seat, now: datetime) -> None:
    """Close the seat of somebody whose connection did not come back. The meeting is locked."""
    _vacate(meeting, seat, SeatState.LEFT, "connection lost", by="system:worker", now=now)
    save(meeting, "floor", "sharing_on", "sharing_seat")


def stop_sharing_of(meeting: Meeting, seat: Seat) -> None:
    """Screen sharing goes off when the person it was on for is gone (T5). The caller saves."""
    if meeting.sharing_seat_id == seat.pk:
        meeting.sharing_on, meeting.sharing_seat = False, None


def _guest(meeting: Meeting, seat_id: str) -> Seat:
    seat = seat_of(meeting, seat_id)
    if seat.role == SeatRole.HOST:
        raise Refused("host", "A host cannot be sent away.")
    return seat


def _vacate(meeting: Meeting, seat: Seat, to: SeatState, why: str, *, by: str, now: datetime) -> None:
    if meeting.floor_id == seat.pk:
        take_floor(meeting, by=by, now=now)
    stop_sharing_of(meeting, seat)
    Stay.objects.filter(seat=seat, out_at=None).update(out_at=now)
    seat.state, seat.gone_at, seat.gone_reason = to, now, why[:300]
    seat.hand_at, seat.connection, seat.dropped_at = None, "", None
    seat.save(update_fields=["state", "gone_at", "gone_reason", "hand_at", "connection", "dropped_at"])
    order(meeting, "remove", seat, now)
    record(f"meetings.guest.{to.value}", by=by, subject=meeting.subject, now=now, seat=seat.public_id)
