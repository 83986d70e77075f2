"""The room page, and the commands its buttons send."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from circletime.core import spans, time
from circletime.core.errors import Refused
from circletime.core.measure import ACTION_SECONDS
from circletime.core.words import _
from circletime.meetings.actions import door, floor, grown_ups, host, lifecycle
from circletime.meetings.models import Seat
from circletime.meetings.queries import get_seat
from circletime.meetings.rules import RUNNING, SeatRole, SeatState
from circletime.pages.language import is_for_staff
from circletime.pages.seats import key_of

Body = dict[str, Any]
LONGEST_TEXT = 300


@require_GET
@never_cache
def room(request: HttpRequest, seat_id: str) -> HttpResponse:
    """The one page that waits, meets and says goodbye. It holds nothing of the meeting itself."""
    seat = _own_seat(request, seat_id)
    meeting = seat.meeting
    class_name = meeting.school_class.name if meeting.school_class else "Staff"
    stamp = timezone.localtime(time.now()).strftime("%-d %b %H:%M")
    boot = {
        "seat": seat.public_id,
        "role": seat.role,
        "label": seat.label,
        "viewer_mark": f"{seat.label} · {class_name} · {stamp}",
        "csrf": get_token(request),
        "live": f"/live/{seat.public_id}",
        "act": reverse("room", args=[seat.public_id]) + "/",
        "purpose": _(meeting.get_purpose_display()),
        "class_name": class_name,
        # So media need not wait for the live socket; whether it may is asked of the gate all the same.
        "admitted": seat.state == SeatState.ADMITTED and meeting.state_at(time.now()) in RUNNING,
        "language_url": "" if is_for_staff(request) else f"{reverse('language')}?next={request.path}",
        "leave_url": _way_out(seat),
        "incident_url": _incident(seat),
    }
    return render(request, "pages/room.html", {"boot": boot})


def _way_out(seat: Seat) -> str:
    """Where to after the meeting: a host to the meeting's page, where the next one is planned (T12)."""
    if seat.user_id is None:
        return reverse("join")
    return reverse("meeting", args=[seat.meeting.public_id])


def _incident(seat: Seat) -> str:
    """Where a host reports an incident of this meeting, in a page beside the room (C6)."""
    return f"{reverse('incident-new')}?meeting={seat.meeting.public_id}" if seat.role == SeatRole.HOST else ""


@require_POST
def command(request: HttpRequest, seat_id: str, verb: str) -> JsonResponse:
    """One button pressed: find the action of this name, and answer in plain words."""
    seat = _own_seat(request, seat_id)
    try:
        body = json.loads(request.body or b"{}")
        if not isinstance(body, dict):
            raise ValueError
    except (ValueError, RecursionError, RawPostDataException):
        return _error("malformed", _("That was not understood."), 400)
    act = COMMANDS.get(verb)
    if act is None:
        raise Http404
    try:
        with ACTION_SECONDS.labels(verb).time(), spans.span(f"press {verb}"):
            act(seat, body, time.now())
    except Refused as refusal:
        return _error(refusal.code, str(refusal), refusal.status)
    return JsonResponse({"ok": True})


def _own_seat(request: HttpRequest, seat_id: str) -> Seat:
    seat = get_seat(seat_id, key_of(request, seat_id))
    if seat is None:
        raise Http404
    # A host's seat also needs the sign-in: signing out ends it, whatever the session still holds.
    if seat.role in (SeatRole.HOST, SeatRole.STAFF) and seat.user_id != request.user.pk:
        raise Http404
    return seat


def _error(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"ok": False, "error": {"code": code, "message": message}}, status=status)


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or _is_unwritable(value):
        raise Refused("malformed", _("That was not understood."), status=400)
    return value


def _is_unwritable(text: str) -> bool:
    # JSON can carry half a character and a zero byte; no database takes either.
    return any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text)


def _maybe(body: Body, name: str) -> str | None:
    return _text(body, name) if body.get(name) is not None else None


def _flag(body: Body, name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise Refused("malformed", _("That was not understood."), status=400)
    return value


COMMANDS: dict[str, Callable[[Seat, Body, datetime], object]] = {
    "admit": lambda by, b, now: door.admit(by=by, seat_id=_text(b, "seat"), now=now),
    "admit-expected": lambda by, b, now: door.admit_expected(by=by, now=now),
    "send-back": lambda by, b, now: door.send_back(by=by, seat_id=_text(b, "seat"), now=now),
    "remove": lambda by, b, now: door.remove(
        by=by, seat_id=_text(b, "seat"), reason=_text(b, "reason"), now=now
    ),
    "leave": lambda by, b, now: door.leave(by=by, now=now),
    "hand": lambda by, b, now: floor.raise_hand(by=by, up=_flag(b, "up"), now=now),
    "give-turn": lambda by, b, now: floor.give_turn(by=by, seat_id=_text(b, "seat"), now=now),
    "end-turn": lambda by, b, now: floor.end_turn(by=by, now=now),
    "circle": lambda by, b, now: floor.set_circle(by=by, on=_flag(b, "on"), now=now),
    "next-turn": lambda by, b, now: floor.next_turn(by=by, now=now),
    "camera": lambda by, b, now: host.allow_camera(
        by=by, seat_id=_text(b, "seat"), on=_flag(b, "on"), now=now
    ),
    "screen-sharing": lambda by, b, now: host.share_screen(
        by=by, on=_flag(b, "on"), seat_id=_maybe(b, "seat"), now=now
    ),
    "ask-grown-ups": lambda by, b, now: grown_ups.ask_grown_ups(by=by, now=now),
    "grown-up": lambda by, b, now: grown_ups.still_here(by=by, now=now),
    "note": lambda by, b, now: host.write_note(
        by=by, seat_id=_text(b, "seat"), text=_text(b, "text"), now=now
    ),
    "notice": lambda by, b, now: host.told(by=by, kind=_text(b, "kind"), detail=_text(b, "detail"), now=now),
    "end": lambda by, b, now: lifecycle.end(by=by, now=now),
    "abort": lambda by, b, now: lifecycle.abort(by=by, reason=_text(b, "reason"), now=now),
}
