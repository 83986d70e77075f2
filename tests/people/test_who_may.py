"""Attack first: who changes a role, who reads families, who takes over an account."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.audit.models import Row
from circletime.core.errors import NotAllowed, Refused
from circletime.people.actions import staff as actions
from circletime.people.models import Household, PasswordAsk, Pupil, RoleGrant, User
from circletime.people.rules import Role
from tests.people.conftest import page
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World


def roles_of(user: User) -> set[str]:
    return set(RoleGrant.objects.filter(user=user).values_list("role", flat=True))


@pytest.mark.parametrize("role", ["teacher", "support", "governor"])
def test_nobody_else_reads_families(
    role: str, visits: Visits, world: World, family: Household, ben: Pupil
) -> None:
    client = visits.by_role(role)
    for address in (
        reverse("people"),
        reverse("people") + "?q=Ben",
        page("household", family),
        page("pupil", ben),
        page("class", world.oak),
        page("adult", family.adults.earliest("pk")),
        reverse("people-staff"),
    ):
        answer = client.get(address)
        assert answer.status_code == 403 and ben.last_name.encode() not in answer.content, address
    assert reverse("people") not in Page(client.get(reverse("classes"))).addresses()


@pytest.mark.parametrize("role", ["slt", "dsl"])
def test_who_only_reads_is_shown_no_form_and_changes_nothing(
    role: str, visits: Visits, world: World, family: Household, ben: Pupil
) -> None:
    client, rows = visits.by_role(role), Row.objects.count()
    for kind, thing in (("household", family), ("pupil", ben), ("class", world.oak)):
        shown = Page(client.get(page(kind, thing)))
        assert not any(each.get("name") == "verb" for each in shown.every)
        for verb in ("change", "leave", "burn", "close", "staff"):
            assert client.post(page(kind, thing), {"verb": verb, "name": "X"}).status_code == 403
    assert client.post(reverse("people-link", args=[family.pk])).status_code == 403
    assert client.post(reverse("people-letter", args=[family.pk])).status_code == 403
    assert Row.objects.count() == rows
    ben.refresh_from_db()
    assert ben.left_at is None


@pytest.mark.parametrize("role", ["teacher", "office", "slt", "dsl", "governor"])
def test_only_the_headteacher_gives_roles(role: str, visits: Visits, world: World) -> None:
    own = world.staff[role]
    before = roles_of(own)
    answer = visits.by_role(role).post(page("staff-one", own), {"verb": "roles", "roles": ["headteacher"]})
    assert answer.status_code in (403, 404)
    with pytest.raises(NotAllowed):
        actions.set_roles(user=own, roles=["headteacher"], by=own, now=world.now)
    assert roles_of(own) == before


def test_the_headteacher_gives_and_takes_them(visits: Visits, world: World) -> None:
    head, slt = visits.by_role("headteacher"), world.staff["slt"]
    head.post(page("staff-one", slt), {"verb": "roles", "roles": ["slt", "dsl"]})
    assert roles_of(slt) == {"slt", "dsl"}
    row = Row.objects.get(kind="people.staff.roles")
    assert (row.by, row.subject) == (world.staff["headteacher"].actor, slt.actor) and '"dsl"' in row.data
    head.post(page("staff-one", slt), {"verb": "roles"})
    assert roles_of(slt) == set()
    invented = head.post(page("staff-one", slt), {"verb": "roles", "roles": ["superuser"]})
    assert invented.status_code == 400 and roles_of(slt) == set()


def test_the_last_headteacher_and_the_last_of_the_office_stay(visits: Visits, world: World) -> None:
    head, office = world.staff["headteacher"], world.staff["office"]
    client = visits.by_role("headteacher")
    for user in (head, office):
        stays(client, user)
    client.post(page("staff-one", world.staff["slt"]), {"verb": "roles", "roles": ["headteacher"]})
    client.post(page("staff-one", head), {"verb": "roles", "roles": ["governor"]})
    assert roles_of(head) == {"governor"}
    with pytest.raises(NotAllowed):
        actions.set_roles(user=head, roles=["headteacher"], by=User.objects.get(pk=head.pk), now=world.now)


def stays(client: Client, user: User) -> None:
    """Neither the role nor the account is taken away."""
    before = roles_of(user)
    for verb in ("roles", "off"):
        answer = client.post(page("staff-one", user), {"verb": verb, "roles": ["governor"]})
        assert answer.status_code == 409 and "Nobody else is" in Page(answer).alerts()[0]
    assert roles_of(user) == before and User.objects.get(pk=user.pk).is_active


def test_the_last_safeguarding_lead_leaves_when_there_is_another(visits: Visits, world: World) -> None:
    """Alarms, concerns and contact restrictions are theirs to answer (C6)."""
    client, dsl, slt = visits.by_role("headteacher"), world.staff["dsl"], world.staff["slt"]
    stays(client, dsl)
    away = User.objects.create_user("away@larkfield.example", "x", name="Ms Away", is_active=False)
    away.rolegrant_set.create(role="dsl")
    stays(client, dsl)
    client.post(page("staff-one", slt), {"verb": "roles", "roles": ["slt", "dsl"]})
    assert client.post(page("staff-one", dsl), {"verb": "off"}).status_code == 302
    assert not User.objects.get(pk=dsl.pk).is_active
    stays(client, slt)


def test_the_office_takes_over_no_account(visits: Visits, world: World) -> None:
    """Who could change the headteacher's address could have their password mailed to themselves."""
    client, head = visits.by_role("office"), world.staff["headteacher"]
    answer = client.post(
        page("staff-one", head), {"verb": "change", "name": head.name, "email": "mine@office.example"}
    )
    assert answer.status_code == 403
    assert client.post(page("staff-one", head), {"verb": "off"}).status_code == 403
    head.refresh_from_db()
    assert head.email == "head@larkfield.example" and head.is_active
    teacher = world.teacher
    assert client.post(page("staff-one", teacher), {"verb": "off"}).status_code == 302
    assert client.post(page("staff-one", teacher), {"verb": "on"}).status_code == 404
    with pytest.raises(NotAllowed):
        actions.switch_on(user=teacher, by=world.staff["office"], now=world.now)


def test_a_new_member_of_staff_is_mailed_a_link_and_holds_nothing(office: Any, world: World) -> None:
    sent = {"verb": "add", "name": "Ms New", "email": "New@Larkfield.example"}
    answer = office.post(reverse("people-staff-new"), sent)
    made = User.objects.get(email="new@larkfield.example")
    assert answer["Location"] == page("staff-one", made)
    assert not made.has_usable_password() and roles_of(made) == set()
    assert PasswordAsk.objects.get().email == made.email
    again = office.post(reverse("people-staff-new"), sent)
    shown = Page(again)
    assert again.status_code == 400 and "already" in shown.said_beside("email")
    assert shown.value("name") == "Ms New", "what was typed is kept"
    for bad in ("nobody", "a@b.example\r\nBcc: x@y.example", "a b@c.example", ""):
        answer = office.post(reverse("people-staff-new"), sent | {"email": bad})
        assert answer.status_code == 400 and Page(answer).marked() == {"email"}
    assert User.objects.filter(name="Ms New").count() == 1


def test_who_is_switched_off_is_out_at_once(visits: Visits, world: World) -> None:
    teacher = visits.by_role("teacher")
    assert teacher.get(reverse("classes")).status_code == 200
    actions.switch_off(user=world.teacher, by=world.staff["office"], now=world.now)
    assert teacher.get(reverse("classes")).status_code == 302
    with pytest.raises(Refused):
        actions.invite_again(
            user=User.objects.get(pk=world.teacher.pk), by=world.staff["office"], now=world.now
        )
    actions.switch_on(user=world.teacher, by=world.staff["headteacher"], now=world.now)
    assert Role.TEACHER in User.objects.get(pk=world.teacher.pk).roles


def test_a_verb_that_is_none_is_nothing(office: Any, world: World, ben: Pupil) -> None:
    for verb in ("", "return", "delete", "x" * 10_000):
        assert office.post(page("pupil", ben), {"verb": verb}).status_code == 404
    for kind in ("pupil", "household", "adult", "class", "group", "staff-one"):
        for pk in (0, 10**15, 10**30):
            assert office.get(reverse(f"people-{kind}", args=[pk])).status_code == 404
