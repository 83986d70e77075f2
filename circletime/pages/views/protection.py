"""Data protection: the record as the program runs, and a person's export and erasure."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from circletime.core import time
from circletime.pages.forms import Field, Form, options_of
from circletime.pages.protection_papers import as_pdf, as_zip
from circletime.pages.steps import Step, run
from circletime.pages.who import staff_of
from circletime.people.models import User
from circletime.protection.actions.erasing import erase_person
from circletime.protection.actions.exporting import export_person
from circletime.protection.actions.words import write_words
from circletime.protection.points import Point
from circletime.protection.queries.export import export_of
from circletime.protection.queries.people import Person, find_person, goes_with, name_of
from circletime.protection.queries.record import record_of
from circletime.protection.queries.standing import against, concerns_about
from circletime.protection.rules import CONCERN_KEPT, Ground, can_hand_on

SORTS = ("child", "adult", "staff")
BACK = {"child": "people-pupil", "adult": "people-adult", "staff": "people-staff-one"}


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The record of processing and the impact assessment, with the school's own words to be written in."""
    user = staff_of(request)
    if not user.sees_protection:
        raise PermissionDenied
    record = record_of(time.now())
    context = {"record": record, "may_write": user.protects}

    def steps() -> list[Step]:
        return [_point(each.point, each.words.text if each.words else "", user) for each in record.said]

    return run(
        request,
        "pages/protection/index.html",
        context,
        steps,
        may=user.protects,
        here=reverse("protection"),
    )


def _point(point: Point, text: str, user: User) -> Step:
    def write(typed: QueryDict) -> None:
        write_words(point=point.key, text=typed.get("text", ""), by=user, now=time.now())

    field = Field("text", "The school's words", "textarea", text, required=False)
    return Step(Form(point.key, "Keep", (field,), title="Write"), write)


@login_required
@never_cache
@require_GET
def record_pdf(request: HttpRequest) -> HttpResponse:
    """The record as PDF."""
    if not staff_of(request).sees_protection:
        raise PermissionDenied
    now = time.now()
    answer = HttpResponse(as_pdf(record_of(now)), content_type="application/pdf")
    day = timezone.localtime(now).date()
    answer["Content-Disposition"] = f'attachment; filename="record-of-processing-{day:%Y-%m-%d}.pdf"'
    return answer


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, sort: str, pk: int) -> HttpResponse:
    """What is kept of somebody, what stands against erasing them, and the erasure."""
    user, found = _protected(request, sort, pk)
    now = time.now()
    family = goes_with(found)
    concerns = sum(len(concerns_about(each)) for each in family.people)
    standing = against(family, timezone.localtime(now).date())
    if concerns and not can_hand_on(user.roles):
        standing.append(CONCERN_KEPT)
    context = {
        "name": name_of(found),
        "sort": sort,
        "pk": pk,
        "back": reverse(BACK[sort], args=[pk]),
        "sections": export_of(found, now).sections,
        "with_them": [each.name for each in family.adults if each.pk != pk or sort != "adult"],
        "households": [each.name for each in family.households],
        "against": standing,
        "erased": isinstance(found, User) and found.erased_at,
    }

    def steps() -> list[Step]:
        return [_erase(found, concerns, user)]

    here = reverse("protection-person", args=[sort, pk])
    return run(request, "pages/protection/person.html", context, steps, may=True, here=here)


def _erase(found: Person, concerns: int, user: User) -> Step:
    def erase(typed: QueryDict) -> str:
        erase_person(
            person=found,
            ground=typed.get("ground", ""),
            confirmed="yes" in typed.getlist("sure"),
            handed_on="yes" in typed.getlist("handed_on"),
            by=user,
            now=time.now(),
        )
        return reverse("people")

    said = (("yes", "What concerns their safety was handed on, or is kept elsewhere. It is emptied here."),)
    fields = [
        Field("ground", "Why", "select", options=options_of(Ground)),
        Field("sure", "It cannot be undone", "checks", options=(("yes", "I know, and want it erased."),)),
    ]
    if concerns:
        fields.append(Field("handed_on", "A safeguarding concern about them is kept", "checks", options=said))
    title = f"Erase {name_of(found)}"
    return Step(Form("erase", "Erase", tuple(fields), title=title, danger=True), erase)


@login_required
@never_cache
@require_POST
def export(request: HttpRequest, sort: str, pk: int) -> HttpResponse:
    """Everything that is kept of somebody, as a ZIP. That it was taken stands in the log."""
    user, found = _protected(request, sort, pk)
    made = export_person(person=found, by=user, now=time.now())
    answer = HttpResponse(as_zip(made), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="what-is-kept-{sort}-{pk}.zip"'
    return answer


def _protected(request: HttpRequest, sort: str, pk: int) -> tuple[User, Person]:
    """Whoever asks, if they may, and whom it is about."""
    user = staff_of(request)
    if not user.protects:
        raise PermissionDenied
    found = find_person(sort, pk) if sort in SORTS else None
    if found is None:
        raise Http404
    return user, found
