"""Classes: their standing ID and password, and who is in them (T4, T6)."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from circletime.core import time
from circletime.pages.who import staff_of
from circletime.people.actions import change_class_password
from circletime.people.models import Group, Pupil
from circletime.people.queries import can_change_password, list_classes_for, pupils_in


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The classes this person looks after."""
    user = staff_of(request)
    rows = [
        (
            each,
            pupils_in(each),
            Group.objects.filter(school_class=each).prefetch_related(
                Prefetch("pupils", Pupil.objects.filter(left_at=None))
            ),
            can_change_password(user, each),
        )
        for each in list_classes_for(user)
    ]
    return render(request, "pages/classes/index.html", {"rows": rows})


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once more, then give the class a new ID and password."""
    user = staff_of(request)
    school_class = next((each for each in list_classes_for(user) if each.pk == pk), None)
    if school_class is None:
        raise Http404
    if not can_change_password(user, school_class):
        raise PermissionDenied
    if request.method == "POST":
        change_class_password(school_class=school_class, by=user, now=time.now())
        return redirect("classes")
    return render(request, "pages/classes/change.html", {"school_class": school_class})
