"""People: found by name, and the lists that lead to each of them."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from circletime.core import time
from circletime.pages.forms import Field, Form
from circletime.pages.steps import Step, run
from circletime.pages.who import staff_of
from circletime.people.actions.classes import add_class
from circletime.people.actions.households import add_household
from circletime.people.models import SchoolClass, User
from circletime.people.queries import count_by_class, search
from circletime.people.rules import PEOPLE_KEEPERS, PEOPLE_READERS

LONGEST = 80


def reader(request: HttpRequest) -> tuple[User, bool]:
    """Whoever asks, if they may see people, and whether they may change what they see."""
    user = staff_of(request)
    if not user.roles & PEOPLE_READERS:
        raise PermissionDenied
    return user, bool(user.roles & PEOPLE_KEEPERS)


def keeper(request: HttpRequest) -> User:
    """Whoever asks, if they may change what is known of people."""
    user, may = reader(request)
    if not may:
        raise PermissionDenied
    return user


@dataclass(frozen=True)
class Result:
    """Somebody who was found."""

    words: str
    where: str
    address: str


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """A box to look somebody up, and the classes."""
    _, may = reader(request)
    typed = request.GET.get("q", "")[:LONGEST]
    found, more = search(typed)
    results = [Result(each.words, each.where, reverse(each.kind, args=[each.pk])) for each in found]
    context = {
        "typed": typed,
        "results": results,
        "more": more,
        "classes": count_by_class(),
        "may_change": may,
    }
    return render(request, "pages/people/index.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def class_new(request: HttpRequest) -> HttpResponse:
    """A new class."""
    user = keeper(request)

    def add(typed: dict[str, str]) -> str:
        made: SchoolClass = add_class(
            name=typed.get("name", ""), year=typed.get("year", ""), by=user, now=time.now()
        )
        return reverse("people-class", args=[made.pk])

    form = Form("add", "Add the class", (Field("name", "Name"), year_field("")))
    return _new(request, "Add a class", [Step(form, add)])


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def household_new(request: HttpRequest) -> HttpResponse:
    """A new household."""
    user = keeper(request)

    def add(typed: dict[str, str]) -> str:
        made = add_household(name=typed.get("name", ""), by=user, now=time.now())
        return reverse("people-household", args=[made.pk])

    form = Form("add", "Add the household", (Field("name", "Name", hint="For the office only."),))
    return _new(request, "Add a household", [Step(form, add)])


def _new(request: HttpRequest, title: str, steps: list[Step]) -> HttpResponse:
    return run(
        request,
        "pages/people/new.html",
        {"title": title},
        lambda: steps,
        may=True,
        here=reverse("people"),
    )


def year_field(value: str) -> Field:
    """The school year."""
    return Field("year", "Year", value=value, hint="A number; 0 is Reception.")
