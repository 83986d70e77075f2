"""The staff's meetings: today, the next ones, a new one, and the way into the room."""

from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.dispatch.queries.reach import told_of_abort
from circletime.dispatch.rules import Reason
from circletime.documents.queries import missing_for_user
from circletime.documents.rules.kinds import Gate
from circletime.meetings import rules
from circletime.meetings.actions import door, lifecycle
from circletime.meetings.actions.schedule import cancel as cancel_meeting
from circletime.meetings.actions.schedule import schedule
from circletime.meetings.families import keeping_shut
from circletime.meetings.models import Expected, Meeting, Seat
from circletime.meetings.queries import (
    can_host,
    can_see,
    expected_adults,
    expected_pupils,
    get_meeting,
    list_meetings_for,
    minutes_this_week,
    most_minutes,
    proposed_next,
)
from circletime.meetings.queries import (
    following as next_after,
)
from circletime.meetings.rules import JOINABLE, OVER, PURPOSES_OF, RUNNING, Kind, State
from circletime.oversight.queries.exceptions import in_force
from circletime.oversight.rules.exceptions import Rule
from circletime.pages import second_step
from circletime.pages.seats import any_key, remember
from circletime.pages.views.policies import papers_of
from circletime.pages.who import staff_of
from circletime.people.models import Group, Household, User
from circletime.people.queries import households_in, list_classes_for
from circletime.people.rules import HOSTS
from circletime.people.second_steps import has_second_step
from circletime.policy import limits
from circletime.recordings import queries as recordings
from circletime.recordings import watching
from circletime.recordings.actions import prepare

S1 = (
    "My background is neutral, and this is not a bedroom",
    "I am dressed as for school",
    "I will use professional language",
    "I will take no screenshots",
)


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Today's meetings large, then the next fortnight, then what was."""
    user, now = staff_of(request), time.now()
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    found = list_meetings_for(user, today - timedelta(days=30), today + timedelta(days=30))
    tomorrow = today + timedelta(days=1)
    todays = [m for m in found if today <= m.starts_at < tomorrow]
    coming = [m for m in found if m.starts_at >= tomorrow and m.state not in OVER]
    past = [m for m in reversed(found) if m.starts_at < today]
    return render(
        request,
        "pages/meetings/index.html",
        {
            "now_on": [m for m in todays if m.state in JOINABLE],
            "todays": [m for m in todays if m.state not in JOINABLE],
            "days": [(day, list(group)) for day, group in groupby(coming, _day)],
            "past": past[:30],
            "may_hold": bool(user.roles & HOSTS),
            "offers_passkey": not second_step.has_passed(request) and not has_second_step(user),
            "full": recordings.room_warning(now) if user.roles & HOSTS else "",
        },
    )


def _day(meeting: Meeting) -> date:
    return timezone.localtime(meeting.starts_at).date()


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Put a meeting in the calendar (C1, C2, C3)."""
    user = staff_of(request)
    if not user.roles & HOSTS:
        raise PermissionDenied
    start = timezone.localtime(time.now() + timedelta(minutes=5))
    typed = {
        "kind": "class",
        "school_class": "",
        "group": "",
        "household": "",
        "purpose": "circle",
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "minutes": str(most_minutes(Kind.CLASS)),
    }
    error: Refused | None = None
    if request.method == "POST":
        typed = {name: request.POST.get(name, "")[:40] for name in typed}
        try:
            meeting = _schedule(request, typed)
            return redirect("meeting", meeting.public_id)
        except Refused as refusal:
            error = refusal
    classes = list_classes_for(user)
    return render(
        request,
        "pages/meetings/new.html",
        {
            "typed": typed,
            "error": error,
            "wrong": _wrong_field(error, typed["kind"]),
            "kinds": [(kind, most_minutes(kind)) for kind in Kind],
            "most": {kind.value: most_minutes(kind) for kind in Kind},
            "purposes": list(rules.Purpose),
            "classes": classes,
            "groups": Group.objects.filter(school_class__in=classes).select_related("school_class"),
            "households": households_in(classes),
            "weeks": [
                (each, minutes_this_week(each, _moment(typed["starts_at"]) or time.now())) for each in classes
            ],
        },
        status=error.status if error else 200,
    )


def _wrong_field(error: Refused | None, kind: str) -> str:
    """The field of the form that a refusal belongs beside, or nothing."""
    if error is None or error.field != "who":
        return (error.field if error else None) or ""
    return {Kind.GROUP: "group", Kind.PARENTS: "household", Kind.STAFF: "kind"}.get(
        Kind(kind), "school_class"
    )


def _schedule(request: HttpRequest, typed: dict[str, str]) -> Meeting:
    starts_at = _moment(typed["starts_at"])
    if starts_at is None:
        raise Refused("starts", "Give a day and a time.", field="starts_at", status=400)
    if typed["kind"] not in set(Kind):
        raise Refused("kind", "Choose who the meeting is for.", field="kind", status=400)
    kind = Kind(typed["kind"])
    if kind == Kind.CLASS and typed["group"]:
        kind = Kind.GROUP  # who chose a group meant it
    purpose = typed["purpose"]
    if purpose in set(rules.Purpose) and purpose not in PURPOSES_OF[kind] and len(PURPOSES_OF[kind]) == 1:
        purpose = PURPOSES_OF[kind][0]  # a staff meeting can only be for one thing
    # What is another class's is not found, as what is not there: a form tells nobody which classes there are.
    user = staff_of(request)
    classes = list_classes_for(user)
    school_class = next((each for each in classes if each.pk == _number(typed["school_class"])), None)
    group = None
    if kind == Kind.GROUP:
        group = Group.objects.filter(school_class__in=classes, pk=_number(typed["group"])).first()
    return schedule(
        kind=kind,
        purpose=purpose,
        starts_at=starts_at,
        minutes=_number(typed["minutes"]),
        by=user,
        now=time.now(),
        school_class=group.school_class if group and school_class is None else school_class,
        group=group,
        household=Household.objects.filter(pk=_number(typed["household"])).first(),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text) if "T" in text else None  # a day alone would be midnight
    except ValueError:
        return None
    # The first and the last year a date can have leave no room to reckon with.
    if found is not None and not MINYEAR < found.year < MAXYEAR:
        return None
    return timezone.make_aware(found) if found is not None and timezone.is_naive(found) else found


@login_required
@never_cache
@require_GET
def week(request: HttpRequest) -> JsonResponse:
    """The minutes of each of the person's classes in the week of `starts` (C3)."""
    moment = _moment(request.GET.get("starts", "")) or time.now()
    classes = list_classes_for(staff_of(request))
    return JsonResponse({str(each.pk): minutes_this_week(each, moment) for each in classes})


def _meeting(request: HttpRequest, public_id: str) -> Meeting:
    found = get_meeting(public_id)
    if found is None or not can_see(staff_of(request), found):
        raise Http404
    return found


@login_required
@never_cache
@require_GET
def meeting(request: HttpRequest, public_id: str) -> HttpResponse:
    """One meeting: when, who is expected, and for its host the confirmations and Start (S1)."""
    return _show(request, _meeting(request, public_id))


def _show(request: HttpRequest, found: Meeting, error: Refused | None = None) -> HttpResponse:
    user, now = staff_of(request), time.now()
    opens_at = found.starts_at - limits.WAITING_ROOM_OPENS
    expected = [row.label for row in Expected.objects.filter(meeting=found)]
    if not expected:
        expected = [p.label for p in expected_pupils(found)] + [a.name for a in expected_adults(found)]
    hosts = can_host(user, found)
    invited = found.kind == Kind.STAFF and found.state in JOINABLE and bool(user.roles)
    context: dict[str, Any] = {
        "meeting": found,
        "host": hosts,
        "join": invited and not hosts,
        "papers": papers_of(missing_for_user(user, Gate.HOSTING if hosts else Gate.JOINING)),
        "opens_at": opens_at,
        "may_start": found.state in JOINABLE or (found.state == State.SCHEDULED and now >= opens_at),
        "running": found.state in RUNNING,
        "over": found.state in OVER,
        "expected": expected,
        "points": _points(user, now),
        "error": error,
        "opening": watching.opened_of(found, user, now),
        "shut": 0 if found.is_over else len(keeping_shut(found, now)),
        "broken": _broken(found, now) if found.state == State.ABORTED and found.school_class else None,
    }
    return render(request, "pages/meetings/show.html", context, status=error.status if error else 200)


def _points(user: User, now: datetime) -> tuple[str, ...]:
    """What is confirmed before going in; the bedroom is left out for whoever has an exception (S1)."""
    if in_force(user, Rule.BEDROOM, timezone.localtime(now).date()) is None:
        return S1
    return ("My background is neutral", *S1[1:])


def _broken(found: Meeting, now: datetime) -> dict[str, Any]:
    """What families are told of a meeting that was broken off, and of the next one (T12)."""
    notice = told_of_abort(found.subject)
    following = next_after(found, now)
    return {
        "notice": notice,
        "hidden": notice is not None and notice.reason == Reason.OTHER and not notice.reason_words,
        "following": following,
        "proposed": proposed_next(found, now),
    }


@login_required
@never_cache
@require_POST
def start(request: HttpRequest, public_id: str) -> HttpResponse:
    """Go in as host; the first one in takes the meeting live, once the recorder runs (T1, T8, S1)."""
    found = _meeting(request, public_id)
    user, now = staff_of(request), time.now()
    try:
        if not can_host(user, found):
            raise Refused("not_host", "You are not a host of this meeting.", status=403)
        if found.state == State.SCHEDULED and now >= found.starts_at - limits.WAITING_ROOM_OPENS:
            lifecycle.open_waiting_room(meeting=found, by=user.actor, now=now)
        seat = door.enter_as_host(
            meeting=found,
            by=user,
            confirmed=len(request.POST.getlist("confirmed")) == len(S1),
            key=_own_key(request, found),
            now=now,
        )
        remember(request, seat)
        if Meeting.objects.get(pk=found.pk).state == State.OPEN:
            prepare(meeting=Meeting.objects.get(pk=found.pk), by=user.actor, now=now)
            lifecycle.start(meeting=found, by=seat, now=time.now())
    except Refused as refusal:
        return _show(request, _meeting(request, public_id), refusal)
    return redirect("room", seat.public_id)


@login_required
@never_cache
@require_POST
def join_staff(request: HttpRequest, public_id: str) -> HttpResponse:
    """A colleague knocks at a staff meeting, by their sign-in."""
    found = _meeting(request, public_id)
    user, now = staff_of(request), time.now()
    try:
        if len(request.POST.getlist("confirmed")) != len(S1):
            raise Refused("confirm", "Please confirm each point first.", field="confirmed", status=400)
        seat = door.knock(
            meeting=found, person=door.Person(user=user), key=_own_key(request, found), grown_up=True, now=now
        )
        if not seat.state:
            raise Refused("here", "You are in this meeting already, in another browser.")
    except Refused as refusal:
        return _show(request, found, refusal)
    remember(request, seat)
    return redirect("room", seat.public_id)


def _own_key(request: HttpRequest, found: Meeting) -> str:
    own = Seat.objects.filter(meeting=found, user=staff_of(request)).values_list("public_id", flat=True)
    return any_key(request, list(own))


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask once more, then take the meeting out of the calendar."""
    found = _meeting(request, public_id)
    if not can_host(staff_of(request), found):
        raise PermissionDenied
    if request.method == "POST":
        try:
            cancel_meeting(meeting=found, by=staff_of(request), now=time.now())
        except Refused as refusal:
            return _show(request, found, refusal)
        return redirect("meetings")
    return render(request, "pages/meetings/cancel.html", {"meeting": found})
