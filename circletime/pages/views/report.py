"""How the policy was kept: the report for governors and leaders, one press above its evidence (C5)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.core.keyfiles import KeyTrouble
from circletime.oversight.actions.reports import sign_report
from circletime.oversight.evidence.figure import Figure, Item, Verdict
from circletime.oversight.evidence.period import Period, Span, between, span_of
from circletime.oversight.evidence.plot import plot
from circletime.oversight.evidence.report import Report, make_report
from circletime.oversight.queries.reports import check_report
from circletime.oversight.rules.reports import LARGEST_REPORT
from circletime.pages.forms import read_day
from circletime.pages.report_papers import as_csv, as_pdf
from circletime.pages.who import staff_of
from circletime.people.models import User
from circletime.policy.clauses import CLAUSES

ROWS_SHOWN = 500
ROUND = 2 * 3.14159265 * 54
"""How long the ring of the first picture is, in its own units."""


@dataclass(frozen=True)
class Chosen:
    """The period that was asked for, as a page shows it and an address has it."""

    period: Period
    query: str
    span: str
    back: int
    typed: dict[str, str]
    error: Refused | None = None


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The picture, and every clause with its figure."""
    reader(request)
    chosen = chosen_of(request.GET)
    report = make_report(chosen.period, time.now())
    groups = [
        (who, [(each, plot(each.figure, chosen.period)) for each in found]) for who, found in report.groups
    ]
    context = {
        "report": report,
        "groups": groups,
        "ring": _ring(report),
        "chosen": chosen,
        "spans": [
            (span.value, {"week": "Week", "term": "Term", "year": "School year"}[span]) for span in Span
        ],
        "may_see_log": staff_of(request).sees_log,
    }
    status = chosen.error.status if chosen.error else 200
    return render(request, "pages/report/index.html", context, status=status)


@login_required
@never_cache
@require_GET
def clause(request: HttpRequest, number: str) -> HttpResponse:
    """One clause: its trend, its exceptions and what they were counted from."""
    user = reader(request)
    if number not in {each.number for each in CLAUSES}:
        raise Http404
    chosen = chosen_of(request.GET)
    finding = make_report(chosen.period, time.now(), only=number).findings[0]
    rows, hidden = _rows(finding.figure, user)
    context = {
        "finding": finding,
        "figure": finding.figure,
        "plot": plot(finding.figure, chosen.period),
        "rows": rows[:ROWS_SHOWN],
        "more": max(0, len(rows) - ROWS_SHOWN),
        "hidden": hidden,
        "may_watch": user.may_watch,
        "chosen": chosen,
    }
    return render(request, "pages/report/clause.html", context)


def _rows(figure: Figure, user: User) -> tuple[list[Item], bool]:
    """What it was counted from, exceptions first. Where single meetings could tell of a child, only for those
    who may read registers anyway."""
    if figure.people and not user.may_watch:
        return [], bool(figure.items)
    return sorted(figure.items, key=lambda item: (not item.bad, -item.at.timestamp())), False


@login_required
@never_cache
@require_POST
def download(request: HttpRequest, kind: str) -> HttpResponse:
    """The report as a signed file. That it was taken stands in the log."""
    user = reader(request)
    chosen = chosen_of(request.POST)
    if chosen.error is not None:
        return HttpResponse(str(chosen.error), status=400, content_type="text/plain; charset=utf-8")
    now = time.now()
    report = make_report(chosen.period, now)
    body = as_pdf(report) if kind == "pdf" else as_csv(report)
    try:
        signed = sign_report(body=body, kind=kind, report=report, by=user, now=now)
    except Refused as refusal:
        return HttpResponse(str(refusal), status=409, content_type="text/plain; charset=utf-8")
    except KeyTrouble:
        said = "The report cannot be signed: the log's key is not there. Tell whoever looks after Circletime."
        return HttpResponse(said, status=503, content_type="text/plain; charset=utf-8")
    types = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}
    answer = HttpResponse(signed, content_type=types[kind])
    name = f"policy-report-{chosen.period.first}-to-{chosen.period.last}.{kind}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Whether a report that somebody has is the one that was signed here."""
    reader(request)
    said, error = None, ""
    if request.method == "POST":
        file = request.FILES.get("report")
        try:
            if file is None:
                raise Refused("report", "Choose the report's file, a PDF or a CSV.", status=400)
            if (file.size or 0) > LARGEST_REPORT:
                raise Refused("report", "This file is larger than any report of Circletime.", status=400)
            said = check_report(file.read())
        except Refused as refusal:
            error = str(refusal)
    return render(
        request, "pages/report/check.html", {"said": said, "error": error}, status=400 if error else 200
    )


def reader(request: HttpRequest) -> User:
    """Whoever asks, if the report is any business of theirs."""
    user = staff_of(request)
    if not user.sees_report:
        raise PermissionDenied
    return user


def chosen_of(typed: QueryDict) -> Chosen:
    """The period that an address or a form names; this term where it names none, or one that cannot be."""
    today = timezone.localtime(time.now()).date()
    zone = timezone.get_current_timezone()
    days = {name: typed.get(name, "")[:20] for name in ("from", "to")}
    if any(days.values()):
        try:
            period = between(read_day(days["from"]), read_day(days["to"]), zone)
            return Chosen(period, urlencode(days), "", 0, days)
        except Refused as refusal:
            return Chosen(span_of(Span.TERM, today, zone), "span=term", "term", 0, days, refusal)
    span = next((span for span in Span if span == typed.get("span")), Span.TERM)
    back = _small_number(typed.get("back", ""))
    period = span_of(span, today, zone, back)
    bounds = {"from": period.first.isoformat(), "to": period.last.isoformat()}
    return Chosen(period, urlencode({"span": span.value, "back": back}), span.value, back, bounds)


def _small_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 0


def _ring(report: Report) -> list[dict[str, object]]:
    """The ring's parts, one for each result, from the top round."""
    total, begun, found = len(report.findings), 0.0, []
    for verdict in Verdict:
        count = report.count(verdict)
        length = ROUND * count / total
        if count:
            found.append(
                {
                    "verdict": verdict,
                    "count": count,
                    "dash": f"{max(length - 2, 1):.1f} {ROUND - max(length - 2, 1):.1f}",
                    "offset": f"{-begun:.1f}",
                }
            )
        begun += length
    return found
