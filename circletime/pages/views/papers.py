"""What the office prints: cards with a class's ID and password, and letters with a family's own link."""

import io
import json
from datetime import datetime
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
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from circletime.core import time
from circletime.pages.found import or_404
from circletime.pages.views.people import keeper
from circletime.pages.who import staff_of
from circletime.people.actions.links import make_links_to_print
from circletime.people.links import FAMILY_LINK_LASTS
from circletime.people.models import Household, SchoolClass
from circletime.people.queries import (
    adults_to_write_to,
    can_change_password,
    families_without_email,
    get_school,
    households_in,
    list_classes_for,
    pupils_in,
)
from circletime.people.rules import OFFICE

SHEETS = Path(__file__).resolve().parent.parent / "sheets"
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
    return _pdf("cards", {"classes": [_card(school_class)]}, f"cards-class-{pk}")


@login_required
@never_cache
@require_GET
def all_cards(request: HttpRequest) -> HttpResponse:
    """Cards of every class."""
    user = staff_of(request)
    if not user.roles & OFFICE:
        raise PermissionDenied
    return _pdf("cards", {"classes": [_card(each) for each in list_classes_for(user)]}, "cards")


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
    return _letters(request, [household], f"household:{pk}", f"letter-{pk}")


@login_required
@never_cache
@require_POST
def letters(request: HttpRequest, pk: int) -> HttpResponse:
    """Letters for the families of a class: for all, or for those without an e-mail address."""
    keeper(request)
    school_class = or_404(SchoolClass.objects.filter(pk=pk, closed_at=None).first())
    every = request.POST.get("whom") == "all"
    homes = list(households_in([school_class])) if every else families_without_email(school_class)
    return _letters(request, homes, f"class:{pk}", f"letters-class-{pk}")


def _letters(request: HttpRequest, households: list[Household], about: str, name: str) -> HttpResponse:
    now = time.now()
    made = make_links_to_print(households=households, about=about, by=keeper(request), now=now)
    if not made:
        return render(request, "pages/people/no_letters.html", status=409)
    until = timezone.localtime(now + FAMILY_LINK_LASTS)
    return _pdf(
        "letters",
        {"letters": [_letter(home, token, now) for home, token in made]} | {"until": f"{until:%-d %B %Y}"},
        name,
    )


def _letter(household: Household, token: str, now: datetime) -> dict[str, Any]:
    address = settings.PUBLIC_URL + reverse("family", args=[token])
    adults = adults_to_write_to(household, timezone.localtime(now).date())
    children = household.pupils.filter(left_at=None).select_related("school_class")
    return {
        "to": [each.name for each in adults],
        "children": [f"{each.first_name}, {each.school_class.name}" for each in children],
        "link": address,
        "qr": _qr(address),
    }


def _qr(address: str) -> str:
    """A QR code as SVG; it still reads when an eighth of it is smudged."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()


def _pdf(sheet: str, facts: dict[str, Any], name: str) -> HttpResponse:
    whole = facts | {"school": get_school().name, "join": settings.PUBLIC_URL + reverse("join")}
    made = typst.compile(str(SHEETS / f"{sheet}.typ"), format="pdf", sys_inputs={"facts": json.dumps(whole)})
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer
