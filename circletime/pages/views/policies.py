"""Policies: what holds, read by everybody who signs in, and their word that they have read it (C4, C7)."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.documents import queries
from circletime.documents.actions.accept import accept
from circletime.documents.models import Acceptance, Version, Wording
from circletime.documents.readers import count
from circletime.documents.rules.kinds import (
    Audience,
    Kind,
    Way,
    audiences_of,
    can_adopt,
    can_publish,
    can_review,
)
from circletime.documents.starters import starter
from circletime.pages.found import or_404
from circletime.pages.who import staff_of
from circletime.people.models import User


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What is still to be read, and every document of the policy with where it stands."""
    user, now = reader(request), time.now()
    holds = {version.document: version for version in queries.list_current()}
    keeps = can_publish(user.roles)
    rows = [
        {
            "kind": kind,
            "version": holds.get(kind),
            "adoption": queries.adoption_of(holds[kind]) if kind in holds and kind.reviewed else None,
            "review": queries.review_of(holds[kind], now) if kind in holds and kind.reviewed else None,
            "count": count(holds[kind]) if keeps and kind in holds else None,
            "starter": kind not in holds and bool(starter(kind)),
        }
        for kind in Kind
    ]
    context = {
        "rows": rows,
        "due": queries.due_of(user),
        "keeps": keeps,
        "reviews": can_review(user.roles),
    }
    return render(request, "pages/policies/index.html", context)


@login_required
@never_cache
@require_GET
def show(request: HttpRequest, kind: str) -> HttpResponse:
    """One document as it holds now."""
    user, document = reader(request), kind_of(kind)
    return page(request, user, document, queries.current(document))


@login_required
@never_cache
@require_GET
def older(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """A version that held before."""
    user, document = reader(request), kind_of(kind)
    found = next((each for each in queries.list_versions(document) if each.number == number), None)
    return page(request, user, document, or_404(found))


def page(
    request: HttpRequest, user: User, kind: Kind, version: Version | None, error: Refused | None = None
) -> HttpResponse:
    """The page of a document, of the version that holds or of an older one."""
    newest = queries.current(kind)
    context: dict[str, Any] = {
        "kind": kind,
        "version": version,
        "newest": newest,
        "old": version is not None and newest is not None and version.pk != newest.pk,
        "error": error,
        "keeps": can_publish(user.roles),
        "reviews": can_review(user.roles) and kind.reviewed and newest is not None,
        "adopts": can_adopt(user.roles),
        "versions": queries.list_versions(kind),
        "starter": starter(kind),
    }
    if version is not None:
        context |= {
            "papers": papers_of([version]),
            "adoption": queries.adoption_of(version),
            "review": queries.review_of(version, time.now()) if kind.reviewed else None,
            "due": any(each.pk == version.pk for each in queries.due_of(user)),
            "said": _said(user, version),
        }
    return render(request, "pages/policies/show.html", context, status=error.status if error else 200)


def _said(user: User, version: Version) -> Acceptance | None:
    return Acceptance.objects.filter(queries.holds_for(version), user=user).order_by("-pk").first()


def papers_of(
    versions: list[Version], language: str = queries.ENGLISH
) -> list[tuple[Version, list[Wording]]]:
    """Documents with their wordings, the reader's language first, for a page that shows them."""
    found = [(version, queries.list_wordings(version)) for version in versions]
    return [(version, sorted(every, key=lambda one: one.language != language)) for version, every in found]


@login_required
@never_cache
@require_POST
def acknowledge(request: HttpRequest, kind: str) -> HttpResponse:
    """Somebody says, for themselves, that they have read it; and goes on to where they came from."""
    user, document = reader(request), kind_of(kind)
    version = or_404(queries.get_version(request.POST.get("version", "")[:40]))
    if version.document != document:
        raise Http404
    try:
        accept(version=version, user=user, way=Way.PAGE, now=time.now())
    except Refused as refusal:
        return page(request, user, document, queries.current(document), refusal)
    onward = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}) and onward.startswith("/"):
        return redirect(onward)
    return redirect("policies")


@never_cache
@require_GET
def file(request: HttpRequest, public_id: str, language: str) -> HttpResponse:
    """A published PDF, to be saved and opened by the reader's own program, never inside a page of ours.

    Families have no sign-in; a document that is for them is handed to whoever has its address.
    """
    version = or_404(queries.get_version(public_id))
    signed_in = isinstance(request.user, User) and bool(request.user.roles)
    if not signed_in and Audience.HOUSEHOLDS not in version.audiences:
        raise Http404
    wording = or_404(Wording.objects.filter(version=version, language=language, size__gt=0).first())
    return pdf_answer(bytes(wording.pdf or b""), f"{version.kind}-{version.number}-{language}")


def pdf_answer(content: bytes, name: str) -> HttpResponse:
    """A PDF that no browser takes for a page of ours."""
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def reader(request: HttpRequest) -> User:
    """Whoever asks, if they have any part in the school."""
    user = staff_of(request)
    if not audiences_of(user.roles):
        raise PermissionDenied
    return user


def kind_of(text: str) -> Kind:
    """The document of this name. Raises `Http404`."""
    if text not in set(Kind):
        raise Http404
    return Kind(text)
