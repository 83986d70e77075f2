"""One child: names, class, households, gone and come back."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from circletime.core import time
from circletime.pages.forms import Field, Form
from circletime.pages.found import or_404
from circletime.pages.steps import Step, chosen, one_of, run
from circletime.pages.views.people import keeper, reader
from circletime.people.actions.pupils import add_pupil, change_pupil, pupil_leaves, pupil_returns
from circletime.people.models import Household, Pupil, SchoolClass, User
from circletime.people.queries import adults_of, list_households, restrictions_on

MARK = (
    "Only where two children of a class share a first name. Everybody in a meeting sees it, as: Olivia (sun)."
)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A child who has come to the school."""
    user = keeper(request)
    wanted = request.GET.get("class", "")
    home = (
        Household.objects.filter(pk=int(wanted_home)).first() if (wanted_home := _number(request)) else None
    )

    def add(typed: QueryDict) -> str:
        made = add_pupil(**_typed(typed, []), by=user, now=time.now())
        return reverse("people-pupil", args=[made.pk])

    fields = _fields(
        {"school_class": wanted, "household": str(home.pk) if home is not None else ""}, current=[]
    )
    return run(
        request,
        "pages/people/new.html",
        {"title": "Add a child"},
        lambda: [Step(Form("add", "Add the child", fields), add)],
        may=True,
        here=reverse("people"),
    )


def _number(request: HttpRequest) -> str:
    typed = request.GET.get("household", "")
    return typed if typed.isascii() and typed.isdigit() and len(typed) < 18 else ""


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The child, the family, and what can be changed."""
    user, may = reader(request)
    pupil = or_404(Pupil.objects.select_related("school_class").filter(pk=pk).first())
    homes = list(pupil.households.order_by("name", "pk"))
    context = {
        "pupil": pupil,
        "homes": homes,
        "adults": adults_of(pupil),
        "restrictions": restrictions_on(pupil, timezone.localtime(time.now()).date()),
        "may_change": may,
    }
    here = reverse("people-pupil", args=[pk])
    return run(
        request, "pages/people/pupil.html", context, lambda: _steps(pupil, homes, user), may=may, here=here
    )


def _steps(pupil: Pupil, homes: list[Household], user: User) -> list[Step]:
    now = time.now()

    def change(typed: QueryDict) -> None:
        change_pupil(pupil=pupil, **_typed(typed, homes), by=user, now=now)

    def leave(typed: QueryDict) -> None:
        pupil_leaves(pupil=pupil, by=user, now=now)

    def come_back(typed: QueryDict) -> None:
        pupil_returns(pupil=pupil, by=user, now=now)

    if pupil.left_at is not None:
        words = "Back in the class and the household of before."
        back = Form("return", "Back at the school", title="Did that by mistake?", words=words)
        return [Step(back, come_back)]
    values = {
        "first_name": pupil.first_name,
        "last_name": pupil.last_name,
        "mark": pupil.mark,
        "school_class": str(pupil.school_class_id),
    }
    words = (
        "The child is expected in no meeting from now on, and the family's links are dead where it was "
        "their last child here. What was recorded stays. It can be undone."
    )
    leaving = Form(
        "leave",
        f"{pupil.label} has left the school",
        title="Has left the school",
        words=words,
        danger=True,
    )
    return [
        Step(Form("change", "Save", _fields(values, current=homes)), change),
        Step(leaving, leave),
    ]


def _fields(values: dict[str, str], current: list[Household]) -> tuple[Field, ...]:
    classes = tuple((str(each.pk), each.name) for each in SchoolClass.objects.filter(closed_at=None))
    return (
        Field("first_name", "First name", value=values.get("first_name", "")),
        Field("last_name", "Last name", value=values.get("last_name", "")),
        Field("mark", "Mark", value=values.get("mark", ""), hint=MARK, required=False),
        Field("school_class", "Class", "select", values.get("school_class", ""), options=classes),
        *household_fields(current, values.get("household", "")),
    )


def household_fields(current: list[Household], adding: str = "") -> tuple[Field, ...]:
    """The households somebody belongs to, to be unticked, and one more to be chosen."""
    ticked = tuple((str(each.pk), each.name) for each in current)
    boxes = Field(
        "households",
        "Households",
        "checks",
        options=ticked,
        values=tuple(key for key, _ in ticked),
        required=False,
    )
    every = tuple((str(each.pk), each.name) for each in list_households())
    label = "Another household" if current else "Household"
    more = Field("household", label, "select", adding, options=every, required=not current)
    return (*((boxes,) if current else ()), more)


def typed_households(typed: QueryDict, current: list[Household]) -> list[Household]:
    """What was ticked of those, and the one that was chosen besides."""
    kept: list[Household] = chosen(typed, "households", current)
    more = one_of(typed, "household", list_households())
    return [*kept, *([more] if more is not None and more not in kept else [])]


def _typed(typed: QueryDict, current: list[Household]) -> dict[str, Any]:
    return {
        "first_name": typed.get("first_name", ""),
        "last_name": typed.get("last_name", ""),
        "mark": typed.get("mark", ""),
        "school_class": one_of(typed, "school_class", SchoolClass.objects.filter(closed_at=None)),
        "households": typed_households(typed, current),
    }
