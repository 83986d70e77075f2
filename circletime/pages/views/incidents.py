"""Incidents: those that are somebody's to see, and a new one (C6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from circletime.core import time
from circletime.core.errors import Refused
from circletime.meetings.models import Meeting
from circletime.meetings.queries import can_see, get_meeting, list_meetings_for
from circletime.oversight.actions.incidents import report
from circletime.oversight.models import Incident
from circletime.oversight.queries import incidents as queries
from circletime.oversight.rules.incidents import Kind, breach_clock
from circletime.pages.forms import (
    Field,
    Form,
    all_pupils,
    options_of,
    pupil_field,
    read_moment,
    words_field,
)
from circletime.pages.found import or_404
from circletime.pages.steps import Step, one_of, run
from circletime.pages.who import staff_of
from circletime.people.models import Pupil, SchoolClass, User
from circletime.people.queries import list_active_with, list_classes_for
from circletime.people.rules import INCIDENT_REPORTERS, PEOPLE_READERS, Role

MEETINGS_OFFERED = timedelta(days=30)
_TOLD = (
    "The headteacher and the safeguarding lead are written to at once, but nobody about themselves. The "
    "letter names nobody and leads to this report."
)
_KNOWN = "Only for a data breach: its 72 hours count from then. Left empty, they count from now."


@dataclass(frozen=True)
class Row:
    """One incident as the list shows it, with a breach's clock."""

    incident: Incident
    clock: str
    overdue: bool


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What is open, and what was closed."""
    user = reporter(request)
    rows = [_row(each, time.now()) for each in queries.list_open(user)]
    return render(request, "pages/incidents/index.html", {"open": rows, "closed": queries.list_closed(user)})


def _row(incident: Incident, now: datetime) -> Row:
    if incident.known_at is None:
        return Row(incident, "", False)
    return Row(incident, *breach_clock(incident.known_at, incident.decided_at, now))


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Report one. A host's room leads here with its own meeting, in a page beside it."""
    user, now = reporter(request), time.now()
    wanted = request.POST.get("meeting", request.GET.get("meeting", ""))
    found = get_meeting(wanted) if wanted else None
    meeting = found if found is not None and can_see(user, found) else None
    if wanted and request.method == "GET":
        or_404(meeting)
    pupils = _pupils(user, meeting)

    def send(typed: QueryDict) -> str:
        if wanted and meeting is None:
            raise Refused("meeting", "Choose from what is offered here.", field="meeting", status=400)
        made = report(
            kind=typed.get("kind", ""),
            meeting=meeting,
            pupil=one_of(typed, "pupil", pupils),
            staff=one_of(typed, "staff", list_active_with(set(Role))),
            somebody=typed.get("somebody", ""),
            what=typed.get("what", ""),
            happened_at=read_moment(typed.get("happened_at", "")),
            known_at=_known_at(typed),
            keep="yes" in typed.getlist("keep"),
            by=user,
            now=now,
        )
        return reverse("incident", args=[made.public_id])

    form = Form("report", "Report it", _fields(user, meeting, pupils, now), words=_TOLD)
    return run(
        request,
        "pages/incidents/new.html",
        {"meeting": meeting},
        lambda: [Step(form, send)],
        may=True,
        here=reverse("incidents"),
    )


def _fields(user: User, meeting: Meeting | None, pupils: Iterable[Pupil], now: datetime) -> tuple[Field, ...]:
    offered = {each.public_id: each for each in list_meetings_for(user, now - MEETINGS_OFFERED, now)}
    if meeting is not None:
        offered[meeting.public_id] = meeting
    newest = sorted(offered.values(), key=lambda each: each.starts_at, reverse=True)
    meetings = tuple((each.public_id, _called(each)) for each in newest)
    staff = sorted(list_active_with(set(Role)), key=lambda each: each.name)
    return (
        Field("kind", "What sort of thing", "select", options=options_of(Kind)),
        words_field(
            "what", "What happened", "What was seen and heard, in plain words. More can be added later."
        ),
        pupil_field(pupils, hint="The child it is about, if it is about one."),
        Field(
            "staff",
            "Colleague",
            "select",
            options=tuple((str(each.pk), each.name) for each in staff),
            required=False,
            hint="Where it is about one. They are not told of it and do not see it.",
        ),
        Field(
            "somebody",
            "Or somebody else",
            required=False,
            hint="As: a grandmother beside the child, a voice that nobody knew.",
        ),
        Field(
            "meeting",
            "Meeting",
            "select",
            value=meeting.public_id if meeting is not None else "",
            options=meetings,
            required=False,
            hint="Its register and the minute of its recording stand beside the report.",
        ),
        Field(
            "happened_at",
            "When it happened",
            "datetime-local",
            value=f"{timezone.localtime(now):%Y-%m-%dT%H:%M}",
        ),
        Field("known_at", "When it became known", "datetime-local", required=False, hint=_KNOWN),
        Field(
            "keep",
            "Recording",
            "checks",
            options=(("yes", "Keep the recording of the meeting until this is closed"),),
            required=False,
        ),
    )


def _called(meeting: Meeting) -> str:
    return f"{meeting.title}, {timezone.localtime(meeting.starts_at):%-d %B, %H:%M}"


def _pupils(user: User, meeting: Meeting | None) -> list[Pupil]:
    """The children somebody may name: of every class, or of their own and of the meeting's."""
    if user.roles & PEOPLE_READERS:
        return all_pupils()
    classes: list[SchoolClass] = list_classes_for(user)
    if meeting is not None and meeting.school_class is not None:
        classes.append(meeting.school_class)
    found = Pupil.objects.filter(school_class__in=classes, left_at=None).select_related("school_class")
    return list(found.order_by("school_class__year", "school_class__name", "first_name", "last_name"))


def _known_at(typed: QueryDict) -> datetime | None:
    text = typed.get("known_at", "")
    if not text or typed.get("kind") != Kind.BREACH:
        return None
    moment = read_moment(text)
    if moment is None:
        raise Refused("known_at", "Give a day and a time, or leave it empty.", field="known_at", status=400)
    return moment


def reporter(request: HttpRequest) -> User:
    """Whoever asks, if incidents are any business of theirs."""
    user = staff_of(request)
    if not user.roles & INCIDENT_REPORTERS:
        raise PermissionDenied
    return user
