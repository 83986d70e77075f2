"""The policy's limits as they hold at this school, and changing one (T2, T3, T9, C7)."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from circletime.core import time
from circletime.core.errors import Refused
from circletime.documents import limits
from circletime.documents.actions.limits import set_limit
from circletime.documents.rules.strictness import can_set_limit
from circletime.pages.views.policies import reader
from circletime.policy.limits import Limit


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """What holds, since when and by whose word; a form beside each for who may change it."""
    user = reader(request)
    error: Refused | None = None
    if request.method == "POST":
        if not can_set_limit(user.roles):
            raise PermissionDenied
        chosen, value = request.POST.get("limit", ""), request.POST.get("value", "")
        try:
            if chosen not in set(Limit):
                raise Refused("limit", "Choose which limit.", status=400)
            set_limit(limit=Limit(chosen), value=_number(value), by=user, now=time.now())
            return redirect("policy-limits")
        except Refused as refusal:
            error = refusal
    rows = [
        {
            "limit": limit,
            "facts": limit.facts,
            "holds": limits.holds(limit),
            "last": limits.last_set(limit),
            "error": str(error) if error is not None and error.field == limit.value else "",
            "typed": request.POST.get("value", "")[:6] if request.POST.get("limit") == limit.value else "",
        }
        for limit in Limit
    ]
    context = {"rows": rows, "may_set": can_set_limit(user.roles), "error": error}
    return render(request, "pages/policies/limits.html", context, status=error.status if error else 200)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None
