"""Who has read a document and who has not; paper slips and reminders (C4, R1)."""

from typing import TypeVar

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.documents import queries, readers
from circletime.documents.actions.accept import note_paper
from circletime.documents.actions.remind import remind_all
from circletime.documents.models import Version
from circletime.documents.readers import Reader
from circletime.pages.csvs import csv_answer
from circletime.pages.found import or_404
from circletime.pages.views.policies import kind_of
from circletime.pages.views.policy_desk import keeper
from circletime.people.models import Household, User

HEADS = ("Part", "Who", "Read", "When", "How", "Which adult", "Noted by")
MOST_SLIPS = 1000
One = TypeVar("One", Household, User)


@login_required
@never_cache
@require_GET
def index(request: HttpRequest, kind: str) -> HttpResponse:
    """Everybody who is asked, class by class, and whether they have read it."""
    keeper(request)
    return _page(request, _version(kind))


def _page(request: HttpRequest, version: Version, error: Refused | None = None) -> HttpResponse:
    context = {
        "kind": version.document,
        "version": version,
        "parts": readers.parts(version),
        "count": readers.count(version),
        "progress": readers.progress(version),
        "today": timezone.localtime(time.now()).date(),
        "error": error,
    }
    return render(request, "pages/policies/readers.html", context, status=error.status if error else 200)


@login_required
@never_cache
@require_GET
def as_csv(request: HttpRequest, kind: str) -> HttpResponse:
    """The same as CSV, which no spreadsheet takes for formulas."""
    keeper(request)
    version = _version(kind)
    rows = [_cells(part.title, each) for part in readers.parts(version) for each in part.readers]
    day = timezone.localtime(time.now())
    return csv_answer(f"{version.kind}-{day:%Y-%m-%d}", HEADS, rows)


def _cells(part: str, each: Reader) -> list[str]:
    said = each.said
    if said is None:
        return [part, each.name, "no", "", "", "", ""]
    return [
        part,
        each.name,
        "yes",
        f"{timezone.localtime(said.at):%Y-%m-%d %H:%M}",
        said.way,
        said.adult,
        said.noted_by,
    ]


@login_required
@never_cache
@require_POST
def paper(request: HttpRequest, kind: str) -> HttpResponse:
    """The office has signed slips of those that are ticked."""
    user, version = keeper(request), _version(kind)
    homes = {each.pk: each for each in readers.asked_households(version)}
    users = {each.pk: each for each in readers.asked_users(version)}
    ticked = request.POST.getlist("slip")[:MOST_SLIPS]
    try:
        if not ticked:
            raise Refused("nobody", "Tick those whose slips you have.", status=400)
        note_paper(
            version=version,
            households=_chosen(ticked, "household", homes),
            users=_chosen(ticked, "user", users),
            by=user,
            now=time.now(),
        )
    except Refused as refusal:
        return _page(request, version, refusal)
    return redirect("policy-readers", version.kind)


def _chosen(ticked: list[str], what: str, there: dict[int, One]) -> list[One]:
    keys = [text.removeprefix(f"{what}-") for text in ticked if text.startswith(f"{what}-")]
    return [there[int(key)] for key in keys if key.isdecimal() and len(key) < 18 and int(key) in there]


@login_required
@never_cache
@require_POST
def remind(request: HttpRequest, kind: str) -> HttpResponse:
    """Remind everybody who has not read it."""
    user, version = keeper(request), _version(kind)
    try:
        remind_all(version=version, by=user, now=time.now())
    except Refused as refusal:
        return _page(request, version, refusal)
    return redirect("policy-readers", version.kind)


@login_required
@never_cache
@require_GET
def progress(request: HttpRequest, kind: str) -> JsonResponse:
    """How far the worker is with the reminders; asked by the page while it works."""
    keeper(request)
    found = readers.progress(_version(kind))
    if found is None:
        return JsonResponse({"running": False})
    return JsonResponse({"running": found.running, "done": found.done, "of": found.of})


def _version(kind: str) -> Version:
    return or_404(queries.current(kind_of(kind)))
