"""The demo's mail, which reaches nobody and can be read here. No school has this page."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from circletime.pages.found import or_404
from circletime.pages.mailfolder import entry_of, newest

SHOWN = 50


def index(request: HttpRequest) -> HttpResponse:
    """Every mail written lately, for whoever has signed in to the demo."""
    if not settings.DEMO:
        raise Http404
    return _letters(request)


def entry(request: HttpRequest, name: str) -> HttpResponse:
    """The calendar entry of one mail, to be opened by another program."""
    if not settings.DEMO:
        raise Http404
    return _entry(request, name)


@login_required
@never_cache
@require_GET
def _entry(request: HttpRequest, name: str) -> HttpResponse:
    answer = HttpResponse(or_404(entry_of(name)), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="invitation.ics"'
    return answer


@login_required
@never_cache
@require_GET
def _letters(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/mail/index.html", {"letters": newest(SHOWN)})
