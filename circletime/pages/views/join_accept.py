"""What a family reads and accepts by its own link, before there is any meeting (R1)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from circletime.core import time
from circletime.core.words import _
from circletime.documents.actions.accept import accept
from circletime.documents.queries import conduct_due
from circletime.documents.rules.kinds import Kind, Way
from circletime.pages.views.join import household_of, steady
from circletime.pages.views.policies import papers_of


@require_http_methods(["GET", "POST"])
@steady
def join_accept(request: HttpRequest) -> HttpResponse:
    """Everything the family has yet to accept, and one large button. Only its own link leads here."""
    household, now = household_of(request), time.now()
    if household is None:
        return redirect("join")
    due = conduct_due(household, now)
    shown = set(request.POST.getlist("accept")[: len(Kind)])
    for version in due:
        if version.public_id in shown:
            accept(version=version, household=household, way=Way.LINK, now=now)
    due = conduct_due(household, now)
    if not due:
        return redirect("join-name")
    papers = papers_of(due, (get_language() or "")[:2])
    context = {"papers": papers, "onward": request.path, "button": _("We accept")}
    return render(request, "pages/join/conduct.html", context)
