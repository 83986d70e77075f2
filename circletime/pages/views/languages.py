"""Translations: what families read, beside the English, and whether a person has found it right."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from circletime.core import time
from circletime.core.errors import Refused
from circletime.core.languages import TRANSLATED, Language
from circletime.core.sentences import Sentence, sentences
from circletime.pages.csvs import csv_answer
from circletime.pages.found import or_404
from circletime.pages.who import staff_of
from circletime.people.actions import review_translations, take_back_review
from circletime.people.models import TranslationReview, User
from circletime.people.queries import count_adults_by_language, count_unreviewed, reviews_of
from circletime.people.rules import can_review_translations

SHOWN = 40


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Each language: how many adults read it, how many translations nobody has read yet."""
    _reviewer(request)
    adults = count_adults_by_language()
    rows: list[dict[str, Any]] = [
        {
            "language": one,
            "adults": adults.get(one.code, 0),
            "all": len(sentences(one.code)),
            "unreviewed": count_unreviewed(one.code),
        }
        for one in TRANSLATED
    ]
    rows.sort(key=lambda row: (-row["adults"], row["language"].english_name))
    return render(request, "pages/languages/index.html", {"rows": rows})


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, code: str) -> HttpResponse:
    """One language's sentences, those nobody has read first; and the ticks of whoever reads them."""
    user, language = _reviewer(request), _language(code)
    error = None
    if request.method == "POST":
        try:
            _tick(request, language, user)
            return redirect(f"{reverse('language-sentences', args=[code])}?{request.GET.urlencode()}")
        except Refused as refusal:
            error = refusal
    every = request.GET.get("show") == "all"
    rows = _rows(language)
    waiting = [row for row in rows if not row["reviewed"]]
    page = Paginator(rows if every else waiting, SHOWN).get_page(request.GET.get("page"))
    context = {
        "language": language,
        "page": page,
        "every": every,
        "all": len(rows),
        "unreviewed": len(waiting),
        "error": error,
    }
    status = error.status if error else 200
    return render(request, "pages/languages/show.html", context, status=status)


def _tick(request: HttpRequest, language: Language, user: User) -> None:
    now = time.now()
    if back := request.POST.get("back", ""):
        take_back_review(language=language.code, sentence=back, by=user, now=now)
        return
    shown = request.POST.getlist("shown" if request.POST.get("all") else "right")
    read = [(key, said) for key, _, said in (each.partition(":") for each in shown)]
    review_translations(language=language.code, read=read, by=user, now=now)


@login_required
@never_cache
@require_GET
def as_csv(request: HttpRequest, code: str) -> HttpResponse:
    """The same for a translator: a table that opens in any spreadsheet."""
    _reviewer(request)
    language = _language(code)
    rows = []
    for row in _rows(language):
        one: Sentence = row["sentence"]
        tick: TranslationReview | None = row["reviewed"]
        by = [tick.by.name, f"{timezone.localtime(tick.at):%Y-%m-%d}"] if tick else ["unreviewed", ""]
        rows.append([one.where, "\n".join(one.english), "\n".join(one.translation), *by])
    heads = ["Where", "English", language.english_name, "Reviewed by", "On"]
    return csv_answer(f"circletime-{language.code}", heads, rows)


def _rows(language: Language) -> list[dict[str, Any]]:
    ticks = reviews_of(language.code)
    rows = []
    for one in sentences(language.code):
        tick = ticks.get(one.key)
        holds = tick is not None and tick.said == one.said
        rows.append({"sentence": one, "reviewed": tick if holds else None, "was": None if holds else tick})
    return rows


def _language(code: str) -> Language:
    return or_404(next((one for one in TRANSLATED if one.code == code), None))


def _reviewer(request: HttpRequest) -> User:
    user = staff_of(request)
    if not can_review_translations(user.roles):
        raise PermissionDenied
    return user
