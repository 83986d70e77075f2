"""Which seats this browser holds: kept in its session, proven by a key the page never shows."""

from django.http import HttpRequest

from circletime.meetings.models import Seat

KEPT = 6


def key_of(request: HttpRequest, seat_id: str) -> str:
    """The key this browser holds for a seat, or nothing."""
    seats = request.session.get("seats")
    return seats.get(seat_id, "") if isinstance(seats, dict) else ""


def any_key(request: HttpRequest, seat_ids: list[str]) -> str:
    """The key for whichever of these seats this browser holds."""
    return next((key for seat_id in seat_ids if (key := key_of(request, seat_id))), "")


def remember(request: HttpRequest, seat: Seat) -> None:
    """Let this browser hold a seat; the oldest are forgotten."""
    seats = dict(request.session.get("seats") or {})
    seats.pop(seat.public_id, None)
    seats[seat.public_id] = seat.key
    request.session["seats"] = dict(list(seats.items())[-KEPT:])
