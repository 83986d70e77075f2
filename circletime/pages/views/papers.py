"""What the office prints: cards with a class's ID and password, and letters with a family's own link.

Letters are a page that the browser prints, because it has the letters of every script and writes each from
its own side; a PDF of ours would have to bring a font for each.
"""

import io
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import segno
import typst
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from circletime.core import time
from circletime.core.languages import ENGLISH, Language, known
from circletime.core.words import speaking
from circletime.dispatch.words import listed
from circletime.pages.found import or_404
from circletime.pages.views.people import keeper
from circletime.pages.who import staff_of
from circletime.people.actions.links import make_links_to_print
from circletime.people.links import FAMILY_LINK_LASTS
from circletime.people.models import Adult, Household, Pupil, SchoolClass
from circletime.people.queries import (
    adults_to_write_to_each,
    can_change_password,
    families_without_email,
    find_unreviewed,
    get_school,
    households_in,
    list_classes_for,
    pupils_in,
)
from circletime.people.rules import OFFICE

SHEET = Path(__file__).resolve().parent.parent / "sheets" / "cards.typ"
CARDS_ON_A_SHEET = 10


@login_required
@never_cache
@require_GET
def cards(request: HttpRequest, pk: int) -> HttpResponse:
    """Cards of one class, for the office and its own teacher: one for each child."""
    user = staff_of(request)
    school_class = or_404(next((each for each in list_classes_for(user) if each.pk == pk), None))
    if not can_change_password(user, school_class):
        raise PermissionDenied
    return _cards([school_class], f"cards-class-{pk}")


@login_required
@never_cache
@require_GET
def all_cards(request: HttpRequest) -> HttpResponse:
    """Cards of every class."""
    user = staff_of(request)
    if not user.roles & OFFICE:
        raise PermissionDenied
    return _cards(list_classes_for(user), "cards")


def _card(school_class: SchoolClass) -> dict[str, Any]:
    """One class's card, and how many of it: whole sheets, so that some are left over."""
    children = max(1, pupils_in(school_class).count())
    return {
        "name": school_class.name,
        "id": school_class.join_id,
        "password": school_class.password,
        "qr": _qr(settings.PUBLIC_URL + reverse("join-class", args=[school_class.join_id])),
        "number": -(-children // CARDS_ON_A_SHEET) * CARDS_ON_A_SHEET,
    }


@login_required
@never_cache
@require_POST
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """A letter for one household, with a link that is made now and shown nowhere else."""
    keeper(request)
    household = or_404(Household.objects.filter(pk=pk).first())
    return _letters(request, [household], f"household:{pk}")


@login_required
@never_cache
@require_POST
def letters(request: HttpRequest, pk: int) -> HttpResponse:
    """Letters for the families of a class: for all, or for those without an e-mail address."""
    keeper(request)
    school_class = or_404(SchoolClass.objects.filter(pk=pk, closed_at=None).first())
    every = request.POST.get("whom") == "all"
    homes = list(households_in([school_class])) if every else families_without_email(school_class)
    return _letters(request, homes, f"class:{pk}")


def _letters(request: HttpRequest, households: list[Household], about: str) -> HttpResponse:
    user, now = keeper(request), time.now()
    made = make_links_to_print(households=households, about=about, by=user, now=now)
    if not made:
        return render(request, "pages/people/no_letters.html", status=409)
    adults = adults_to_write_to_each([home for home, _ in made], timezone.localtime(now).date())
    sheets = [sheet for home, token in made for sheet in _sheets(home, token, adults[home.pk])]
    number = Counter(sheet.language for sheet in sheets)
    context = {
        "sheets": sheets,
        "households": len(made),
        "languages": sorted(number.items(), key=lambda each: (-each[1], each[0].english_name)),
        "unreviewed": [one for each in number if (one := find_unreviewed(each.code))],
        "school": get_school().name,
        "until": now + FAMILY_LINK_LASTS,
    }
    return render(request, "pages/people/letters.html", context)


@dataclass(frozen=True)
class Sheet:
    """One letter on one sheet of paper: in which language, to whom, about whom, and the link twice."""

    language: Language
    to: str
    children: list[Pupil]
    link: str
    code: SafeString


def _sheets(household: Household, token: str, adults: list[Adult]) -> list[Sheet]:
    """The letter once in each language that adults of this household read, to those who read it.

    Each language has a sheet of its own. That is simpler than two on one, and each is for those it is
    addressed to.
    """
    link = settings.PUBLIC_URL + reverse("family", args=[token])
    # It may stand in a page as it is only because we made it: a drawing of numbers, without anybody's words.
    code = SafeString(_qr(link))
    children = list(household.pupils.filter(left_at=None).select_related("school_class"))
    readers: dict[str, list[str]] = {}
    for each in adults:
        readers.setdefault(known(each.language) or ENGLISH.code, []).append(each.name)
    found = []
    for spoken, names in readers.items():
        with speaking(spoken) as language:
            found.append(Sheet(language, listed(names), children, link, code))
    return found


def _qr(address: str) -> str:
    """A QR code as SVG, as large as its place; it still reads when an eighth of it is smudged."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False, omitsize=True)
    return out.getvalue().decode()


def _cards(classes: list[SchoolClass], name: str) -> HttpResponse:
    facts = {
        "classes": [_card(each) for each in classes],
        "school": get_school().name,
        "join": settings.PUBLIC_URL + reverse("join"),
    }
    made = typst.compile(str(SHEET), format="pdf", sys_inputs={"facts": json.dumps(facts)})
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer
