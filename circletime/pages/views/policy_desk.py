"""The desk where documents are written and published (C4)."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.documents import queries
from circletime.documents.actions.publish import Written, drop_draft, publish, write
from circletime.documents.languages import LANGUAGES
from circletime.documents.models import Version
from circletime.documents.pdf import LARGEST, check_pdf
from circletime.documents.rules.difference import difference, is_changed
from circletime.documents.rules.kinds import Asks, Audience, Gate, Kind, can_publish
from circletime.documents.starters import starter
from circletime.pages.forms import read_day
from circletime.pages.views.policies import kind_of, papers_of
from circletime.pages.who import staff_of
from circletime.people.models import User


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, kind: str) -> HttpResponse:
    """Write a document, or upload it, in one language after the other. It is a draft until published."""
    user, document = keeper(request), kind_of(kind)
    language = request.POST.get("language") or request.GET.get("language") or queries.ENGLISH
    language = language if language in LANGUAGES else queries.ENGLISH
    found = queries.draft(document)
    error: Refused | None = None
    typed = _text(document, found, language)
    if request.method == "POST":
        typed = request.POST.get("text", "")
        try:
            write(
                kind=document,
                written=_written(request, typed),
                language=language,
                revision=_number(request.POST.get("revision", "")),
                by=user,
                now=time.now(),
            )
            if request.POST.get("then") == "publish":
                return redirect("policy-publish", document.value)
            return redirect(f"{request.path}?language={language}#draft")
        except Refused as refusal:
            error, found = refusal, queries.draft(document)
    context: dict[str, Any] = {
        "kind": document,
        "draft": found,
        "typed": typed,
        "error": error,
        "wrong": (error.field or "text") if error else "",
        "language": language,
        "languages": LANGUAGES.items(),
        "papers": papers_of([found]) if found is not None else [],
        "largest": LARGEST // 1024 // 1024,
        "fresh": found is None and queries.current(document) is None and bool(starter(document)),
    }
    return render(request, "pages/policies/edit.html", context, status=error.status if error else 200)


def _text(kind: Kind, found: Version | None, language: str) -> str:
    """What the field begins with: the draft, what holds, or Circletime's own wording."""
    for version in (found, queries.current(kind)):
        if version is None:
            continue
        for wording in queries.list_wordings(version):
            if wording.language == language and not wording.is_pdf:
                return wording.text
    return starter(kind) if language == queries.ENGLISH else ""


def _written(request: HttpRequest, typed: str) -> Written:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        return Written(typed)
    if (upload.size or 0) > LARGEST:
        check_pdf(b"x" * (LARGEST + 1))
    return Written(pdf=check_pdf(upload.read()))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


@login_required
@never_cache
@require_POST
def drop(request: HttpRequest, kind: str) -> HttpResponse:
    """Throw the draft away."""
    user, document = keeper(request), kind_of(kind)
    try:
        drop_draft(kind=document, revision=_number(request.POST.get("revision", "")), by=user, now=time.now())
    except Refused:
        return redirect("policy-edit", document.value)  # it is another by now: they see which
    return redirect("policy", document.value)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def publishing(request: HttpRequest, kind: str) -> HttpResponse:
    """Look at the draft once more, say who has to read it and what is refused without it, and publish it."""
    user, document = keeper(request), kind_of(kind)
    found, before = queries.draft(document), queries.current(document)
    if found is None:
        return redirect("policy-edit", document.value)
    error: Refused | None = None
    asks = Asks(frozenset(before.audiences), frozenset(before.gates)) if before else document.usual
    typed: dict[str, Any] = {"changes": "", "due_on": "", "asks_again": True, "asks": asks}
    if request.method == "POST":
        typed = {
            "changes": request.POST.get("changes", "")[:600],
            "due_on": request.POST.get("due_on", "")[:20],
            "asks_again": request.POST.get("asks_again", "yes") != "no",
            "asks": Asks(
                frozenset(each for each in Audience if each in request.POST.getlist("of")),
                frozenset(each for each in Gate if each in request.POST.getlist("gates")),
            ),
        }
        try:
            publish(
                kind=document,
                revision=_number(request.POST.get("revision", "")),
                asks=typed["asks"],
                due_on=_day(typed["due_on"]),
                changes=typed["changes"],
                asks_again=typed["asks_again"],
                by=user,
                now=time.now(),
            )
            return redirect("policy", document.value)
        except Refused as refusal:
            error = refusal
            found = queries.draft(document) or found
    lines = marked(before, found)
    context = {
        "kind": document,
        "draft": found,
        "before": before,
        "typed": typed,
        "error": error,
        "wrong": (error.field or "") if error else "",
        "audiences": [(each, each in typed["asks"].of) for each in Audience],
        "gates": [(each, each in typed["asks"].gates) for each in Gate],
        "papers": papers_of([found]),
        "lines": lines if before is not None and is_changed(lines) else [],
    }
    return render(request, "pages/policies/publish.html", context, status=error.status if error else 200)


def marked(old: Version | None, new: Version | None) -> list[Any]:
    """The English wordings of two versions as a marked-up difference."""
    texts = [queries.wording_of(each).text if each is not None else "" for each in (old, new)]
    return difference(*texts)


def _day(text: str) -> date | None:
    found = read_day(text) if text.strip() else None
    if text.strip() and found is None:
        raise Refused("due_on", "Choose a day, or leave it empty.", field="due_on", status=400)
    return found


def keeper(request: HttpRequest) -> User:
    """Whoever asks, if they look after the documents."""
    user = staff_of(request)
    if not can_publish(user.roles):
        raise PermissionDenied
    return user
