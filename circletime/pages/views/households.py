"""One household: its adults, its children, its links; and one adult."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from circletime.core import time
from circletime.core.errors import Refused
from circletime.core.languages import LANGUAGES
from circletime.pages.forms import Field, Form
from circletime.pages.found import or_404
from circletime.pages.steps import Step, run
from circletime.pages.views.people import keeper, reader
from circletime.pages.views.pupils import household_fields, typed_households
from circletime.people.actions.households import (
    add_adult,
    adult_leaves,
    adult_returns,
    change_adult,
    change_household,
)
from circletime.people.actions.links import burn_links_of, make_link_by_hand
from circletime.people.models import Adult, FamilyLink, Household, Pupil, User
from circletime.people.queries import adults_in, adults_to_write_to, list_links, restrictions_in


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The household, and what can be changed about it."""
    user, may = reader(request)
    household = or_404(Household.objects.filter(pk=pk).first())
    here = reverse("people-household", args=[pk])
    return run(
        request,
        "pages/people/household.html",
        _context(household, may),
        lambda: _steps(household, user),
        may=may,
        here=here,
    )


def _context(household: Household, may: bool) -> dict[str, object]:
    now = time.now()
    today = timezone.localtime(now).date()
    return {
        "household": household,
        "adults": adults_in(household),
        "pupils": Pupil.objects.filter(households=household).select_related("school_class"),
        "links": list_links(household, now),
        "may_get_one": bool(adults_to_write_to(household, today)),
        "restrictions": restrictions_in(household, today),
        "may_change": may,
    }


def _steps(household: Household, user: User) -> list[Step]:
    now = time.now()

    def change(typed: QueryDict) -> None:
        change_household(household=household, name=typed.get("name", ""), by=user, now=now)

    def adult(typed: QueryDict) -> None:
        add_adult(
            households=[household],
            name=typed.get("name", ""),
            email=typed.get("email", ""),
            language=typed.get("language", ""),
            by=user,
            now=now,
        )

    def burn(typed: QueryDict) -> None:
        burn_links_of(household=household, by=user, now=now)

    words = "Every link of this family stops working at once."
    return [
        Step(Form("change", "Save", (Field("name", "Name", value=household.name),), title="Name"), change),
        Step(Form("adult", "Add", adult_fields("", "", "en"), title="Add an adult"), adult),
        Step(Form("burn", "Burn every link", title="Burn the links", words=words, danger=True), burn),
    ]


def adult_fields(name: str, email: str, language: str) -> tuple[Field, ...]:
    """What is known of a parent or carer."""
    languages = tuple((code, one.english_name) for code, one in LANGUAGES.items())
    return (
        Field("name", "Name", value=name),
        Field("email", "Email", "email", email, required=False, hint="Empty where there is none."),
        Field("language", "Language", "select", language, options=languages),
    )


@login_required
@never_cache
@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link by hand. It is shown this once, on the answer, and kept nowhere."""
    user = keeper(request)
    household = or_404(Household.objects.filter(pk=pk).first())
    try:
        token = make_link_by_hand(household=household, by=user, now=time.now())
    except Refused as refusal:
        context = _context(household, True) | {"forms": {}, "error": str(refusal)}
        return render(request, "pages/people/household.html", context, status=refusal.status)
    address = request.build_absolute_uri(reverse("family", args=[token]))
    return render(request, "pages/people/link.html", {"household": household, "address": address})


@login_required
@never_cache
@require_POST
def link_burn(request: HttpRequest, pk: int, link_id: str) -> HttpResponse:
    """Burn one link."""
    user = keeper(request)
    household = or_404(Household.objects.filter(pk=pk).first())
    found = or_404(FamilyLink.objects.filter(household=household, pk=link_id).first())
    burn_links_of(household=household, only=found, by=user, now=time.now())
    return redirect("people-household", pk)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def adult(request: HttpRequest, pk: int) -> HttpResponse:
    """One adult: name, address, language, and the households they belong to."""
    user, may = reader(request)
    found = or_404(Adult.objects.filter(pk=pk).first())
    homes = list(found.households.order_by("name", "pk"))
    context = {
        "adult": found,
        "homes": homes,
        "language": LANGUAGES[found.language].english_name if found.language in LANGUAGES else found.language,
        "may_change": may,
    }
    here = reverse("people-adult", args=[pk])
    return run(
        request, "pages/people/adult.html", context, lambda: _of_adult(found, homes, user), may=may, here=here
    )


def _of_adult(found: Adult, homes: list[Household], user: User) -> list[Step]:
    now = time.now()

    def change(typed: QueryDict) -> None:
        change_adult(
            adult=found,
            households=typed_households(typed, homes),
            name=typed.get("name", ""),
            email=typed.get("email", ""),
            language=typed.get("language", ""),
            by=user,
            now=now,
        )

    def leave(typed: QueryDict) -> None:
        adult_leaves(adult=found, by=user, now=now)

    def come_back(typed: QueryDict) -> None:
        adult_returns(adult=found, by=user, now=now)

    if found.left_at is not None:
        return [Step(Form("return", "Put back on the list", title="Did that by mistake?"), come_back)]
    words = "Nothing is sent to them any more. What was written down stays. It can be undone."
    fields = (*adult_fields(found.name, found.email, found.language), *household_fields(homes))
    return [
        Step(Form("change", "Save", fields), change),
        Step(Form("leave", "Take off the list", title="Take off the list", words=words, danger=True), leave),
    ]
