"""A child who left is expected nowhere, their family's link is dead, and what was recorded stays."""

import pytest

from circletime.core.errors import NotAllowed
from circletime.meetings.actions.door import Person, knock
from circletime.meetings.models import Expected, Seat
from circletime.meetings.queries import expected_adults, expected_pupils
from circletime.meetings.rules import Kind
from circletime.people.families import by_link
from circletime.people.models import Adult, Group, Pupil, SchoolClass
from circletime.people.queries import adults_of, find_class, list_classes_for, token_hash
from tests.web.visits import Visits
from tests.world import World

pytestmark = pytest.mark.django_db


def leave(world: World, person: Pupil | Adult) -> None:
    person.left_at = world.now
    person.save()


def test_a_leaver_is_expected_in_no_meeting(world: World, visits: Visits) -> None:
    amara = world.pupil("Amara")
    group = Group.objects.get(school_class=world.oak)
    assert group.pupils.contains(amara)
    leave(world, amara)
    for hours, plan in ((24, {}), (48, {"kind": Kind.GROUP, "group": group})):
        meeting = visits.planned(hours=hours, **plan)
        assert amara not in expected_pupils(meeting) and expected_pupils(meeting)


def test_who_leaves_while_the_waiting_room_is_open_stays_outside(world: World, visits: Visits) -> None:
    meeting = visits.open_meeting()
    amara = world.pupil("Amara")
    assert Expected.objects.filter(meeting=meeting, pupil=amara).exists()
    leave(world, amara)
    client = visits.browser()
    visits.class_door(client)
    assert visits.ask(client, "Amara").status_code == 403
    with pytest.raises(NotAllowed):
        knock(meeting=meeting, person=Person(pupil=amara), key="", grown_up=True, now=world.now)
    assert not Seat.objects.exists()


def test_the_link_dies_with_the_last_child_of_the_household(world: World, visits: Visits) -> None:
    amara, ben = world.pupil("Amara"), world.pupil("Ben")
    home = visits.family_of(amara)
    ben.households.add(home)
    hashed = token_hash(visits.link_of(home))
    leave(world, amara)
    assert (found := by_link(hashed, world.now)) and found.households == (home,)
    leave(world, ben)
    assert by_link(hashed, world.now) is None


def test_an_adult_of_two_households_is_one_person_in_both(world: World, visits: Visits) -> None:
    amara, ben = world.pupil("Amara"), world.pupil("Ben")
    adult = adults_of(amara)[0]
    adult.households.add(visits.family_of(ben))
    assert adults_of(ben).count(adult) == adults_of(amara).count(adult) == 1
    amara.households.add(visits.family_of(ben))
    assert adults_of(amara).count(adult) == 1


def test_an_adult_whom_the_school_does_not_know_any_more_is_invited_to_nothing(
    world: World, visits: Visits
) -> None:
    amara = world.pupil("Amara")
    adult = adults_of(amara)[0]
    other = Adult.objects.create(name="Gita Zielak")
    other.households.add(visits.family_of(amara))
    leave(world, adult)
    meeting = visits.planned(kind=Kind.PARENTS, household=visits.family_of(amara))
    assert adult not in expected_adults(meeting) and other in expected_adults(meeting)
    assert adult not in adults_of(amara)


def test_a_leavers_family_is_still_known_to_whoever_asks_for_a_recording(world: World) -> None:
    amara = world.pupil("Amara")
    family = adults_of(amara)
    leave(world, amara)
    for adult in family:
        leave(world, adult)
    assert family == adults_of(Pupil.objects.get(pk=amara.pk))


def test_a_name_is_free_again_once_its_child_left(world: World) -> None:
    leave(world, world.pupil("Amara"))
    made = Pupil.objects.create(school_class=world.oak, first_name="Amara", last_name="Vasko")
    assert made.label == "Amara"


def test_a_closed_class_opens_nothing_and_is_in_no_list(world: World) -> None:
    oak = world.oak
    oak.closed_at = world.now
    oak.save()
    assert find_class(oak.join_id, oak.password) is None
    assert oak not in list_classes_for(world.teacher)
    assert oak not in list_classes_for(world.staff["office"])
    assert SchoolClass.objects.create(name=oak.name).name == oak.name
