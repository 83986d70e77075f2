"""One class and its groups: named, staffed, closed; and who is in them."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from circletime.core import time
from circletime.meetings.actions.classes import close_class
from circletime.pages.forms import Field, Form
from circletime.pages.found import or_404
from circletime.pages.steps import Step, chosen, run
from circletime.pages.views.people import reader, year_field
from circletime.people.actions.classes import change_class, set_class_staff
from circletime.people.actions.groups import add_group, change_group
from circletime.people.actions.links import burn_links_of_class
from circletime.people.models import Group, SchoolClass, User
from circletime.people.queries import families_without_link, list_hosts, pupils_in


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The class, its children, and what can be changed about it."""
    user, may = reader(request)
    school_class = or_404(SchoolClass.objects.filter(pk=pk).first())
    may = may and school_class.closed_at is None
    context = {
        "school_class": school_class,
        "pupils": pupils_in(school_class).prefetch_related("households__adults"),
        "groups": Group.objects.filter(school_class=school_class).prefetch_related("pupils"),
        "staff": school_class.staff.order_by("name"),
        "restricted": families_without_link(school_class, time.now()) if may else [],
        "may_change": may,
    }
    return run(
        request,
        "pages/people/class.html",
        context,
        lambda: _steps(school_class, user),
        may=may,
        here=reverse("people-class", args=[pk]),
    )


def _steps(school_class: SchoolClass, user: User) -> list[Step]:
    hosts, now = list_hosts(), time.now()

    def change(typed: QueryDict) -> None:
        name, year = typed.get("name", ""), typed.get("year", "")
        change_class(school_class=school_class, name=name, year=year, by=user, now=now)

    def staff(typed: QueryDict) -> None:
        own = chosen(typed, "staff", hosts)
        set_class_staff(school_class=school_class, staff=own, by=user, now=now)

    def group(typed: QueryDict) -> str:
        made = add_group(school_class=school_class, name=typed.get("name", ""), by=user, now=now)
        return reverse("people-group", args=[made.pk])

    def burn(typed: QueryDict) -> None:
        burn_links_of_class(school_class=school_class, by=user, now=now)

    def close(typed: QueryDict) -> str:
        close_class(school_class=school_class, by=user, now=now)
        return reverse("people")

    names = (Field("name", "Name", value=school_class.name), year_field(str(school_class.year)))
    ticked = tuple(str(each) for each in school_class.staff.values_list("pk", flat=True))
    boxes = Field(
        "staff",
        "Who looks after the class",
        "checks",
        options=tuple((str(each.pk), each.name) for each in hosts),
        values=ticked,
        required=False,
    )
    burned = "Every family of this class that has a link needs a new one. The old ones stop working at once."
    closed = "Its ID opens nothing any more. What was recorded stays. The children have to be moved before."
    return [
        Step(Form("change", "Save", names, title="Name and year"), change),
        Step(Form("staff", "Save", (boxes,), title="Staff"), staff),
        Step(Form("group", "Add", (Field("name", "Name"),), title="Add a group"), group),
        Step(Form("burn", "Burn every link", title="Burn every link", words=burned, danger=True), burn),
        Step(Form("close", "Close the class", title="Close the class", words=closed, danger=True), close),
    ]


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """One group: its name, and who of the class is in it."""
    user, may = reader(request)
    found = or_404(Group.objects.select_related("school_class").filter(pk=pk).first())
    children = list(pupils_in(found.school_class))

    def save(typed: QueryDict) -> str:
        own = chosen(typed, "pupils", children)
        change_group(group=found, name=typed.get("name", ""), pupils=own, by=user, now=time.now())
        return reverse("people-class", args=[found.school_class_id])

    def steps() -> list[Step]:
        ticked = tuple(str(each) for each in found.pupils.values_list("pk", flat=True))
        boxes = Field(
            "pupils",
            "Children",
            "checks",
            options=tuple((str(each.pk), f"{each.label} {each.last_name}") for each in children),
            values=ticked,
            required=False,
        )
        return [Step(Form("save", "Save", (Field("name", "Name", value=found.name), boxes)), save)]

    context = {"group": found, "pupils": found.pupils.filter(left_at=None), "may_change": may}
    return run(request, "pages/people/group.html", context, steps, may=may, here=request.path)
