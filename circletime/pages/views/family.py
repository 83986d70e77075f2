"""A household's own page: what comes next, how to get ready, what is kept, whom to ask (R3, R4, R8)."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from circletime.access.actions.from_page import FAMILIES, ask_on_page
from circletime.access.rules.case import LONGEST_WORDS
from circletime.core import time
from circletime.core.errors import Refused
from circletime.dispatch.queries.reach import list_work_places
from circletime.documents.actions.accept import accept
from circletime.documents.models import Version
from circletime.documents.queries import acceptances_of, conduct_due, get_version
from circletime.documents.rules.kinds import Audience, Way
from circletime.meetings.models import Meeting
from circletime.notices.entry import write_file
from circletime.notices.rules import Calendar
from circletime.pages.family_door import for_family
from circletime.pages.family_facts import (
    asked_for,
    children_of,
    find_meeting,
    kept_of,
    office,
    open_meetings,
)
from circletime.pages.views.policies import papers_of
from circletime.people.families import Family
from circletime.people.models import Household
from circletime.people.queries import get_school
from circletime.policy import limits

RELATIONS = {"parent": N_("Parent"), "carer": N_("Carer or guardian")}


@require_GET
@never_cache
@for_family
def home(request: HttpRequest, family: Family) -> HttpResponse:
    """Everything on one page, the next thing to do first."""
    now = time.now()
    today = timezone.localtime(now).date()
    context = {
        "family": family,
        "school": get_school().name,
        "open": open_meetings(family, now),
        "due": _due(family),
        "accepted": _accepted(family),
        "children": children_of(family, now),
        "today": today,
        "tomorrow": today + timedelta(days=1),
        "kept": kept_of(family, now),
        "days": limits.RECORDING_KEPT.days,
        "asked": asked_for(family),
        "asked_now": request.GET.get("asked") == "1",
        "office": office(),
        "places": list_work_places({pupil.school_class for pupil in family.children}),
    }
    return render(request, "pages/family/home.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@for_family
def document(request: HttpRequest, family: Family, public_id: str) -> HttpResponse:
    """Read a document in one's own language where it is written in that, and accept it (R1)."""
    version = get_version(public_id)
    if version is None or Audience.HOUSEHOLDS not in version.audiences:
        raise Http404
    context: dict[str, Any] = {
        "family": family,
        "version": version,
        "papers": papers_of([version], (get_language() or "")[:2]),
        "due": version.pk in {each.pk for each in _due(family)},
    }
    if request.method == "GET":
        return render(request, "pages/family/document.html", context)
    try:
        _accept(request, family, version)
    except Refused as refusal:
        context |= {"error": str(refusal), "field": refusal.field, "whom": request.POST.get("adult", "")}
        return render(request, "pages/family/document.html", context, status=refusal.status)
    return redirect("join-name" if open_meetings(family, time.now()) else "family-home")


def _accept(request: HttpRequest, family: Family, version: Version) -> None:
    adult = family.adult(request.POST.get("adult", ""))
    if adult is None and family.adults:
        raise Refused("adult", _("Say who you are."), field="adult", status=400)
    if not request.POST.get("read"):
        raise Refused("read", _("Read it, then tick the box."), field="read", status=400)
    for household in _speaks_for(family, adult):
        way = Way.LINK if family.door.startswith("link:") else Way.PAGE
        accept(version=version, way=way, household=household, adult=adult, now=time.now())


def _speaks_for(family: Family, adult: Any) -> list[Household]:
    """The households an adult accepts for: every one of theirs that this sign-in shows."""
    if adult is None:
        return list(family.households)
    own = set(adult.households.values_list("pk", flat=True))
    return [each for each in family.households if each.pk in own] or [family.households[0]]


def _due(family: Family) -> list[Version]:
    """What one of these households has yet to accept, each document once."""
    now = time.now()
    found = {v.pk: v for household in family.households for v in conduct_due(household, now)}
    return list(found.values())


def _accepted(family: Family) -> list[Any]:
    """What stands accepted: the newest of each document and adult."""
    rows = [each for household in family.households for each in acceptances_of(household)]
    seen: dict[tuple[str, int | None], Any] = {}
    for row in sorted(rows, key=lambda row: row.at, reverse=True):
        seen.setdefault((row.version.kind, row.adult_id), row)
    return list(seen.values())


@require_GET
@never_cache
@for_family
def test(request: HttpRequest, family: Family) -> HttpResponse:
    """Try camera, microphone and loudspeaker. Nothing leaves the browser."""
    return render(request, "pages/family/test.html", {"family": family})


@require_http_methods(["GET", "POST"])
@never_cache
@for_family
def ask(request: HttpRequest, family: Family) -> HttpResponse:
    """Ask to see a recording (T10)."""
    typed = {
        name: request.POST.get(name, "")[:LONGEST_WORDS] for name in ("child", "adult", "relation", "words")
    }
    context: dict[str, Any] = {
        "family": family,
        "typed": typed,
        "relations": RELATIONS,
        "asked": asked_for(family),
    }
    if request.method == "GET":
        return render(request, "pages/family/ask.html", context)
    try:
        _ask(family, typed)
    except Refused as refusal:
        context |= {"error": str(refusal), "field": refusal.field}
        return render(request, "pages/family/ask.html", context, status=refusal.status)
    return redirect(f"{request.path.removesuffix('ask')}?asked=1#kept")


def _ask(family: Family, typed: dict[str, str]) -> None:
    pupil, adult = family.child(typed["child"]), family.adult(typed["adult"])
    if pupil is None:
        raise Refused("child", _("Choose the child."), field="child", status=400)
    if adult is None:
        raise Refused("adult", _("Say who you are."), field="adult", status=400)
    if typed["relation"] not in FAMILIES:
        raise Refused("relation", _("Say what you are to the child."), field="relation", status=400)
    ask_on_page(
        pupil=pupil,
        asker=adult,
        relation=typed["relation"],
        words=typed["words"],
        by=family.door,
        now=time.now(),
    )


@require_GET
@never_cache
@for_family
def entry(request: HttpRequest, family: Family, public_id: str) -> HttpResponse:
    """One meeting as a calendar entry. It names the class and no child."""
    meeting = find_meeting(family, public_id, time.now())
    if meeting is None:
        raise Http404
    answer = HttpResponse(
        write_file(_calendar(request, meeting), now=time.now()), content_type="text/calendar"
    )
    answer["Content-Disposition"] = 'attachment; filename="meeting.ics"'
    return answer


def _calendar(request: HttpRequest, meeting: Meeting) -> Calendar:
    return Calendar(
        uid=f"{meeting.public_id}@circletime",
        starts_at=meeting.starts_at,
        ends_at=meeting.starts_at + timedelta(minutes=meeting.minutes),
        summary=f"{meeting.school_class}: {_(meeting.get_purpose_display())}",
        description=_("Open your family's page: %(page)s") % {"page": request.build_absolute_uri("/family/")},
        organizer_name=meeting.host.name,
        organizer_email=meeting.host.email,
    )
