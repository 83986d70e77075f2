"""The dispatch list: which household was told of which meeting, by which way, and what is left to do (T4)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.dispatch.actions import sending
from circletime.dispatch.actions.workplace import set_work_address
from circletime.dispatch.actions.writing import for_everybody
from circletime.dispatch.models import Delivery, Notice
from circletime.dispatch.queries import lists
from circletime.dispatch.rules import BY_HAND, can_hand_out, can_see
from circletime.pages.csvs import csv_answer
from circletime.pages.forms import read_day
from circletime.pages.found import or_404
from circletime.pages.who import staff_of
from circletime.people import links
from circletime.people.models import SchoolClass, User

HEADS = ("Class", "Child", "Parent or carer", "Link")
Act = Callable[[Notice, User, datetime], object]


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """One day's list."""
    return _list(request, _keeper(request))


def _list(
    request: HttpRequest, user: User, error: Refused | None = None, about: Notice | None = None
) -> HttpResponse:
    now = time.now()
    today = timezone.localtime(now).date()
    day = about.day if about is not None else _day(request, today)
    opened = about.public_id if about is not None else request.GET.get("open", "")[:32]
    sheets = lists.day_sheets(day, now, opened)
    context = {
        "day": day,
        "today": today,
        "before": day - timedelta(days=1) if day > date.min else day,
        "after": day + timedelta(days=1) if day < date.max else day,
        "days": lists.days_around(today),
        "sheets": sheets,
        "opened": opened,
        "progress": lists.progress_of(day),
        "waiting": sum(sheet.waiting for sheet in sheets),
        "by_hand": BY_HAND,
        "may_hand_out": can_hand_out(user.roles),
        "error": error,
    }
    return render(request, "pages/dispatch/index.html", context, status=error.status if error else 200)


def _day(request: HttpRequest, today: date) -> date:
    return read_day((request.GET.get("day") or request.POST.get("day") or "")[:10]) or today


@login_required
@never_cache
@require_GET
def progress(request: HttpRequest) -> JsonResponse:
    """How far the day's letters are; asked by the page while they go out."""
    _keeper(request)
    return JsonResponse(lists.progress_of(_day(request, timezone.localtime(time.now()).date())))


@login_required
@never_cache
@require_POST
def send_day(request: HttpRequest) -> HttpResponse:
    """Send what has not gone, of the whole day."""
    user, now = _keeper(request), time.now()
    day = _day(request, timezone.localtime(now).date())
    try:
        sending.send_day(day=day, by=user, now=now)
    except Refused as refusal:
        return _list(request, user, refusal)
    return redirect(f"{reverse('dispatch')}?{urlencode({'day': day.isoformat()})}")


@login_required
@never_cache
@require_POST
def send(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send what has not gone of one notice, or to one household of it."""
    only = request.POST.get("only", "")[:32]
    return _do(
        request,
        public_id,
        lambda notice, by, now: sending.send_waiting(notice=notice, by=by, now=now, only=only),
    )


@login_required
@never_cache
@require_POST
def again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send to one household once more what has gone."""
    name, _, letter = request.POST.get("again", "")[:80].partition(":")

    def act(notice: Notice, by: User, now: datetime) -> object:
        row = or_404(lists.get_delivery(notice, name))
        return sending.send_again(delivery=row, seen_letter=letter, by=by, now=now)

    return _do(request, public_id, act)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def all_again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask once more, then send everything of one notice again."""
    user = _keeper(request)
    notice = or_404(lists.get_notice(public_id))
    if request.method == "GET":
        sheet = lists.sheet_of(notice, time.now())
        return render(request, "pages/dispatch/again.html", {"sheet": sheet, "notice": notice})
    seen = request.POST.get("seen", "")
    number = int(seen) if seen.isdecimal() and len(seen) < 6 else -1
    return _do(
        request,
        public_id,
        lambda notice, by, now: sending.send_all_again(notice=notice, seen=number, by=by, now=now),
        user,
    )


@login_required
@never_cache
@require_POST
def tick(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say of the ticked households how they were told, or that a tick or a mail was none."""
    names, how = [name[:32] for name in request.POST.getlist("row")], request.POST.get("how", "")[:20]

    def act(notice: Notice, by: User, now: datetime) -> object:
        if not names:
            raise Refused("none", "Tick the households first.", field="row", status=400)
        rows = [or_404(lists.get_delivery(notice, name)) for name in names]
        single = {"back": sending.take_tick_back, "came-back": sending.came_back}.get(how)
        if single is None:
            return sending.tick_told(deliveries=names, notice=notice, how=how, by=by, now=now)
        return _each(single, rows, by, now)

    return _do(request, public_id, act)


def _each(act: Callable[..., object], rows: list[Delivery], by: User, now: datetime) -> int:
    with transaction.atomic():
        for row in rows:
            act(delivery=row, by=by, now=now)
    return len(rows)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def schoolping(request: HttpRequest, public_id: str) -> HttpResponse:
    """The message pack: words to copy, the recipients as a file, and the tick that it was sent."""
    user = _keeper(request)
    notice = or_404(lists.get_notice(public_id))
    sheet = lists.sheet_of(notice, time.now())
    if request.method == "POST":
        return _do(
            request, public_id, lambda one, by, now: sending.tick_pinged(notice=one, by=by, now=now), user
        )
    context = {
        "notice": notice,
        "sheet": sheet,
        "words": for_everybody(notice),
        "may_hand_out": can_hand_out(user.roles),
        "automatic": bool(settings.SCHOOLPING),
    }
    return render(request, "pages/dispatch/schoolping.html", context)


@login_required
@never_cache
@require_POST
def recipients(request: HttpRequest, public_id: str) -> HttpResponse:
    """The recipients as CSV: class, first name, adult, and the family's own link where there is one."""
    user = _keeper(request)
    if not can_hand_out(user.roles):
        raise PermissionDenied
    notice = or_404(lists.get_notice(public_id))
    rows = sending.hand_out_links(notice=notice, by=user, now=time.now())
    name = notice.school_class.name if notice.school_class is not None else ""
    return csv_answer(f"schoolping-{notice.day:%Y-%m-%d}", HEADS, [_cells(name, row) for row in rows])


def _cells(class_name: str, row: Delivery) -> list[str]:
    children = ", ".join(child.first_name for child in row.pupils.all())
    adult = row.adult.name if row.adult is not None else ""
    alive = row.link is not None and row.link.burned_at is None
    return [class_name, children, adult, links.address_of(row.link.pk) if alive and row.link else ""]


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def work(request: HttpRequest) -> HttpResponse:
    """Where each class's school work goes on, as letters say (R4)."""
    user = _keeper(request)
    if not can_hand_out(user.roles):
        raise PermissionDenied
    error, typed, wrong = None, "", 0
    if request.method == "POST":
        key = request.POST.get("school_class", "")
        typed = request.POST.get("address", "")[:400]
        found = SchoolClass.objects.filter(pk=int(key) if key.isdecimal() and len(key) < 9 else 0).first()
        school_class = or_404(found)
        try:
            set_work_address(school_class=school_class, address=typed, by=user, now=time.now())
            return redirect(f"{reverse('dispatch-work')}#class-{school_class.pk}")
        except Refused as refusal:
            error, wrong = refusal, school_class.pk
    rows = [(one, typed if one.pk == wrong else address) for one, address in lists.list_work_places()]
    context = {"rows": rows, "error": error, "wrong": wrong}
    return render(request, "pages/dispatch/work.html", context, status=error.status if error else 200)


def _do(request: HttpRequest, public_id: str, act: Act, user: User | None = None) -> HttpResponse:
    by = user or _keeper(request)
    notice = or_404(lists.get_notice(public_id))
    try:
        act(notice, by, time.now())
    except Refused as refusal:
        return _list(request, by, refusal, notice)
    asked = urlencode({"day": notice.day.isoformat(), "open": notice.public_id})
    return redirect(f"{reverse('dispatch')}?{asked}#sheet-{notice.public_id}")


def _keeper(request: HttpRequest) -> User:
    """Whoever asks, if they look after what families are told. Says no before it looks what there is."""
    user = staff_of(request)
    if not can_see(user.roles):
        raise PermissionDenied
    return user
