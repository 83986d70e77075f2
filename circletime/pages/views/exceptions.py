"""Exceptions from a rule: asked for, granted or refused by somebody else, ended (C6)."""

from datetime import date

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from circletime.core import time
from circletime.oversight.actions.exceptions import (
    ask_exception,
    end_exception,
    grant_exception,
    refuse_exception,
)
from circletime.oversight.models import RuleException
from circletime.oversight.queries import exceptions as queries
from circletime.oversight.rules.exceptions import ASKERS, Rule, can_decide, can_end
from circletime.pages.forms import Field, Form, options_of, read_day, words_field
from circletime.pages.found import or_404
from circletime.pages.steps import Step, run
from circletime.pages.who import staff_of
from circletime.people.models import User

_DAY = "That day included; at most three months ahead."


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Those that are somebody's to see, and asking for one."""
    user, today = _asker(request), _today()

    def ask(typed: QueryDict) -> str:
        until = read_day(typed.get("until", ""))
        said = {"rule": typed.get("rule", ""), "reason": typed.get("reason", "")}
        made = ask_exception(until=until, by=user, now=time.now(), **said)
        return reverse("exception", args=[made.public_id])

    fields = (
        Field("rule", "What for", "select", options=options_of(Rule), hint="The policy allows no other."),
        words_field("reason", "Why is it needed?"),
        Field("until", "Until", "date", hint=_DAY),
    )
    words = "The headteacher and the safeguarding lead are written to. Nobody grants their own."
    step = Step(Form("ask", "Ask for it", fields, "Ask for an exception", words), ask)
    rows = [(each, each.state_on(today).words) for each in queries.list_shown(user)]
    context = {"rows": rows, "user": user}
    here = reverse("exceptions")
    return run(request, "pages/exceptions/index.html", context, lambda: [step], may=True, here=here)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """One exception: why, until when, who decided, and what may be done now."""
    user, today = _asker(request), _today()
    exception = or_404(queries.get_exception(user, public_id))
    steps = _steps(exception, user, today)
    rule = Rule(exception.rule)
    context = {"exception": exception, "rule": rule, "state": exception.state_on(today)}
    here = reverse("exception", args=[public_id])
    return run(request, "pages/exceptions/show.html", context, lambda: steps, may=bool(steps), here=here)


def _steps(exception: RuleException, user: User, today: date) -> list[Step]:
    """The forms that this person may send now."""
    now, own = time.now(), exception.asked_by_id == user.pk
    state = exception.state_on(today)

    def grant(typed: QueryDict) -> None:
        until, decision = read_day(typed.get("until", "")), typed.get("decision", "")
        grant_exception(exception=exception, until=until, decision=decision, by=user, now=now)

    def refuse(typed: QueryDict) -> None:
        refuse_exception(exception=exception, decision=typed.get("decision", ""), by=user, now=now)

    def end(typed: QueryDict) -> None:
        end_exception(exception=exception, reason=typed.get("reason", ""), by=user, now=now)

    why = words_field("decision", "Why?", "Whoever asked reads this.")
    if exception.granted is None and can_decide(user.roles, own=own):
        until = Field("until", "Until", "date", exception.until.isoformat(), _DAY)
        return [
            Step(Form("grant", "Grant it", (until, why), "Grant it"), grant),
            Step(Form("refuse", "Refuse it", (why,), "Refuse it"), refuse),
        ]
    if can_end(user.roles, state, own=own):
        words = "The rule holds again at once."
        form = Form("end", "End it", (words_field("reason", "Why does it end?"),), "End it now", words)
        return [Step(form, end)]
    return []


def _asker(request: HttpRequest) -> User:
    user = staff_of(request)
    if not user.roles & ASKERS:
        raise PermissionDenied
    return user


def _today() -> date:
    return timezone.localtime(time.now()).date()
