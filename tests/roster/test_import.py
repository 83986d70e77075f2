"""What an import makes of a school, and what it leaves alone the next time."""

import pytest

from circletime.audit.models import Row
from circletime.core.errors import Refused
from circletime.people.models import (
    Adult,
    FamilyLink,
    Group,
    Household,
    Pupil,
    RoleGrant,
    RosterBefore,
    RosterImport,
    RosterSaid,
    SchoolClass,
    User,
)
from circletime.people.queries import adults_of
from circletime.people.roster.undo import undo
from circletime.people.rules import Role
from tests.roster.conftest import NOW, Bring
from tests.roster.exports import School, enrol, manifest, user
from tests.world import family_link

pytestmark = pytest.mark.django_db


def child(key: str) -> Pupil:
    return Pupil.objects.get(source_id=key)


def home(key: str) -> Household:
    return child(key).households.get()


def names(household: Household) -> list[str]:
    return sorted(household.adults.filter(left_at=None).values_list("name", flat=True))


def test_it_makes_the_school(bring: Bring, school: School) -> None:
    plan = bring(school)
    assert plan.counts == {"added": 12, "changed": 0, "unchanged": 0, "leaving": 0, "refused": 0}
    oak, elm = SchoolClass.objects.get(name="Oak"), SchoolClass.objects.get(name="Year 3 Elm")
    assert (oak.year, elm.year, SchoolClass.objects.count()) == (1, 3, 2)
    assert sorted(oak.pupil_set.values_list("source_id", flat=True)) == ["p1", "p4", "p5"]
    assert home("p1") == home("p2") and names(home("p1")) == ["Ada Osei", "Kwame Osei"]
    assert names(home("p3")) == ["Gita Vasko"]
    assert home("p4") != home("p5") and names(home("p4")) == []
    assert sorted(child(key).label for key in ("p4", "p5")) == ["Olivia (moon)", "Olivia (sun)"]


def test_staff_get_accounts_without_a_password_and_no_head_is_made(bring: Bring, school: School) -> None:
    bring(school)
    teacher, aide = User.objects.get(source_id="t1"), User.objects.get(source_id="t2")
    assert teacher.email == "ines.fennick@larkfield.example" and not teacher.has_usable_password()
    assert teacher.roles == {Role.TEACHER} and aide.roles == {Role.SUPPORT}
    assert [each.name for each in teacher.classes.all()] == ["Oak"]
    assert not User.objects.filter(email="head@larkfield.example").exists()
    assert User.objects.count() == 2


def test_no_password_and_no_telephone_number_is_kept(bring: Bring, school: School) -> None:
    school.extra["demographics.csv"] = "sourcedId,birthDate,sex\np1,2019-02-03,female\n"
    plan = bring(school)
    everything = repr([list(model.objects.values()) for model in (
        Pupil, Adult, User, RosterSaid, RosterBefore, RosterImport, Row)]) + repr(plan)  # fmt: skip
    for secret in ("S3cret-pass", "07000", "2019-02-03", "female"):
        assert secret not in everything


def test_the_same_again_changes_nothing(bring: Bring, school: School) -> None:
    bring(school)
    before = [list(model.objects.order_by("pk").values()) for model in (Pupil, Adult, User, SchoolClass)]
    plan = bring(school)
    assert (plan.counts["unchanged"], plan.counts["added"], plan.counts["changed"]) == (12, 0, 0)
    assert before == [list(m.objects.order_by("pk").values()) for m in (Pupil, Adult, User, SchoolClass)]


def test_what_a_clerk_changed_stays_until_the_system_changes_it(bring: Bring, school: School) -> None:
    bring(school)
    ada = Adult.objects.get(source_id="g1")
    ada.name, ada.email, ada.language = "Adaeze Osei", "new@home.example", "ur"
    ada.save()
    apart = Household.objects.create(name="Kwame")
    old = home("p1")
    kwame = Adult.objects.get(source_id="g2")
    kwame.households.set([apart])
    for key in ("p1", "p2"):
        child(key).households.add(apart)
    school.user("g1")["email"] = "third@home.example"
    plan = bring(school)
    ada.refresh_from_db()
    assert (ada.name, ada.email, ada.language) == ("Adaeze Osei", "third@home.example", "ur")
    assert set(child("p1").households.all()) == {old, apart} and names(apart) == ["Kwame Osei"]
    changed = [each for each in plan.rows if each.verb == "changed"]
    assert [(c.source_id, c.details) for c in changed] == [
        ("g1", [["E-mail", "new@home.example", "third@home.example"]])
    ]


def test_a_leaver_and_their_family_and_who_comes_back(bring: Bring, school: School) -> None:
    bring(school)
    token = family_link(home("p3"), NOW)
    assert token
    bring(School().without("p3", "g3"))
    assert child("p3").left_at and Adult.objects.get(source_id="g3").left_at
    assert FamilyLink.objects.get().burned_at
    assert [each.name for each in adults_of(child("p3"))] == ["Gita Vasko"]
    assert SchoolClass.objects.filter(name="Oak", closed_at=None).exists()
    bring(School())
    assert child("p3").left_at is None and Adult.objects.get(source_id="g3").left_at is None


def test_an_adult_who_is_taken_off_a_child_may_not_use_the_link_any_more(
    bring: Bring, school: School
) -> None:
    bring(school)
    family_link(home("p1"), NOW)
    bring(School().without("g2"))
    assert names(home("p1")) == ["Ada Osei"] and home("p1") == home("p2")
    assert FamilyLink.objects.get().burned_at


def test_children_whose_adults_part_get_two_households(bring: Bring, school: School) -> None:
    bring(school)
    first = home("p1")
    school.user("p2")["agentSourcedIds"] = "g1"
    bring(school)
    assert home("p1") == first and names(home("p2")) == ["Ada Osei"] and home("p2") != first


def test_a_class_closes_when_it_is_gone_and_its_name_is_free(bring: Bring, school: School) -> None:
    bring(school)
    for row in school.classes:
        row["sourcedId"] = row["sourcedId"].replace("c", "new")
    for row in school.enrollments:
        row["classSourcedId"] = row["classSourcedId"].replace("c", "new")
    plan = bring(school)
    assert plan.leaving == 0
    assert SchoolClass.objects.filter(closed_at=None).count() == 2
    assert SchoolClass.objects.get(source_id="c1").closed_at
    assert child("p1").school_class.source_id == "new1"


def test_many_leavers_have_to_be_confirmed(bring: Bring, school: School) -> None:
    for number in range(20):
        school.users.append(user(f"x{number}", "student", f"Kid{number}", "Vasko"))
        school.enrollments.append(enrol("c2", f"x{number}"))
    bring(school)
    with pytest.raises(Refused, match="20 of 25 children would leave"):
        bring(School(), confirmed=False)
    assert Pupil.objects.filter(left_at=None).count() == 25
    bring(School())
    assert Pupil.objects.filter(left_at=None).count() == 5


def test_a_child_whose_row_is_odd_has_not_left(bring: Bring, school: School) -> None:
    bring(school)
    school.user("p3")["givenName"] = ""
    plan = bring(school)
    assert plan.counts["refused"] == 1 and child("p3").left_at is None


def test_two_children_exchange_classes_and_marks_stay(bring: Bring, school: School) -> None:
    bring(school)
    marks = {key: child(key).mark for key in ("p4", "p5")}
    school.users.append(user("p6", "student", "Olivia", "Zielak"))
    school.enrollments.append(enrol("c1", "p6"))
    bring(school)
    assert marks == {key: child(key).mark for key in ("p4", "p5")}
    assert child("p6").mark not in ("", *marks.values())


def test_people_made_by_hand_are_found_and_not_made_twice(bring: Bring, school: School) -> None:
    oak = SchoolClass.objects.create(name="OAK", year=1)
    ada = Adult.objects.create(name="Mum", email="ada@home.example", language="pl")
    house = Household.objects.create(name="Osei")
    ada.households.add(house)
    amara = Pupil.objects.create(school_class=oak, first_name="Amara", last_name="Osei")
    amara.households.add(house)
    other = Pupil.objects.create(school_class=oak, first_name="Zed", last_name="Byhand")
    office = User.objects.create_user(email="tom@larkfield.example", password="x", name="Tommy")
    RoleGrant.objects.create(user=office, role=Role.OFFICE)
    bring(school)
    amara.refresh_from_db()
    assert amara.source_id == "p1" and amara.households.get() == house
    assert Adult.objects.get(source_id="g1").pk == ada.pk
    ada.refresh_from_db()
    assert (ada.name, ada.language) == ("Mum", "pl")
    office.refresh_from_db()
    assert (office.source_id, office.name, office.has_usable_password()) == ("t2", "Tommy", True)
    bring(School().without("t2"))
    other.refresh_from_db()
    assert other.left_at is None
    assert User.objects.get(pk=office.pk).is_active, "the office's own account is closed by people alone"


def test_an_account_made_by_hand_gets_the_classes_of_its_export(bring: Bring, school: School) -> None:
    teacher = User.objects.create(email="ines.fennick@larkfield.example", name="Mrs Fennick")
    own = SchoolClass.objects.create(name="Ash", year=2)
    own.staff.add(teacher)
    bring(school)
    teacher.refresh_from_db()
    assert (teacher.source_id, teacher.name) == ("t1", "Mrs Fennick")
    assert sorted(each.name for each in teacher.classes.all()) == ["Ash", "Oak"]


def test_a_teacher_who_left_cannot_sign_in(bring: Bring, school: School) -> None:
    bring(school)
    bring(School().without("t1"))
    assert not User.objects.get(source_id="t1").is_active


class TestDelta:
    """Only what changed."""

    @pytest.fixture
    def delta(self, bring: Bring, school: School) -> School:
        bring(school)
        part = School()
        part.users, part.classes, part.enrollments = [], [], []
        part.extra = {"manifest.csv": manifest(how="delta")}
        return part

    def test_nobody_leaves_for_not_being_there(self, bring: Bring, delta: School) -> None:
        delta.users = [user("p3", "student", "Benjamin", "Vasko", status="active")]
        plan = bring(delta)
        assert plan.counts == {"added": 0, "changed": 1, "unchanged": 0, "leaving": 0, "refused": 0}
        assert child("p3").first_name == "Benjamin" and names(home("p3")) == ["Gita Vasko"]

    def test_to_be_deleted_leaves(self, bring: Bring, delta: School) -> None:
        delta.users = [user("p1", "student", "Amara", "Osei", status="tobedeleted")]
        bring(delta)
        assert child("p1").left_at and child("p2").left_at is None

    def test_a_child_changes_class_by_an_enrolment_alone(self, bring: Bring, delta: School) -> None:
        delta.enrollments = [enrol("c2", "p1", status="active"), enrol("c1", "p1", status="tobedeleted")]
        bring(delta)
        assert child("p1").school_class.source_id == "c2"
        assert names(home("p1")) == ["Ada Osei", "Kwame Osei"]


class TestUndo:
    def last(self) -> RosterImport:
        return RosterImport.objects.latest("pk")

    def everything(self) -> list[object]:
        models = (SchoolClass, User, RoleGrant, Adult, Household, Pupil, RosterSaid, FamilyLink)
        through = (Pupil.households.through, Adult.households.through, SchoolClass.staff.through)
        return [sorted(map(repr, m.objects.values())) for m in models] + [
            sorted(tuple(v for k, v in row.items() if k != "id") for row in m.objects.values())
            for m in through
        ]

    def test_the_first_import_leaves_nothing_behind(self, bring: Bring, school: School) -> None:
        bring(school)
        undo(of=self.last(), by="test", now=NOW)
        assert not Pupil.objects.exists() and not Adult.objects.exists() and not User.objects.exists()
        assert not Household.objects.exists() and not RosterSaid.objects.exists()

    def test_a_later_one_puts_everything_back(self, bring: Bring, school: School) -> None:
        bring(school)
        family_link(home("p3"), NOW)
        before = self.everything()
        changed = School().without("p3", "g3", "t2", "g2")
        changed.user("p1")["givenName"] = "Amarachi"
        changed.users.append(user("p9", "student", "Olivia", "Zielak"))
        changed.enrollments.append(enrol("c1", "p9"))
        bring(changed)
        assert self.everything() != before
        undo(of=self.last(), by="test", now=NOW)
        assert self.everything() == before

    def test_what_was_used_since_is_not_taken_away(self, bring: Bring, school: School) -> None:
        bring(school)
        group = Group.objects.create(school_class=SchoolClass.objects.get(name="Oak"), name="Readers")
        group.pupils.add(child("p1"))
        with pytest.raises(Refused, match="cannot be taken back"):
            undo(of=self.last(), by="test", now=NOW)
        assert Pupil.objects.count() == 5

    def test_a_change_by_hand_contradicts(self, bring: Bring, school: School) -> None:
        bring(school)
        school.user("g1")["email"] = "third@home.example"
        bring(school)
        Adult.objects.filter(source_id="g1").update(email="hand@home.example")
        with pytest.raises(Refused, match="an adult"):
            undo(of=self.last(), by="test", now=NOW)

    def test_only_the_last(self, bring: Bring, school: School) -> None:
        bring(school)
        first = self.last()
        bring(school)
        with pytest.raises(Refused, match="Only the last"):
            undo(of=first, by="test", now=NOW)


def test_the_log_counts_and_names_nobody(bring: Bring, school: School) -> None:
    bring(school)
    row = Row.objects.get(kind="people.roster.imported")
    assert '"added":12' in row.data.replace(" ", "") and row.subject.startswith("roster:")
    for name in ("Amara", "Osei", "@", "p1"):
        assert name not in row.data
