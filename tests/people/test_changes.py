"""Classes, groups, children, households and adults, as the office changes them."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from circletime.audit.models import Row
from circletime.core.errors import Refused
from circletime.meetings.actions import schedule
from circletime.people.actions import note_restriction
from circletime.people.actions.groups import change_group
from circletime.people.models import Adult, Group, Household, Pupil, SchoolClass
from circletime.people.queries import adults_to_write_to
from tests.people.conftest import page
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World


@pytest.fixture
def ash() -> SchoolClass:
    return SchoolClass.objects.get(name="Ash")


def typed(pupil: Pupil, **other: Any) -> dict[str, Any]:
    """The form about a child as it stands, but for `other`."""
    return {
        "verb": "change",
        "first_name": pupil.first_name,
        "last_name": pupil.last_name,
        "mark": pupil.mark,
        "school_class": str(pupil.school_class_id),
        "households": [str(each.pk) for each in pupil.households.all()],
    } | other


class TestClass:
    def test_one_is_added_named_and_staffed(self, office: Any, world: World) -> None:
        answer = office.post(reverse("people-class-new"), {"verb": "add", "name": "  Plum ", "year": "3"})
        plum = SchoolClass.objects.get(name="Plum")
        assert answer["Location"] == page("class", plum) and plum.join_id and plum.password
        office.post(page("class", plum), {"verb": "change", "name": "Damson", "year": "4"})
        office.post(page("class", plum), {"verb": "staff", "staff": [str(world.stranger.pk)]})
        plum.refresh_from_db()
        assert (plum.name, plum.year, plum.staff.get()) == ("Damson", 4, world.stranger)
        kinds = set(Row.objects.filter(subject=f"class:{plum.pk}").values_list("kind", flat=True))
        assert kinds == {"people.class.added", "people.class.changed", "people.class.staffed"}

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": "oak"}, "name"),
            ({"name": " "}, "name"),
            ({"name": "x" * 61}, "name"),
            ({"name": "\u202e"}, "name"),
            ({"year": "six"}, "year"),
            ({"year": "99"}, "year"),
            ({"year": "٣"}, "year"),
        ],
    )
    def test_what_is_wrong_is_said_beside_it(self, wrong: dict[str, str], field: str, office: Any) -> None:
        sent = {"verb": "add", "name": "Plum", "year": "3"} | wrong
        answer = office.post(reverse("people-class-new"), sent)
        assert answer.status_code == 400 and Page(answer).marked() == {field}
        assert SchoolClass.objects.count() == 2

    def test_only_hosts_look_after_one(self, office: Any, world: World) -> None:
        before = set(world.oak.staff.all())
        for who in ("governor", "office"):
            answer = office.post(
                page("class", world.oak), {"verb": "staff", "staff": [str(world.staff[who].pk)]}
            )
            assert answer.status_code == 400
        assert set(world.oak.staff.all()) == before

    def test_it_is_closed_when_nobody_is_in_it(self, office: Any, world: World, visits: Visits) -> None:
        assert office.post(page("class", world.oak), {"verb": "close"}).status_code == 409
        meeting = world.plan()
        Pupil.objects.filter(school_class=world.oak).update(left_at=world.now)
        refused = office.post(page("class", world.oak), {"verb": "close"})
        assert refused.status_code == 409 and "A meeting is planned" in Page(refused).words()
        schedule.cancel(meeting=meeting, by=world.teacher, now=world.now)
        assert office.post(page("class", world.oak), {"verb": "close"}).status_code == 302
        assert visits.class_door(visits.browser()).status_code == 403
        assert "was closed" in Page(office.get(page("class", world.oak))).words()
        assert office.post(page("class", world.oak), {"verb": "change", "name": "Z"}).status_code == 403


class TestGroup:
    def test_a_child_of_another_class_is_refused(self, office: Any, world: World, ash: SchoolClass) -> None:
        group, before = Group.objects.get(school_class=world.oak), set()
        before = set(group.pupils.all())
        stranger = Pupil.objects.filter(school_class=ash).earliest("pk")
        sent = {"verb": "save", "name": "Readers", "pupils": [str(stranger.pk)]}
        answer = office.post(page("group", group), sent)
        assert answer.status_code == 400 and set(group.pupils.all()) == before
        with pytest.raises(Refused):
            change_group(group=group, name="R", pupils=[stranger], by=world.staff["office"], now=world.now)

    def test_one_is_added_and_filled(self, office: Any, world: World, ben: Pupil) -> None:
        office.post(page("class", world.oak), {"verb": "group", "name": "Singers"})
        group = Group.objects.get(name="Singers")
        sent = {"verb": "save", "name": "Choir", "pupils": [str(ben.pk)]}
        assert office.post(page("group", group), sent)["Location"] == page("class", world.oak)
        group.refresh_from_db()
        assert (group.name, group.pupils.get()) == ("Choir", ben)
        assert office.post(page("class", world.oak), {"verb": "group", "name": "choir"}).status_code == 400


class TestChild:
    def test_one_is_added_with_a_name_of_any_script(
        self, office: Any, world: World, family: Household
    ) -> None:
        sent = {
            "verb": "add",
            "first_name": " \u202eمریم ",
            "last_name": "=cmd|'x'!A1",
            "mark": "",
            "school_class": str(world.oak.pk),
            "household": str(family.pk),
        }
        answer = office.post(reverse("people-pupil-new"), sent)
        made = Pupil.objects.latest("pk")
        assert answer["Location"] == page("pupil", made)
        assert made.first_name == "مریم" and made.households.get() == family
        row = Row.objects.get(kind="people.pupil.added")
        assert made.first_name not in row.data + row.subject

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"first_name": ""}, "first_name"),
            ({"last_name": "..."}, "last_name"),
            ({"first_name": "x" * 100_000}, "first_name"),
            ({"first_name": "BEN"}, "mark"),
            ({"school_class": ""}, "school_class"),
            ({"school_class": "99999"}, "school_class"),
            ({"household": "99999"}, "household"),
        ],
    )
    def test_what_is_wrong_is_said_beside_it_and_what_was_typed_is_kept(
        self, wrong: dict[str, str], field: str, office: Any, world: World, family: Household
    ) -> None:
        sent = {
            "verb": "add",
            "first_name": "Zofia",
            "last_name": "Nowhere",
            "mark": "",
            "school_class": str(world.oak.pk),
            "household": str(family.pk),
        }
        answer, count = office.post(reverse("people-pupil-new"), sent | wrong), Pupil.objects.count()
        shown = Page(answer)
        assert answer.status_code == 400 and shown.marked() == {field}
        assert shown.value("last_name") == (sent | wrong)["last_name"]
        assert not Pupil.objects.filter(last_name="Nowhere").exists() and Pupil.objects.count() == count

    def test_a_mark_tells_two_of_a_name_apart(self, office: Any, ben: Pupil, world: World) -> None:
        amara = world.pupil("Amara")
        same = office.post(page("pupil", amara), typed(amara, first_name="bén"))
        assert same.status_code == 400 and "There is another" in Page(same).said_beside("mark")
        office.post(page("pupil", amara), typed(amara, first_name="Bén", mark="star"))
        amara.refresh_from_db()
        assert amara.label == "Bén (star)"

    def test_who_changes_class_is_out_of_its_groups_and_the_link_leads_to_the_new_one(
        self, office: Any, world: World, ben: Pupil, family: Household, ash: SchoolClass, visits: Visits
    ) -> None:
        ash_ben = Pupil.objects.get(school_class=ash, first_name="Ben")
        Pupil.objects.filter(pk=ash_ben.pk).update(first_name="Benno")
        group, token = Group.objects.get(school_class=world.oak), visits.link_of(family)
        assert ben in group.pupils.all()
        world.teacher.classes.add(ash)
        assert office.post(page("pupil", ben), typed(ben, school_class=str(ash.pk))).status_code == 302
        assert ben not in group.pupils.all()
        world.oak = ash
        visits.open_meeting()
        client = visits.browser()
        client.get(reverse("family", args=[token]))
        assert "/room/" in visits.ask(client, "Ben")["Location"]

    def test_a_leavers_link_is_dead_at_once_and_back_with_the_child(
        self, office: Any, ben: Pupil, family: Household, visits: Visits
    ) -> None:
        token = visits.link_of(family)
        link = reverse("family", args=[token])
        assert visits.browser().get(link).status_code == 302
        office.post(page("pupil", ben), {"verb": "leave"})
        assert visits.browser().get(link).status_code == 403
        shown = Page(office.get(page("pupil", ben)))
        assert "Left the school" in shown.words()
        assert office.post(page("pupil", ben), typed(ben)).status_code == 404, "nothing else is offered"
        office.post(page("pupil", ben), {"verb": "return"})
        assert visits.browser().get(link).status_code == 302
        kinds = list(Row.objects.filter(subject=f"pupil:{ben.pk}").values_list("kind", flat=True))
        assert kinds == ["people.pupil.left", "people.pupil.returned"]

    def test_who_comes_back_to_a_class_with_another_of_that_name_needs_a_mark(
        self, office: Any, ben: Pupil, world: World
    ) -> None:
        office.post(page("pupil", ben), {"verb": "leave"})
        amara = world.pupil("Amara")
        office.post(page("pupil", amara), typed(amara, first_name="Ben"))
        assert office.post(page("pupil", ben), {"verb": "return"}).status_code == 400
        ben.refresh_from_db()
        assert ben.left_at is not None

    def test_a_household_that_was_not_offered_is_refused(
        self, office: Any, ben: Pupil, world: World, family: Household
    ) -> None:
        other = world.pupil("Amara").households.get()
        answer = office.post(page("pupil", ben), typed(ben, households=[str(other.pk)]))
        assert answer.status_code == 400 and ben.households.get() == family
        none = office.post(page("pupil", ben), typed(ben, households=[]))
        assert none.status_code == 400 and ben.households.get() == family


class TestFamily:
    def test_an_adult_belongs_to_two_households(self, office: Any, family: Household, world: World) -> None:
        sent = {"verb": "adult", "name": "Gil Somebody", "email": "gil@home.example", "language": "ur"}
        office.post(page("household", family), sent)
        gil, other = Adult.objects.get(name="Gil Somebody"), world.pupil("Amara").households.get()
        assert gil.households.get() == family and gil.language == "ur"
        change = sent | {"verb": "change", "households": [str(family.pk)], "household": str(other.pk)}
        office.post(page("adult", gil), change)
        assert set(gil.households.all()) == {family, other}
        assert office.post(page("adult", gil), sent | {"verb": "change"}).status_code == 400
        office.post(page("adult", gil), sent | {"verb": "change", "households": [str(other.pk)]})
        assert gil.households.get() == other, "moved"

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"email": "nobody@"}, "email"),
            ({"email": "a@b.example\nBcc: c@d.example"}, "email"),
            ({"language": "klingon"}, "language"),
            ({"name": ""}, "name"),
        ],
    )
    def test_what_is_wrong_is_said(
        self, wrong: dict[str, str], field: str, office: Any, family: Household
    ) -> None:
        sent = {"verb": "adult", "name": "Gil", "email": "gil@home.example", "language": "en"} | wrong
        count = Adult.objects.count()
        answer = office.post(page("household", family), sent)
        shown = Page(answer)
        wrong_ones = [e for e in shown.every if e.get("aria-invalid") == "true" and e.get("name") == field]
        assert answer.status_code == 400 and len(wrong_ones) == 1 and Adult.objects.count() == count

    def test_nothing_goes_to_who_was_taken_off_the_list(
        self, office: Any, family: Household, world: World
    ) -> None:
        adult = family.adults.earliest("pk")
        office.post(page("adult", adult), {"verb": "leave"})
        assert adult not in adults_to_write_to(family, world.now.date())
        office.post(page("adult", adult), {"verb": "return"})
        assert adult in adults_to_write_to(family, world.now.date())

    def test_parents_apart_with_one_restricted(
        self, office: Any, ben: Pupil, family: Household, world: World, visits: Visits
    ) -> None:
        office.post(reverse("people-household-new"), {"verb": "add", "name": "The other flat"})
        flat = Household.objects.get(name="The other flat")
        sent = {"verb": "adult", "name": "Gil Apart", "email": "gil@home.example", "language": "en"}
        office.post(page("household", flat), sent)
        office.post(page("pupil", ben), typed(ben, household=str(flat.pk)))
        assert set(ben.households.all()) == {family, flat}
        theirs, his = visits.link_of(family), visits.link_of(flat)
        note_restriction(
            pupil=ben,
            household=flat,
            what="No contact, by order of the court",
            since=world.now.date(),
            until=world.now.date() + timedelta(days=30),
            by=world.staff["dsl"],
            now=world.now,
        )
        assert visits.browser().get(reverse("family", args=[his])).status_code == 403, "dead at once"
        assert visits.browser("192.0.2.1").get(reverse("family", args=[theirs])).status_code == 302
        shown = Page(office.get(page("household", flat)))
        assert "gets no link" in shown.words() and "Contact restriction" in shown.words()
        for name in ("people-link", "people-letter"):
            assert office.post(reverse(name, args=[flat.pk])).status_code == 409
            assert office.post(reverse(name, args=[family.pk])).status_code == 200
        world.now += timedelta(days=31)
        assert visits.browser("192.0.2.2").get(reverse("family", args=[his])).status_code == 302
