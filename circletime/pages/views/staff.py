"""Staff and governors: who they are, which roles they hold, whether they may sign in."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from circletime.core import time
from circletime.meetings.actions.door import put_out
from circletime.pages import sign_in
from circletime.pages.forms import Field, Form, options_of
from circletime.pages.found import or_404
from circletime.pages.steps import Step, run
from circletime.pages.views.people import keeper, reader
from circletime.people.actions.staff import (
    add_staff,
    change_staff,
    invite_again,
    set_roles,
    switch_off,
    switch_on,
)
from circletime.people.models import User
from circletime.people.queries import list_staff
from circletime.people.rules import ROLE_GIVERS, Role, can_reset_sign_in
from circletime.people.second_steps import list_school_accounts, list_second_steps

SEEN = "What everybody in a meeting sees, as: Mrs Osei."


RESET = Form(
    "reset",
    "Take it away",
    title="Lost their passkey or telephone",
    words="Their passkeys, app and codes open nothing any more, and they are signed out. "
    "They sign in with their password, and set up a new one. Be sure that it is they who ask.",
    danger=True,
)


@login_required
@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Everybody with an account."""
    _, may = reader(request)
    return render(request, "pages/people/staff_list.html", {"rows": list_staff(), "may_change": may})


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new account. A link to set a password is mailed to its owner."""
    user = keeper(request)

    def add(typed: QueryDict) -> str:
        name, email = typed.get("name", ""), typed.get("email", "")
        made = add_staff(name=name, email=email, by=user, now=time.now())
        return reverse("people-staff-one", args=[made.pk])

    form = Form(
        "add", "Add and send the link", (Field("name", "Name", hint=SEEN), Field("email", "Email", "email"))
    )
    title = {"title": "Add a member of staff"}
    steps = [Step(form, add)]
    return run(request, "pages/people/new.html", title, lambda: steps, may=True, here=reverse("people-staff"))


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them."""
    user, may = reader(request)
    found = or_404(User.objects.filter(pk=pk).first())
    context = {
        "member": found,
        "roles": [role.words for role in Role if found.rolegrant_set.filter(role=role).exists()],
        "classes": found.classes.filter(closed_at=None),
        "may_change": may,
    }
    here = reverse("people-staff-one", args=[pk])

    def reset(typed: QueryDict) -> None:
        sign_in.reset(user=found, by=user, now=time.now())

    lost = [Step(RESET, reset)] if _may_reset(found, user) else []

    def steps() -> list[Step]:
        return (_steps(found, user) if may else []) + lost

    return run(request, "pages/people/staff.html", context, steps, may=may or bool(lost), here=here)


def _steps(found: User, user: User) -> list[Step]:
    now, gives = time.now(), bool(user.roles & ROLE_GIVERS)

    def change(typed: QueryDict) -> None:
        name, email = typed.get("name", ""), typed.get("email", found.email)
        change_staff(user=found, name=name, email=email, by=user, now=now)

    def roles(typed: QueryDict) -> None:
        set_roles(user=found, roles=typed.getlist("roles"), by=user, now=now)

    @transaction.atomic
    def off(typed: QueryDict) -> None:
        switch_off(user=found, by=user, now=now)
        put_out(user=found, by=user.actor, now=now)

    def on(typed: QueryDict) -> None:
        switch_on(user=found, by=user, now=now)

    def invite(typed: QueryDict) -> None:
        invite_again(user=found, by=user, now=now)

    if found.erased_at is not None:
        return []
    if not found.is_active:
        words = "They may sign in again, with the roles of before."
        return [Step(Form("on", "Switch on", title="Switch on", words=words), on)] if gives else []
    names = [Field("name", "Name", value=found.name, hint=SEEN)]
    if gives:
        names.append(Field("email", "Email", "email", found.email))
    held = tuple(found.rolegrant_set.values_list("role", flat=True))
    boxes = Field("roles", "Roles", "checks", options=options_of(Role), values=held, required=False)
    gone = "They are out of every page at once. What they did stays written down."
    mailed = f"A link to set a password goes to {found.email}."
    return [
        Step(Form("change", "Save", tuple(names), title="Name" if not gives else "Name and address"), change),
        *([Step(Form("roles", "Save", (boxes,), title="Roles"), roles)] if gives else []),
        Step(Form("invite", "Send the link", title="Has no password", words=mailed), invite),
        Step(Form("off", "Switch off", title="Does not work here any more", words=gone, danger=True), off),
    ]


def _may_reset(found: User, user: User) -> bool:
    own = found.pk == user.pk
    has = list_second_steps(found) or list_school_accounts(found)
    return bool(has) and can_reset_sign_in(user.roles, found.roles, own=own)
