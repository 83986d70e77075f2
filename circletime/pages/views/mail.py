"""The demo's mail, which reaches nobody and can be read here. No school has this page."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from circletime.pages.mailfolder import newest

SHOWN = 50


def index(request: HttpRequest) -> HttpResponse:
    """Every mail written lately, for whoever has signed in to the demo."""
    if not settings.DEMO:
        raise Http404
    return _letters(request)


@login_required
@never_cache
@require_GET
def _letters(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/mail/index.html", {"letters": newest(SHOWN)})
