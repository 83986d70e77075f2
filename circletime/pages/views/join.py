"""The families' way in: class ID and password, or their own link; then a first name, and the waiting room."""

import time as clock
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from circletime.core import time
from circletime.core.errors import Refused
from circletime.core.words import N_, _
from circletime.dispatch.actions.sending import link_opened
from circletime.dispatch.queries.reach import list_work_places
from circletime.dispatch.words import work_goes_on
from circletime.documents.actions.accept import accept, accept_at_door
from circletime.documents.models import Version
from circletime.documents.queries import missing_at_door
from circletime.documents.rules.kinds import Kind, Way
from circletime.meetings.actions.door import Person, knock
from circletime.meetings.families import keeping_shut
from circletime.meetings.models import Expected, Meeting, Seat
from circletime.meetings.queries import list_joinable, next_meeting
from circletime.meetings.rules import Kind as MeetingKind
from circletime.meetings.rules import Purpose
from circletime.meetings.throttle import check_door, wrong_try
from circletime.oversight.rules.leaks import Place
from circletime.pages.family_door import came_as_family, come_in, door_of, family_of
from circletime.pages.family_facts import open_meetings
from circletime.pages.handler import hold_back
from circletime.pages.language import remember_home
from circletime.pages.seats import any_key, remember
from circletime.pages.tripwire import tripwired
from circletime.pages.views.policies import papers_of
from circletime.people.actions import link_used
from circletime.people.families import Family, by_link
from circletime.people.models import Adult, Household, Pupil, SchoolClass
from circletime.people.queries import (
    find_class,
    find_class_again,
    match_pupils,
    token_hash,
)
from circletime.people.rules import folded

View = Callable[..., HttpResponse]

WRONG = N_(
    "That did not work. Check the class ID, the password and the name with your grown-up, and try again."
)
ANSWERS_AFTER = 0.25
"""Seconds from request to answer, right or wrong, so that the time tells nothing."""
LONGEST = 60
LINKS = "family"
"""What the throttle counts guesses at links under, as it counts others under a class ID."""


def steady(view: View) -> View:
    """Answer a form after the same time whatever it found, and keep nothing."""

    @wraps(view)
    def steadied(request: HttpRequest, *args: str) -> HttpResponse:
        began = clock.monotonic()
        answer = view(request, *args)
        if request.method == "POST":
            hold_back(answer, until=began + ANSWERS_AFTER)
        return answer

    return never_cache(steadied)


@tripwired(Place.JOIN)
@require_http_methods(["GET", "POST"])
@steady
def join(request: HttpRequest) -> HttpResponse:
    """Step 1: the class's standing ID and password (T6)."""
    typed = {"class_id": "", "password": ""}
    if request.method == "GET":
        return render(request, "pages/join/class.html", {"typed": typed})
    typed = {name: _typed(request, name) for name in typed}
    now, address = time.now(), address_of(request)
    try:
        _need(typed, class_id=_("Type the class ID."), password=_("Type the password."))
        check_door(address, typed["class_id"], now)
        found = find_class(typed["class_id"], typed["password"])
        if found is None:
            wrong_try(address, typed["class_id"], now)
            raise Refused("wrong", _(WRONG), status=403)
    except Refused as refusal:
        wrong = ["class_id", "password"] if refusal.code == "wrong" else [refusal.field]
        context = {"typed": typed, "error": str(refusal), "field": refusal.field, "wrong": wrong}
        return render(request, "pages/join/class.html", context, status=refusal.status)
    come_in(request, {"class": found.pk, "password": found.password}, now)
    return redirect("join-name")


@tripwired(Place.CLASS)
@require_GET
@never_cache
def join_class(request: HttpRequest, class_id: str) -> HttpResponse:
    """Step 1 as a class's card has it: the ID is typed already. Says nothing about whether there is such a
    class."""
    typed = {"class_id": class_id[:LONGEST], "password": ""}
    return render(request, "pages/join/class.html", {"typed": typed})


@require_http_methods(["GET", "POST"])
@steady
def join_name(request: HttpRequest) -> HttpResponse:
    """Step 2: the first name, and the adult who sits there (P7, R3)."""
    school_class, family = _who(request)
    if school_class is None and family is None:
        return redirect("family-over" if came_as_family(request) else "join")
    meetings = _open_meetings(school_class, family)
    if not meetings:
        return _not_open(request, school_class) if school_class is not None else redirect("family-home")
    if request.method == "GET":
        return render(request, "pages/join/name.html", _what_for(meetings[0]) | {"typed": {}})
    typed = {name: _typed(request, name) for name in ("name", "last_name", "grown_up")}
    try:
        meeting, person = _who_asks(request, meetings, family, typed)
        household = family.household_of(person.adult, person.pupil) if family is not None else None
        unread = _read(request, person, household)
        if unread:
            papers = papers_of(unread, (get_language() or "")[:2])
            return render(request, "pages/join/conduct.html", {"typed": typed, "papers": papers})
        seat = _knock(request, meeting, person, household)
    except Refused as refusal:
        said = {"typed": typed, "error": str(refusal), "which": refusal.code, "field": refusal.field}
        context = said | _what_for(meetings[0])
        return render(request, "pages/join/name.html", context, status=refusal.status)
    if not seat.state:
        return render(request, "pages/join/here.html", {"label": seat.label}, status=409)
    remember(request, seat)
    return redirect("room", seat.public_id)


@tripwired(Place.LINK)
@require_GET
@never_cache
def family(request: HttpRequest, token: str) -> HttpResponse:
    """A household's own link, straight to the name when a meeting is open. Its hash goes into the session,
    and the token out of the address bar, even when the household has to wait before it may try: the link
    still works after that."""
    now, address = time.now(), address_of(request)
    try:
        check_door(address, LINKS, now)
    except Refused:
        return redirect("family-wait")
    found = by_link(hashed := token_hash(token), now)
    if found is None:
        wrong_try(address, LINKS, now)
        return render(request, "pages/family/over.html", status=403)
    link_used(hashed=hashed, now=now)
    come_in(request, {"link": hashed}, now)
    remember_home(request, found.adults)
    link_opened(hashed=hashed, now=now)
    return redirect("join-name" if open_meetings(found, now) else "family-home")


@require_GET
@never_cache
def family_wait(request: HttpRequest) -> HttpResponse:
    """What a household reads whose link came from a place that was wrong too often."""
    try:
        check_door(address_of(request), LINKS, time.now())
    except Refused as refusal:
        context = {"typed": {}, "error": f"{refusal} {_('Then open your link once more.')}"}
        return render(request, "pages/join/class.html", context, status=refusal.status)
    return redirect("join")


@require_GET
@never_cache
def is_open(request: HttpRequest) -> JsonResponse:
    """Whether the waiting room has opened meanwhile; asked by the page that waits for it."""
    return JsonResponse({"open": bool(_open_meetings(*_who(request)))})


def _typed(request: HttpRequest, name: str) -> str:
    # A zero byte is in no name, and PostgreSQL takes none.
    return request.POST.get(name, "")[:LONGEST].replace("\0", "")


def _need(typed: dict[str, str], **sentences: str) -> None:
    """What was left empty is no guess; it is asked for, beside its field."""
    for name, sentence in sentences.items():
        if not typed[name].strip():
            raise Refused("empty", sentence, field=name, status=400)


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, as the throttles count it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def _who(request: HttpRequest) -> tuple[SchoolClass | None, Family | None]:
    door = door_of(request)
    # A link that was burned or a password that was changed meanwhile opens nothing, not even a form begun
    # before.
    if "class" in door:
        return find_class_again(door["class"], door.get("password", "")), None
    return None, family_of(request)


def _open_meetings(school_class: SchoolClass | None, family: Family | None) -> list[Meeting]:
    now = time.now()
    if school_class is not None:
        return [meeting for meeting in list_joinable(school_class) if not keeping_shut(meeting, now)]
    return open_meetings(family, now) if family is not None else []


def _who_asks(
    request: HttpRequest, meetings: list[Meeting], family: Family | None, typed: dict[str, str]
) -> tuple[Meeting, Person]:
    now, address = time.now(), address_of(request)
    door = f"class:{meetings[0].school_class_id}"
    check_door(address, door, now)
    _need(
        typed,
        name=_("Type your first name."),
        grown_up=_("A grown-up has to be there. Ask them, then tick the box."),
    )
    meeting, person = _find(meetings, family, typed)
    if person is None:
        wrong_try(address, door, now)
        raise Refused("wrong", _(WRONG), field="name", status=403)
    return meeting, person


def _what_for(meeting: Meeting) -> dict[str, object]:
    """What the meeting at the door is for (C1), and where school work goes on meanwhile (R4)."""
    said: dict[str, object] = {"purpose": _(meeting.get_purpose_display())}
    if meeting.kind in (MeetingKind.CLASS, MeetingKind.GROUP) and meeting.school_class is not None:
        said["work"] = work_goes_on(teaching=meeting.purpose == Purpose.TEACHING)
        said["places"] = list_work_places([meeting.school_class])
    return said


def _read(request: HttpRequest, person: Person, household: Household | None) -> list[Version]:
    """What the family has still to accept before it may ask to join (R1), after what it just did accept.

    Only what stands in the way now is taken, so that an old page accepts nothing that was not shown.
    """
    if household is None and person.adult is not None:
        household = person.adult.first_home
    missing = missing_at_door(pupil=person.pupil, household=household)
    shown = set(request.POST.getlist("accept")[: len(Kind)])
    accepted = [version for version in missing if version.public_id in shown]
    if not accepted:
        return missing
    way = Way.LINK if "link" in (request.session.get("door") or {}) else Way.DOOR
    if person.adult is not None:
        for version in accepted:
            accept(version=version, household=household, adult=person.adult, way=way, now=time.now())
    else:
        accept_at_door(versions=accepted, pupil=person.pupil, household=household, way=way, now=time.now())
    return missing_at_door(pupil=person.pupil, household=household)


def _knock(request: HttpRequest, meeting: Meeting, person: Person, household: Household | None) -> Seat:
    own = Seat.objects.filter(meeting=meeting, **person.fields()).values_list("public_id", flat=True)
    key = any_key(request, list(own))
    return knock(meeting=meeting, person=person, household=household, key=key, grown_up=True, now=time.now())


def _find(
    meetings: list[Meeting], family: Family | None, typed: dict[str, str]
) -> tuple[Meeting, Person | None]:
    for meeting in meetings:
        expected = Expected.objects.filter(meeting=meeting)
        pupils = list(Pupil.objects.filter(pk__in=expected.values("pupil"), left_at=None))
        if family is not None:
            pupils = [pupil for pupil in pupils if pupil in family.children]
        found = match_pupils(pupils, typed["name"], typed["last_name"])
        if len(found) > 1:
            _two_of_a_name(typed)
        if len(found) == 1:
            return meeting, Person(pupil=found[0])
        adults = list(Adult.objects.filter(pk__in=expected.values("adult"), left_at=None))
        if family is not None:
            adults = [adult for adult in adults if adult in family.adults]
        adult = _adult(adults, typed["name"])
        if adult is not None:
            return meeting, Person(adult=adult)
    return meetings[0], None


def _two_of_a_name(typed: dict[str, str]) -> None:
    # What the household knows tells them apart; it is compared here and shown nowhere.
    if typed["last_name"]:
        raise Refused("wrong", _(WRONG), field="name", status=403)
    raise Refused(
        "two",
        _(
            "There are two children of this name in the class. "
            "Type the last name as well; nobody else sees it."
        ),
        field="last_name",
        status=400,
    )


def _adult(adults: list[Adult], typed: str) -> Adult | None:
    wanted = folded(typed)
    matching = [a for a in adults if wanted and wanted in (folded(a.name), folded(a.name.split()[0]))]
    return matching[0] if len(matching) == 1 else None


def _not_open(request: HttpRequest, school_class: SchoolClass) -> HttpResponse:
    following = next_meeting(school_class, time.now())
    return render(request, "pages/join/not_open.html", {"following": following})
