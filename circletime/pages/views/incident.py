"""One incident: what happened, its register and recording, its history, and what may be done now (C6)."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from circletime.core import time
from circletime.oversight.actions import incidents as actions
from circletime.oversight.models import Incident
from circletime.oversight.queries import incidents as queries
from circletime.oversight.queries.incidents import Attached
from circletime.oversight.rules.incidents import Commissioner, Entry, Kind, State, breach_clock, breach_due
from circletime.pages.forms import Field, Form, options_of, read_moment, words_field
from circletime.pages.found import or_404
from circletime.pages.steps import Step, one_of, run
from circletime.pages.views.incidents import reporter
from circletime.people.models import User

_OUTCOME = "Whoever reported it reads this as well: write no more than they need to know."
_GOES = "What was kept of the recording for this goes on its day."
_RISK = "It has to be told within 72 hours, unless nobody is put at risk."


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """The report, what stands beside it, and the steps."""
    user, now = reporter(request), time.now()
    incident = or_404(queries.get_incident(user, public_id))
    attached = queries.attached_to(incident, user, now)
    works = queries.may_work(user, incident)
    context = {
        "incident": incident,
        "attached": attached,
        "works": works,
        "steps": _history(incident, user, works=works),
        **_clock(incident, now),
    }
    steps = _steps(incident, attached, user, now)
    here = reverse("incident", args=[public_id])
    return run(request, "pages/incidents/show.html", context, lambda: steps, may=bool(steps), here=here)


def _history(incident: Incident, user: User, *, works: bool) -> Any:
    """Everything for who works on it. Whoever reported it sees their own words, who has it, and the end."""
    found = incident.steps.select_related("by")
    return found if works else found.filter(Q(by=user) | Q(entry__in=(Entry.TAKEN, Entry.CLOSED)))


def _clock(incident: Incident, now: datetime) -> dict[str, Any]:
    if incident.known_at is None:
        return {}
    words, overdue = breach_clock(incident.known_at, incident.decided_at, now)
    return {"clock": words, "overdue": overdue, "due": breach_due(incident.known_at)}


def _steps(incident: Incident, attached: Attached | None, user: User, now: datetime) -> list[Step]:
    """The forms that this person may send now."""
    answers, works = queries.may_answer(user, incident), queries.may_work(user, incident)
    found = []
    if incident.is_open:
        if answers:
            found.append(_take(incident, user, now))
        if works or incident.reported_by_id == user.pk:
            found.append(_note(incident, user, now, works=works))
        if works and _may_keep(incident, attached):
            found.append(_keep(incident, user, now))
        if answers and incident.kind == Kind.BREACH and not incident.commissioner:
            found.append(_decide(incident, user, now))
        if answers and incident.state == State.TAKEN:
            found.append(_close(incident, user, now))
    elif answers:
        found.append(_reopen(incident, user, now))
    return found


def _may_keep(incident: Incident, attached: Attached | None) -> bool:
    kept = incident.hold is not None and incident.hold.released_at is None
    return attached is not None and attached.watchable and not kept


def _take(incident: Incident, user: User, now: datetime) -> Step:
    owners = queries.list_owners(incident)
    first = incident.state == State.REPORTED

    def do(typed: QueryDict) -> None:
        actions.take(incident=incident, owner=one_of(typed, "owner", owners), by=user, now=now)

    field = Field(
        "owner",
        "Who has it in hand",
        "select",
        value=str(incident.owner_id or user.pk),
        options=tuple((str(each.pk), each.name) for each in owners),
    )
    title = "Say who has it in hand" if first else "Give it to somebody else"
    return Step(Form("take", "Save", (field,), title, "Somebody else is written to."), do)


def _note(incident: Incident, user: User, now: datetime, *, works: bool) -> Step:
    def do(typed: QueryDict) -> None:
        actions.add_step(incident=incident, text=typed.get("text", ""), by=user, now=now)

    ask = "What was done, or is to be done next?" if works else "What else do you know?"
    title = "Write down a step" if works else "Add to your report"
    return Step(Form("step", "Write it down", (words_field("text", ask),), title), do)


def _keep(incident: Incident, user: User, now: datetime) -> Step:
    def do(typed: QueryDict) -> None:
        actions.keep_recording(incident=incident, by=user, now=now)

    words = "Beyond its day, until this incident is closed."
    return Step(Form("keep", "Keep the recording", title="Keep the recording", words=words), do)


def _decide(incident: Incident, user: User, now: datetime) -> Step:
    def do(typed: QueryDict) -> None:
        actions.decide_commissioner(
            incident=incident,
            answer=typed.get("answer", ""),
            at=read_moment(typed.get("at", "")),
            note=typed.get("note", ""),
            by=user,
            now=now,
        )

    fields = (
        Field("answer", "What was decided", "select", options=options_of(Commissioner)),
        Field("at", "When", "datetime-local", value=f"{timezone.localtime(now):%Y-%m-%dT%H:%M}"),
        words_field("note", "What were they told, and their number for it? Or why need they not be told?"),
    )
    return Step(Form("decide", "Write it down", fields, "The Information Commissioner", _RISK), do)


def _close(incident: Incident, user: User, now: datetime) -> Step:
    def do(typed: QueryDict) -> None:
        actions.close(incident=incident, outcome=typed.get("outcome", ""), by=user, now=now)

    fields = (words_field("outcome", "What came of it?", _OUTCOME),)
    return Step(Form("close", "Close it", fields, "Close it with its outcome", _GOES), do)


def _reopen(incident: Incident, user: User, now: datetime) -> Step:
    def do(typed: QueryDict) -> None:
        actions.reopen(incident=incident, reason=typed.get("reason", ""), by=user, now=now)

    fields = (words_field("reason", "Why is it opened again?"),)
    words = "The outcome stays in its history. The others who answer for it are written to."
    return Step(Form("reopen", "Open it again", fields, "Open it again", words), do)
