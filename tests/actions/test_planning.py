"""Who puts which meeting in the calendar, asked of the action itself, whatever page it came from (C2, T1)."""

from typing import Any

import pytest

from circletime.core.errors import NotAllowed, Refused
from circletime.meetings.actions.schedule import cancel, move, schedule
from circletime.meetings.models import Meeting
from circletime.meetings.rules import Kind, Purpose
from circletime.people.models import Group, Household, SchoolClass
from tests.world import World


def plan(world: World, **changed: Any) -> Meeting:
    facts: dict[str, Any] = {
        "kind": Kind.CLASS,
        "purpose": Purpose.CIRCLE,
        "starts_at": world.now,
        "minutes": 20,
        "school_class": world.oak,
        "by": world.teacher,
        "now": world.now,
    }
    return schedule(**facts | changed)


@pytest.fixture
def ash() -> SchoolClass:
    return SchoolClass.objects.get(name="Ash")


def test_nobody_plans_for_a_class_that_is_not_theirs(world: World, ash: SchoolClass) -> None:
    for who in (world.teacher, world.support):
        with pytest.raises(NotAllowed):
            plan(world, school_class=ash, by=who)
    with pytest.raises(NotAllowed):
        plan(world, by=world.stranger)
    assert not Meeting.objects.exists()


@pytest.mark.parametrize("who", ["office", "governor"])
def test_who_hosts_nothing_plans_nothing(world: World, who: str) -> None:
    for kind, purpose in ((Kind.CLASS, Purpose.CIRCLE), (Kind.STAFF, Purpose.STAFF)):
        with pytest.raises(NotAllowed):
            plan(world, kind=kind, purpose=purpose, by=world.staff[who])
    assert not Meeting.objects.exists()


def test_a_group_and_a_family_belong_to_the_class(world: World, ash: SchoolClass) -> None:
    foreign = Group.objects.get(school_class=ash)
    family = Household.objects.filter(pupils__school_class=ash).earliest("pk")
    with pytest.raises(Refused) as refused:
        plan(world, kind=Kind.GROUP, group=foreign)
    assert refused.value.field == "group"
    with pytest.raises(Refused) as refused:
        plan(world, kind=Kind.PARENTS, purpose=Purpose.FAMILY, household=family)
    assert refused.value.field == "household"
    assert not Meeting.objects.exists()


def test_nobody_moves_or_cancels_anothers_meeting(world: World) -> None:
    meeting = plan(world)
    later = world.now.replace(hour=15)
    with pytest.raises(NotAllowed):
        move(meeting=meeting, starts_at=later, minutes=10, by=world.stranger, now=world.now)
    with pytest.raises(NotAllowed):
        cancel(meeting=meeting, by=world.stranger, now=world.now)
    assert (world.fresh(meeting).state, world.fresh(meeting).starts_at) == ("scheduled", meeting.starts_at)
