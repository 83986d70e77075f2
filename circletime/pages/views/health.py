"""Whether Circletime itself is well: in words for the office and senior leaders, and for machines."""

import threading
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from circletime import VERSION
from circletime.core import measure, time
from circletime.health.checks import parts
from circletime.health.checks.every import AT_THE_MOMENT
from circletime.health.figures import Figures
from circletime.health.queries import list_standings, whom_to_tell
from circletime.health.rules.finding import Finding, Subject
from circletime.pages.watchers import is_watcher
from circletime.pages.who import staff_of

PAGES = {Subject.LETTERS: "letters", Subject.TOLD: "letters"}
"""Where somebody sees to it, if it is a page."""

ASKED_AGAIN_AFTER = timedelta(seconds=2)
"""Whoever asks more often is given the answer of before: nobody makes us write by asking."""


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What was found when the worker last looked, what is wrong first; the worker itself is looked at now."""
    if not staff_of(request).sees_health:
        raise PermissionDenied
    standings, now = list_standings(), time.now()
    rows = [_row(each.finding, each.wrong_since) for each in standings.values()]
    clock = parts.worker(now)
    kept = standings.get(Subject.WORKER)
    rows = [_row(clock, kept.wrong_since if kept else None)] + [
        row for row in rows if row["finding"].subject != Subject.WORKER
    ]
    people, beside = whom_to_tell()
    context = {
        "bad": [row for row in rows if not row["finding"].fine],
        "good": [row for row in rows if row["finding"].fine],
        "looked_at": max((each.looked_at for each in standings.values()), default=None),
        "version": VERSION,
        "people": people,
        "beside": len(beside),
    }
    return render(request, "pages/well.html", context)


def _row(finding: Finding, since: datetime | None) -> dict[str, Any]:
    return {"finding": finding, "since": since, "page": PAGES.get(finding.subject)}


@never_cache
@require_GET
def lives(request: HttpRequest) -> HttpResponse:
    """This process answers. Nothing else is looked at: this is for whoever restarts what does not live."""
    return JsonResponse({"ok": True})


@never_cache
@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """Whether a meeting can be held here and now: 503 when not. Which part it is hears who watches."""
    found = _findings.now()
    fine = all(finding.fine for finding in found.values())
    answer: dict[str, Any] = {"ok": fine}
    if is_watcher(request):
        answer["version"] = VERSION
        answer["parts"] = {
            name: {"ok": finding.fine, "says": finding.line} for name, finding in found.items()
        }
    return JsonResponse(answer, status=200 if fine else 503)


@never_cache
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus' form, for whoever watches. For anybody else there is no such page."""
    if not is_watcher(request):
        raise Http404
    said = generate_latest(_figures) + generate_latest(measure.registry())
    return HttpResponse(said, content_type=CONTENT_TYPE_LATEST)


_figures = CollectorRegistry()
_figures.register(Figures())


class _Lately:
    """What was found a moment ago, or is found now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: datetime | None = None
        self._found: dict[str, Finding] = {}

    def now(self) -> dict[str, Finding]:
        """Each part that a meeting needs. Those who ask at the same moment wait for one look."""
        with self._lock:
            now = time.now()
            if self._at is None or not timedelta(0) <= now - self._at < ASKED_AGAIN_AFTER:
                self._found = {subject.value: look(now) for subject, look in AT_THE_MOMENT.items()}
                self._at = now
            return self._found

    def forget(self) -> None:
        """The next who asks has it looked at."""
        self._at = None


_findings = _Lately()
