"""The roster: hand a file over, name its columns, look at what it does, bring it in, take it back.

A page shows the first of what a file does and of what is odd in it; the whole of both is a file that is
sent as it is read from the database, however long it is.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Case, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.pages.csvs import csv_stream
from circletime.pages.found import or_404
from circletime.pages.who import staff_of
from circletime.people.models import User
from circletime.people.roster import actions
from circletime.people.roster.bulk import by_key
from circletime.people.roster.mapped import WANTED
from circletime.people.roster.models import RosterImport, RosterMapping, RosterOdd, RosterStaged
from circletime.people.roster.rules import PLANNED, WORKING, Kind, State, Verb, can_import

ODD_SHOWN = 100
CHANGES_SHOWN = 50
KINDS = {
    Kind.PUPIL: "Child", Kind.MARK: "Child", Kind.ADULT: "Adult", Kind.STAFF: "Staff", Kind.CLASS: "Class",
}  # fmt: skip
"""In the order in which they are shown."""
VERBS = {Verb.LEAVING: "Leaving", Verb.CHANGED: "Changed", Verb.ADDED: "Added"}


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """What was brought in before, and a new file."""
    user = _importer(request)
    error: Refused | None = None
    if request.method == "POST":
        try:
            return redirect("roster-import", _hand_over(request, user).public_id)
        except Refused as refusal:
            error = refusal
    rows = RosterImport.objects.select_related("by")[:30]
    context = {
        "rows": [(each, State(each.state)) for each in rows],
        "mappings": RosterMapping.objects.all(),
        "chosen": request.POST.get("mapping", ""),
        "error": error,
    }
    return render(request, "pages/roster/index.html", context, status=error.status if error else 200)


def _hand_over(request: HttpRequest, user: User) -> RosterImport:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or not file.name or file.file is None:
        raise Refused("file", "Choose a file first.", field="file", status=400)
    mapping = request.POST.get("mapping", "")
    if mapping and not RosterMapping.objects.filter(name=mapping).exists():
        raise Refused("mapping", "Choose a source of the list.", field="mapping", status=400)
    return actions.hand_over(
        file=file.file, name=file.name, size=file.size or 0, mapping=mapping, by=user, now=time.now()
    )


@login_required
@never_cache
@require_GET
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """One import, wherever it stands."""
    _importer(request)
    return _show(request, or_404(RosterImport.objects.filter(public_id=public_id).first()))


def _show(request: HttpRequest, made: RosterImport, error: Refused | None = None) -> HttpResponse:
    shown = made.shown
    odd = RosterOdd.objects.filter(roster_import=made)
    odd_count = odd.count() + shown.get("odd_more", 0)
    context: dict[str, Any] = {
        "made": made,
        "state": State(made.state),
        "working": made.state in WORKING or made.state == State.COMMAND,
        "groups": _groups(made) if made.state == State.READY else [],
        "odd": odd.order_by("-refused", "pk")[:ODD_SHOWN],
        "odd_count": odd_count,
        "odd_more": max(0, odd_count - ODD_SHOWN),
        "asks_again": shown.get("asks_again", False),
        "leaving": shown.get("leaving", 0),
        "here": shown.get("here", 0),
        "fields": _fields(request, shown) if made.state == State.MAPPING else [],
        "name": request.POST.get("name", made.file_name.rsplit(".", 1)[0])[:60],
        "head": shown.get("head", []),
        "error": error,
    }
    return render(request, "pages/roster/show.html", context, status=error.status if error else 200)


def _groups(made: RosterImport) -> list[tuple[str, int, list[tuple[str, RosterStaged]]]]:
    """The first of those who leave, are changed and are added, and how many each are."""
    order = Case(*(When(kind=kind, then=Value(at)) for at, kind in enumerate(KINDS)))
    found = []
    for verb, words in VERBS.items():
        rows = RosterStaged.objects.filter(roster_import=made, kind__in=PLANNED, verb=verb)
        some = [(KINDS[Kind(row.kind)], row) for row in rows.order_by(order, "pk")[:CHANGES_SHOWN]]
        if some:
            found.append((words, made.counts.get(verb, 0), some))
    return found


def _fields(request: HttpRequest, shown: dict[str, Any]) -> list[tuple[Any, str]]:
    guessed = shown.get("guessed", {})
    return [(each, request.POST.get(each.name, guessed.get(each.name, ""))) for each in WANTED]


@login_required
@never_cache
@require_POST
def name_columns(request: HttpRequest, public_id: str) -> HttpResponse:
    """Which column is which."""

    def step(made: RosterImport, user: User) -> None:
        head = made.shown.get("head", [])
        columns = {w.name: request.POST.get(w.name, "") for w in WANTED}
        columns = {name: column for name, column in columns.items() if column in head}
        name = request.POST.get("name", "")
        actions.name_columns(of=made, name=name, columns=columns, by=user, now=time.now())

    return _step(request, public_id, step)


@login_required
@never_cache
@require_POST
def apply(request: HttpRequest, public_id: str) -> HttpResponse:
    """Bring it in."""
    confirmed = request.POST.get("many_leave") == "yes"
    return _step(
        request,
        public_id,
        lambda made, user: actions.ask_to_apply(of=made, confirmed=confirmed, by=user, now=time.now()),
    )


@login_required
@never_cache
@require_POST
def drop(request: HttpRequest, public_id: str) -> HttpResponse:
    """Leave it."""
    return _step(request, public_id, lambda made, user: actions.drop(of=made, by=user, now=time.now()))


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask once more, then take the last import back."""
    user = _importer(request)
    made = or_404(RosterImport.objects.filter(public_id=public_id, state=State.APPLIED).first())
    error: Refused | None = None
    if request.method == "POST":
        try:
            actions.undo(of=made, by=user, now=time.now())
            return redirect("roster-import", public_id)
        except Refused as refusal:
            error = refusal
    context = {"made": made, "error": error}
    return render(request, "pages/roster/undo.html", context, status=error.status if error else 200)


def _step(request: HttpRequest, public_id: str, step: Any) -> HttpResponse:
    user = _importer(request)
    made = or_404(RosterImport.objects.filter(public_id=public_id).first())
    try:
        step(made, user)
    except Refused as refusal:
        return _show(request, RosterImport.objects.get(pk=made.pk), refusal)
    return redirect("roster-import", public_id)


@login_required
@never_cache
@require_GET
def changes_csv(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Everything that a file would do, for whoever looks at all of it before it is brought in."""
    _importer(request)
    made = or_404(RosterImport.objects.filter(public_id=public_id).first())
    return csv_stream("changes", ["What happens", "Who or what", "Name", "From, to"], _changes(made))


def _changes(made: RosterImport) -> Iterator[list[str]]:
    for verb, words in VERBS.items():
        rows = RosterStaged.objects.filter(roster_import=made, kind__in=PLANNED, verb=verb)
        for some in by_key(rows):
            for row in some:
                details = "; ".join(f"{field}: {before} → {after}" for field, before, after in row.details)
                yield [words, KINDS[Kind(row.kind)], row.label, details]


@login_required
@never_cache
@require_GET
def odd_csv(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The odd rows, for whoever mends them in the school's own system."""
    _importer(request)
    made = or_404(RosterImport.objects.filter(public_id=public_id).first())
    heads = ["File", "Line", "Column", "What to mend", "Row used"]
    return csv_stream("odd-rows", heads, _odd(made))


def _odd(made: RosterImport) -> Iterator[list[str]]:
    for some in by_key(RosterOdd.objects.filter(roster_import=made)):
        for row in some:
            yield [row.file, str(row.line or ""), row.column, row.words, "no" if row.refused else "yes"]


def _importer(request: HttpRequest) -> User:
    user = staff_of(request)
    if not can_import(user.roles):
        raise PermissionDenied
    return user
