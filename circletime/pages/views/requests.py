"""Requests to see a recording: what is due, a new one, and the guided page of each (T10)."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from circletime.access.actions.log import log_case
from circletime.access.models import Case
from circletime.access.queries.case import get_case, has_nothing, open_invitation
from circletime.access.queries.guide import stages
from circletime.access.queries.lists import list_open, list_over
from circletime.access.rules.case import HANDLERS, STAFF_CHANNELS, Event, Relation, State, can, next_words
from circletime.access.rules.clock import clock_words
from circletime.core import time
from circletime.core.errors import Refused
from circletime.pages.forms import Field, Form, all_pupils, chosen_pupil, options_of, pupil_field, read_day
from circletime.pages.found import or_404
from circletime.pages.views.request_steps import GO_ON, VERBS, other_forms, stage_forms
from circletime.pages.who import staff_of
from circletime.people.models import User
from circletime.people.queries import restrictions_on
from circletime.people.rules import REQUEST_LOGGERS, REQUEST_READERS


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every request that goes on, its days left and its next step; for others, the page that is theirs."""
    user = staff_of(request)
    if not user.roles & HANDLERS:
        if user.roles & REQUEST_LOGGERS:
            return redirect("request-new")
        if user.roles & REQUEST_READERS:
            return redirect("request-register")
        raise PermissionDenied
    today = _today()
    rows = [_row(case, user, today) for case in list_open()]
    return render(request, "pages/requests/index.html", {"rows": rows, "over": list_over()})


def _row(case: Case, user: User, today: date) -> dict[str, Any]:
    return {
        "case": case,
        "clock": clock_words(case.due_on, today),
        "overdue": case.is_overdue(today),
        "next": next_words(State(case.state), user.roles, nothing=has_nothing(case)),
    }


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write down that somebody asked, however they did."""
    user = staff_of(request)
    if not user.roles & REQUEST_LOGGERS:
        raise PermissionDenied
    form = _new_form()
    status = 200
    if request.method == "POST":
        try:
            case = _log(request, user)
            if user.roles & HANDLERS:
                return redirect("request", case.public_id)
            return redirect(f"{request.path}?logged={case.pk}")
        except Refused as refusal:
            form, status = form.filled(request.POST, refusal.field, str(refusal)), refusal.status
    logged = request.GET.get("logged", "")
    context = {"form": form, "logged": logged if logged.isascii() and logged.isdigit() else ""}
    return render(request, "pages/requests/new.html", context, status=status)


def _new_form() -> Form:
    left = "Only for a child who has left and is not in the list."
    mail = "Letters go there. Without one they go to the address we have, or are printed."
    return Form(
        "new",
        "Log the request",
        (
            pupil_field(all_pupils()),
            Field("child_name", "Or the child's name", hint=left, required=False),
            Field("asker_name", "Who asks"),
            Field("relation", "They are the child's", "select", options=options_of(Relation)),
            Field("channel", "How they asked", "select", options=options_of(STAFF_CHANNELS)),
            Field("asked_on", "On which day", "date", _today().isoformat(), "The month counts from it."),
            Field(
                "asker_email",
                "Their e-mail address",
                "email",
                hint=mail,
                required=False,
                aside="if you know it",
            ),
            Field("words", "What they asked for", "textarea", required=False, aside="in their words"),
        ),
    )


def _log(request: HttpRequest, user: User) -> Case:
    names = ("child_name", "asker_name", "relation", "channel", "asker_email", "words")
    typed = {name: request.POST.get(name, "") for name in names}
    asked_on = read_day(request.POST.get("asked_on", ""))
    return log_case(pupil=chosen_pupil(request.POST), asked_on=asked_on, by=user, now=time.now(), **typed)


@login_required
@never_cache
@require_GET
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """The request as a guided list of steps: done, now, later."""
    user = handler(request)
    return _page(request, or_404(get_case(public_id)), user)


@login_required
@never_cache
@require_POST
def step(request: HttpRequest, public_id: str, verb: str) -> HttpResponse:
    """Take one step."""
    user = handler(request)
    case = or_404(get_case(public_id))
    if verb not in VERBS:
        raise Http404
    try:
        VERBS[verb](request.POST, case=case, by=user, now=time.now())
    except Refused as refusal:
        return _page(request, or_404(get_case(public_id)), user, verb, refusal)
    return redirect("request", case.public_id)


def handler(request: HttpRequest) -> User:
    """Whoever asks, if they handle requests. Says no before it looks whether there is such a request."""
    user = staff_of(request)
    if not user.roles & HANDLERS:
        raise PermissionDenied
    return user


def _page(
    request: HttpRequest, case: Case, user: User, verb: str = "", error: Refused | None = None
) -> HttpResponse:
    today = _today()

    def shown(forms: list[Form]) -> list[Form]:
        if error is None:
            return forms
        return [f.filled(request.POST, error.field, str(error)) if f.verb == verb else f for f in forms]

    guide = [(stage, shown(stage_forms(case, stage.key, user))) for stage in stages(case)]
    others = shown(other_forms(case, user, today))
    decide = shown([GO_ON]) if can(Event.GO_ON, State(case.state), user.roles) else []
    every = [form for _, forms in guide for form in forms] + others + decide
    context = {
        "case": case,
        "guide": guide,
        "others": others,
        "decide": decide,
        "verb": verb,
        "error": error if error is not None and verb not in {form.verb for form in every} else None,
        "clock": clock_words(case.due_on, today),
        "overdue": case.is_overdue(today),
        "restrictions": restrictions_on(case.pupil, today) if case.pupil is not None else [],
        "recordings": case.recordings.select_related(
            "recording__meeting__school_class", "recording__certificate"
        ),
        "invitation": open_invitation(case),
        "viewings": case.invitations.filter(called_off_at=None),
        "steps": case.steps.select_related("by"),
        "letters": case.letters.all(),
        "user": user,
    }
    return render(request, "pages/requests/show.html", context, status=error.status if error else 200)


def _today() -> date:
    return timezone.localtime(time.now()).date()
