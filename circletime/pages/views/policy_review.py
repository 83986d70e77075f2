"""The review of a policy: the pack for the board, on the page and as PDF, and the board's adoption (C7)."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.documents import queries
from circletime.documents.actions.adopt import adopt
from circletime.documents.models import Version
from circletime.documents.readers import count
from circletime.documents.rules.difference import is_changed
from circletime.documents.rules.kinds import Kind, can_adopt, can_review
from circletime.pages.forms import read_day
from circletime.pages.found import or_404
from circletime.pages.views.policies import kind_of, papers_of
from circletime.pages.views.policy_desk import marked
from circletime.pages.who import staff_of
from circletime.people.models import User
from circletime.people.queries import get_school

SHEET = Path(__file__).resolve().parent.parent / "sheets" / "review.typ"
FIELDS = ("met_on", "minute", "signatories")


@login_required
@never_cache
@require_GET
def show(request: HttpRequest, kind: str) -> HttpResponse:
    """What changed, what is proposed, how many have read it; and the form for the board's adoption."""
    user = reviewer(request)
    return _page(request, user, _version(kind))


def _page(
    request: HttpRequest,
    user: User,
    version: Version,
    error: Refused | None = None,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    context = pack(version, time.now()) | {
        "adopts": can_adopt(user.roles),
        "error": error,
        "wrong": (error.field or "") if error else "",
        "typed": typed or {},
        "papers": papers_of([version]),
    }
    return render(request, "pages/policies/review.html", context, status=error.status if error else 200)


def pack(version: Version, now: datetime) -> dict[str, Any]:
    """What the board looks at, counted at this moment."""
    kind = version.document
    proposed = queries.draft(kind)
    adopted = queries.last_adoption(kind)
    was = adopted.version if adopted is not None else None
    since = marked(was, version) if was is not None and was.pk != version.pk else []
    proposal = marked(version, proposed) if proposed is not None else []
    return {
        "kind": kind,
        "version": version,
        "review": queries.review_of(version, now),
        "adoption": queries.adoption_of(version),
        "last": adopted,
        "since": list(queries.last_published(kind)),
        "lines": since if is_changed(since) else [],
        "proposed": proposed,
        "proposal": proposal if is_changed(proposal) else [],
        "count": count(version),
    }


@login_required
@never_cache
@require_GET
def as_pdf(request: HttpRequest, kind: str) -> HttpResponse:
    """The pack as PDF. The values go in as data, so no word of it can be taken for markup."""
    reviewer(request)
    version, now = _version(kind), time.now()
    pdf = typst.compile(
        str(SHEET), format="pdf", sys_inputs={"facts": json.dumps(_facts(pack(version, now), now))}
    )
    answer = HttpResponse(pdf, content_type="application/pdf")
    name = f"review-{version.kind}-{timezone.localtime(now):%Y-%m-%d}"
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def _facts(found: dict[str, Any], now: datetime) -> dict[str, Any]:
    kind, version, review, last = found["kind"], found["version"], found["review"], found["last"]
    read = found["count"]
    rows = [
        ["Version", f"{version.number}, published on {_day(version.published_on)}"],
        ["Adopted", _adopted(found["adoption"])],
        ["Date last review adopted", _day(last.met_on) if last else "never"],
        ["Next review due", _day(review.due_on) + (" (overdue)" if review.overdue else "")],
        ["Read by", f"{read.read} of {read.of} who are asked"],
    ]
    return {
        "title": kind.words,
        "school": get_school().name,
        "printed": _day(timezone.localtime(now).date()),
        "facts": rows,
        "since": [
            [str(v.number), _day(v.published_on), v.changes or "The first version"] for v in found["since"]
        ],
        "lines": _lines(found["lines"]),
        "proposed": found["proposed"] is not None,
        "proposal": _lines(found["proposal"]),
        "text": [{"tag": b.tag, "lines": list(b.lines)} for b in queries.wording_of(version).blocks],
    }


def _lines(lines: list[Any]) -> list[list[list[str]]]:
    return [[[piece.change.value, piece.words] for piece in line] for line in lines]


def _day(day: Any) -> str:
    return f"{day:%-d %B %Y}" if day else ""


def _adopted(adoption: Any) -> str:
    if adoption is None:
        return "not adopted yet"
    return f"{_day(adoption.met_on)}, minute {adoption.minute}, signed by {', '.join(adoption.signatories)}"


@login_required
@never_cache
@require_POST
def adoption(request: HttpRequest, kind: str) -> HttpResponse:
    """Write down that the board adopted what holds. The version is named, so that it is what was shown."""
    user = staff_of(request)
    if not can_adopt(user.roles):
        raise PermissionDenied
    version = or_404(queries.get_version(request.POST.get("version", "")[:40]))
    document = kind_of(kind)
    typed = {name: request.POST.get(name, "")[:2000] for name in FIELDS}
    try:
        if version.document != document:
            raise Refused("other", "This version is of another document.")
        adopt(
            version=version,
            met_on=read_day(typed["met_on"]),
            minute=typed["minute"],
            signatories=typed["signatories"],
            by=user,
            now=time.now(),
        )
    except Refused as refusal:
        return _page(request, user, _version(kind), refusal, typed)
    return redirect("policy", document.value)


def reviewer(request: HttpRequest) -> User:
    """Whoever asks, if the review is theirs to see."""
    user = staff_of(request)
    if not can_review(user.roles):
        raise PermissionDenied
    return user


def _version(kind: str) -> Version:
    document = kind_of(kind)
    return or_404(queries.current(document) if document in reviewed() else None)


def reviewed() -> list[Kind]:
    """The documents that the board reviews here."""
    return [kind for kind in Kind if kind.reviewed]
