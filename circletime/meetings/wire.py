"""What each page may know: one snapshot, cut to the reader. Nothing else ever goes down a live socket."""

from datetime import datetime
from typing import Any

from circletime.media.rules import Rights
from circletime.meetings.families import keeping_shut
from circletime.meetings.models import Seat
from circletime.meetings.queries import Snapshot, seat_rights, snapshot
from circletime.meetings.rules import OVER, SeatRole, SeatState, State
from circletime.policy.limits import FROZEN_FOR

HOST_NOTICES = ("lie", "camera", "recording", "door", "shape")


def read(meeting_pk: int, now: datetime) -> Snapshot:
    """All that any page of the meeting may need. `view` asks the database nothing: it runs among the sockets,
    where that is not allowed."""
    snap = snapshot(meeting_pk, now)
    snap.untold = len(keeping_shut(snap.meeting, now))
    return snap


def closed(why: str) -> dict[str, Any]:
    """The last message of a live socket."""
    return {"type": "closed", "why": why}


def view(snap: Snapshot, seat_id: str, now: datetime) -> dict[str, Any]:
    """The message for one seat: a `state`, or `closed` when it has no part in the meeting any more."""
    seat = snap.by_name.get(seat_id)
    if seat is None:
        return closed("refused")
    meeting = snap.meeting
    if seat.state == SeatState.REMOVED:
        return closed("removed")
    if meeting.state in OVER:
        return closed(meeting.state)
    if seat.state == SeatState.LEFT:
        return closed("elsewhere" if seat.gone_reason.startswith("moved") else "left")
    admitted = seat.state == SeatState.ADMITTED
    answer: dict[str, Any] = {
        "type": "state",
        "v": meeting.version,
        "you": _you(snap, seat),
        "meeting": {
            "state": meeting.state,
            "purpose": meeting.get_purpose_display(),
            "class_name": meeting.school_class.name if meeting.school_class else "Staff",
            "kind": meeting.kind,
        },
        "people": [],
    }
    if admitted:
        answer["meeting"].update(_meeting(snap))
        answer["people"] = [_person(snap, other) for other in snap.admitted()]
    if admitted and seat.role == SeatRole.HOST:
        answer["host"] = _host(snap, now)
    return answer


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _you(snap: Snapshot, seat: Seat) -> dict[str, Any]:
    hands = [other.pk for other in snap.hands()]
    rights = seat_rights(snap.meeting, seat)
    return {
        "seat": seat.public_id,
        "label": seat.label,
        "role": seat.role,
        "state": seat.state,
        "hand": seat.hand_at is not None,
        "hand_place": hands.index(seat.pk) + 1 if seat.pk in hands else None,
        "floor": snap.meeting.floor_id == seat.pk,
        "camera_allowed": seat.camera_allowed,
        "asked_grown_up": _is_asked(snap, seat),
        "rights": _rights(rights),
    }


def _is_asked(snap: Snapshot, seat: Seat) -> bool:
    """Whether this seat's grown-up was asked and has not answered since (R3)."""
    asked = snap.meeting.grown_ups_asked_at
    if seat.role != SeatRole.PUPIL or asked is None:
        return False
    return seat.grown_up_at is None or seat.grown_up_at < asked


def _rights(rights: Rights) -> dict[str, bool]:
    return {
        "camera": rights.camera,
        "microphone": rights.microphone,
        "screen": rights.screen,
        "subscribe": rights.subscribe,
    }


def _meeting(snap: Snapshot) -> dict[str, Any]:
    meeting = snap.meeting
    following = _next_in_circle(snap)
    return {
        "ends_at": _iso(meeting.ends_at),
        "frozen_until": _iso(meeting.frozen_at + FROZEN_FOR if meeting.frozen_at else None),
        "recording": meeting.recording,
        "floor": snap.names.get(meeting.floor_id),
        "screen_sharing": {
            "on": meeting.sharing_on,
            "seat": snap.names.get(meeting.sharing_seat_id),
        },
        "circle": {"on": meeting.circle_began_at is not None, "next": following},
    }


def _next_in_circle(snap: Snapshot) -> str | None:
    if snap.meeting.circle_began_at is None or snap.meeting.state != State.LIVE:
        return None
    for seat in snap.admitted():
        if seat.role == SeatRole.PUPIL and seat.connection and seat.pk not in snap.circled:
            return seat.public_id
    return None


def _person(snap: Snapshot, seat: Seat) -> dict[str, Any]:
    return {
        "seat": seat.public_id,
        "label": seat.label,
        "role": seat.role,
        "connected": bool(seat.connection),
        "floor": snap.meeting.floor_id == seat.pk,
        "hand": seat.hand_at is not None,
    }


def _host(snap: Snapshot, now: datetime) -> dict[str, Any]:
    pupils = [seat for seat in snap.admitted() if seat.role != SeatRole.HOST]
    here = {seat.label for seat in snap.admitted()} | {seat.label for seat in snap.waiting(now)}
    asked = snap.meeting.grown_ups_asked_at
    notes: dict[int, list[str]] = {}
    for happening in snap.happenings:
        if happening.seat_id and happening.kind in ("camera", "lie", "shape"):
            notes.setdefault(happening.seat_id, []).append(happening.text)
    silent = [seat.label for seat in pupils if _is_asked(snap, seat)]
    return {
        "waiting": [
            {
                "seat": seat.public_id,
                "label": seat.label,
                "since": _iso(seat.knocked_at),
                "expected": True,
                "grown_up": seat.grown_up_at is not None,
                "back": seat.came_back,
                "note": "Sent back by you" if seat.gone_reason == "sent back" else None,
            }
            for seat in snap.waiting(now)
        ],
        "hands": [
            {"seat": seat.public_id, "label": seat.label, "since": _iso(seat.hand_at)}
            for seat in snap.hands()
        ],
        "pupils": [
            {
                "seat": seat.public_id,
                "label": seat.label,
                "connected": bool(seat.connection),
                "turns": snap.turns.get(seat.pk, (0, 0.0))[0],
                "seconds": round(snap.turns.get(seat.pk, (0, 0.0))[1]),
                "camera_allowed": seat.camera_allowed,
                "grown_up": seat.grown_up_at is not None and not _is_asked(snap, seat),
                "notes": notes.get(seat.pk, [])[:3],
            }
            for seat in pupils
        ],
        "grown_ups": {"asked_at": _iso(asked), "silent": silent},
        "not_spoken": [
            seat.label
            for seat in pupils
            if seat.role == SeatRole.PUPIL and not snap.turns.get(seat.pk, (0, 0.0))[0]
        ],
        "missing": [label for label in snap.expected if label not in here],
        "notices": _shut(snap, now)
        + [
            {
                "id": happening.pk,
                "at": _iso(happening.at),
                "kind": happening.kind,
                "text": f"{happening.seat.label}: {happening.text}" if happening.seat else happening.text,
            }
            for happening in snap.happenings
            if happening.kind in HOST_NOTICES
        ],
    }


def _shut(snap: Snapshot, now: datetime) -> list[dict[str, Any]]:
    """Why no family can come in yet, if so (R5)."""
    number = snap.untold
    if not number:
        return []
    who = "1 family has" if number == 1 else f"{number} families have"
    text = f"This meeting is for teaching, and {who} not been told so yet. Nobody can come in until then."
    return [{"id": 0, "at": _iso(now), "kind": "shut", "text": text}]
