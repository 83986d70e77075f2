"""Pages with several small forms: each sends its own verb, does one thing, and says what was wrong."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from circletime.core.errors import Refused
from circletime.pages.forms import Form


@dataclass(frozen=True)
class Step:
    """A form, and what is done with it. `do` answers where to go then, or nothing for the same page."""

    form: Form
    do: Callable[[QueryDict], str | None]


def run(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    steps: Callable[[], Sequence[Step]],
    *,
    may: bool,
    here: str,
) -> HttpResponse:
    """Show a page with its forms, or take the one that was sent.

    Who may not send any sees the page without them. A form that was refused comes back as it was typed.
    """
    if request.method == "POST" and not may:
        raise PermissionDenied
    made = list(steps()) if may else []
    forms, status = {each.form.verb: each.form for each in made}, 200
    if request.method == "POST":
        step = next((each for each in made if each.form.verb == request.POST.get("verb")), None)
        if step is None:
            raise Http404
        try:
            return redirect(step.do(request.POST) or here)
        except Refused as refusal:
            verb = step.form.verb
            forms[verb] = replace(step.form.filled(request.POST, refusal.field, str(refusal)), open=True)
            status = refusal.status
    return render(request, template, context | {"forms": forms}, status=status)


def chosen(typed: QueryDict, name: str, among: Iterable[Any]) -> list[Any]:
    """Those of `among` that were ticked. What is not among them was never offered, and is refused."""
    by_key = {str(each.pk): each for each in among}
    keys = dict.fromkeys(typed.getlist(name))
    if not set(keys) <= set(by_key):
        raise Refused(name, "Choose from what is offered here.", field=name, status=400)
    return [by_key[key] for key in keys]


def one_of(typed: QueryDict, name: str, among: Iterable[Any]) -> Any | None:
    """The one of `among` that was chosen, or None where nothing was."""
    key = typed.get(name, "")
    if not key:
        return None
    found = next((each for each in among if str(each.pk) == key), None)
    if found is None:
        raise Refused(name, "Choose from what is offered here.", field=name, status=400)
    return found
