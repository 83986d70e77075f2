"""A class's standing ID and password: who sees them, and who changes them (T4, T6)."""

import pytest
from django.urls import reverse

from circletime.audit.queries import list_kinds
from circletime.core.errors import NotAllowed
from circletime.people.actions import change_class_password
from circletime.people.models import Group, RoleGrant, SchoolClass, User
from circletime.people.queries import can_change_password
from circletime.people.rules import Role
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World


def words_of(school_class: SchoolClass) -> tuple[str, str]:
    school_class.refresh_from_db()
    return school_class.join_id, school_class.password


@pytest.mark.parametrize("role", ["teacher", "office", "headteacher"])
def test_the_teacher_and_the_office_change_them_at_once(role: str, world: World, visits: Visits) -> None:
    client, old = visits.by_role(role), words_of(world.oak)
    change = reverse("class-change", args=[world.oak.pk])
    assert "Oak" in Page(client.get(change)).words()
    assert words_of(world.oak) == old, "looking changes nothing"
    assert client.post(change)["Location"] == reverse("classes")
    new = words_of(world.oak)
    assert not set(old) & set(new)
    assert all(word in Page(client.get(reverse("classes"))).words() for word in new)
    assert list_kinds(f"class:{world.oak.pk}") == ["people.class.password_changed"]
    assert visits.class_door(visits.browser(), *old).status_code == 403
    assert visits.class_door(visits.browser(), *new).status_code == 302


@pytest.mark.parametrize("role", ["support", "teacher_ash", "slt", "dsl", "governor"])
def test_nobody_else_changes_them(role: str, world: World, visits: Visits) -> None:
    client, old = visits.by_role(role), words_of(world.oak)
    change = reverse("class-change", args=[world.oak.pk])
    for answer in (client.get(change), client.post(change)):
        assert answer.status_code in (403, 404)
        assert not any(word in answer.content.decode() for word in old)
    assert words_of(world.oak) == old
    assert list_kinds(f"class:{world.oak.pk}") == []
    page = Page(client.get(reverse("classes")))
    assert change not in page.addresses(), "no button that would be refused"


def test_a_class_that_is_not_there_is_nobodys(visits: Visits) -> None:
    for pk in (0, 99999, 10**30):
        assert visits.by_role("office").post(reverse("class-change", args=[pk])).status_code == 404


def test_everybody_sees_their_own_classes_only(world: World, visits: Visits) -> None:
    ash = SchoolClass.objects.get(name="Ash")
    sees = {
        "teacher": [world.oak],
        "support": [world.oak],
        "teacher_ash": [ash],
        "office": [world.oak, ash],
        "headteacher": [world.oak, ash],
        "slt": [],
        "dsl": [],
        "governor": [],
    }
    for role, own in sees.items():
        text = Page(visits.by_role(role).get(reverse("classes"))).words()
        for school_class in (world.oak, ash):
            for word in words_of(school_class):
                assert (word in text) == (school_class in own), role
        if not own:
            assert "You are not on the staff of a class." in text


def test_a_class_shows_labels_and_no_surnames(world: World, visits: Visits) -> None:
    text = Page(visits.by_role("teacher").get(reverse("classes"))).words()
    for child in world.oak.pupil_set.all():
        assert child.label in text and child.last_name not in text
    assert Group.objects.get(school_class=world.oak).name in text


def test_who_hosts_is_shown_how_families_join_and_who_only_looks_is_not(world: World, visits: Visits) -> None:
    meeting = visits.open_meeting()
    page = reverse("meeting", args=[meeting.public_id])
    for role, shown in (("teacher", True), ("support", True), ("slt", False), ("dsl", False)):
        text = Page(visits.by_role(role).get(page)).words()
        for word in words_of(world.oak):
            assert (word in text) == shown, role


def test_a_teacher_taken_off_the_class_is_out_at_once(world: World, visits: Visits) -> None:
    client, old = visits.by_role("teacher"), words_of(world.oak)
    world.oak.staff.remove(world.teacher)
    assert client.post(reverse("class-change", args=[world.oak.pk])).status_code == 404
    assert words_of(world.oak) == old


def give(user: User, *roles: Role) -> User:
    """The same person with these roles and no others."""
    RoleGrant.objects.filter(user=user).delete()
    RoleGrant.objects.bulk_create(RoleGrant(user=user, role=role) for role in roles)
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize("left", [(), (Role.GOVERNOR,)])
def test_a_name_left_on_the_staff_list_without_its_role_shows_nothing(
    left: tuple[Role, ...], world: World, visits: Visits
) -> None:
    meeting = visits.open_meeting()
    client = visits.by_role("teacher")
    assert world.oak.password in Page(client.get(reverse("classes"))).words()
    user = give(world.teacher, *left)
    assert user in world.oak.staff.all()
    for address in (
        reverse("classes"),
        reverse("class-change", args=[world.oak.pk]),
        reverse("meeting", args=[meeting.public_id]),
        reverse("meetings"),
    ):
        text = client.get(address).content.decode()
        assert not any(word in text for word in words_of(world.oak)), address
    assert client.post(reverse("class-change", args=[world.oak.pk])).status_code == 404
    with pytest.raises(NotAllowed):
        change_class_password(school_class=world.oak, by=user, now=world.now)


@pytest.mark.parametrize("on_its_staff", [True, False])
@pytest.mark.parametrize("role", list(Role))
def test_the_button_the_page_and_the_action_agree(
    role: Role, on_its_staff: bool, world: World, visits: Visits
) -> None:
    user = give(world.support, role)
    world.oak.staff.set([user] if on_its_staff else [])
    change = reverse("class-change", args=[world.oak.pk])
    client, may = visits.signed_in(user), can_change_password(user, world.oak)
    assert (change in Page(client.get(reverse("classes"))).addresses()) == may
    assert (client.get(change).status_code == 200) == may
    old = words_of(world.oak)
    try:
        change_class_password(school_class=world.oak, by=user, now=world.now)
    except NotAllowed:
        assert not may
    assert (words_of(world.oak) != old) == may
