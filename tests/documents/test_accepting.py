"""Accepting: who may say it, of which version, and what it is good for (C4, R1)."""

import pytest

from circletime.audit.queries import list_kinds, verify
from circletime.core.errors import NotAllowed, Refused
from circletime.documents.actions.accept import accept, accept_at_door, note_paper
from circletime.documents.models import Acceptance, Version
from circletime.documents.queries import (
    can_pass,
    conduct_due,
    due_of,
    missing_at_door,
    missing_for_user,
)
from circletime.documents.rules.kinds import Audience, Gate, Kind, Way
from circletime.people.models import Adult, Household, RoleGrant
from circletime.people.rules import Role
from tests.documents.papers import Papers
from tests.world import World


def test_an_old_version_replayed_is_refused_and_lets_nobody_in(world: World, papers: Papers) -> None:
    old = papers.publish()
    new = papers.publish(text="Another wording of it, long enough to be read as a document.")
    home = papers.home("Amara")
    with pytest.raises(Refused) as refusal:
        papers.accept(old, household=home)
    assert refusal.value.code == "newer"
    assert missing_at_door(pupil=world.pupil("Amara")) == [new]
    assert not Acceptance.objects.exists()


def test_a_draft_cannot_be_accepted(papers: Papers) -> None:
    with pytest.raises(Refused):
        papers.accept(papers.write(), household=papers.home("Amara"))


def test_another_familys_word_opens_nothing(world: World, papers: Papers) -> None:
    papers.accept(papers.publish(), household=papers.home("Amara"))
    assert missing_at_door(pupil=world.pupil("Amara")) == []
    assert missing_at_door(pupil=world.pupil("Ben")) != []
    assert missing_at_door(household=papers.home("Ben")) != []


def test_a_new_version_makes_the_old_word_stale_and_a_correction_does_not(
    world: World, papers: Papers
) -> None:
    home, amara = papers.home("Amara"), world.pupil("Amara")
    papers.accept(papers.publish(), household=home)
    small = papers.publish(text="We listen to one another, and one of us speaks at a time.", asks_again=False)
    assert small.number == 2 and small.base == 1 and small.corrects
    assert conduct_due(home, world.now) == [] == missing_at_door(pupil=amara)
    again = papers.publish(text="We listen to each other, one speaks, and nobody takes pictures of it.")
    assert conduct_due(home, world.now) == [again] == missing_at_door(pupil=amara)
    after = papers.publish(
        text="We listen to each other; one speaks; nobody takes pictures of it.", asks_again=False
    )
    assert after.base == 3 and missing_at_door(pupil=amara) == [after]
    papers.accept(after, household=home)
    assert missing_at_door(pupil=amara) == []


def test_saying_it_twice_is_kept_once(world: World, papers: Papers) -> None:
    version, home = papers.publish(), papers.home("Amara")
    first = papers.accept(version, household=home)
    world.later(hours=1)
    again = papers.accept(version, household=home, way=Way.DOOR)
    assert again.pk == first.pk and again.at < world.now
    assert list_kinds(Kind.CONDUCT.subject).count("documents.version.accepted") == 1
    assert verify()[1] is None


def test_two_adults_of_a_family_each_have_their_own(papers: Papers) -> None:
    version, home = papers.publish(), papers.home("Amara")
    home.adults.create(name="Ines Somebody")
    for adult in Adult.objects.filter(households=home):
        papers.accept(version, adult=adult, way=Way.LINK)
    papers.accept(version, household=home, way=Way.DOOR)
    said = Acceptance.objects.filter(household=home)
    assert said.count() == Adult.objects.filter(households=home).count() + 1


def test_who_lost_every_role_says_nothing_any_more(world: World, papers: Papers) -> None:
    version = papers.publish(Kind.VIDEO)
    RoleGrant.objects.filter(user=world.teacher).delete()
    with pytest.raises(NotAllowed):
        papers.accept(version, user=type(world.teacher).objects.get(pk=world.teacher.pk))


def test_a_child_of_two_households_at_the_class_door(world: World, papers: Papers) -> None:
    """Nobody knows which home it sits in, so neither is said to have accepted; the child may join."""
    version, amara = papers.publish(), world.pupil("Amara")
    other = Household.objects.create(name="Somebody else")
    amara.households.add(other)
    accept_at_door(versions=[version], pupil=amara, household=None, way=Way.DOOR, now=world.now)
    assert missing_at_door(pupil=amara) == []
    for home in amara.households.all():
        assert missing_at_door(household=home) == [version] == conduct_due(home, world.now)


def test_paper_is_noted_by_who_looks_after_documents_and_says_so(world: World, papers: Papers) -> None:
    version, home = papers.publish(), papers.home("Amara")
    for who in ("teacher", "slt", "governor", "support"):
        with pytest.raises(NotAllowed):
            note_paper(version=version, households=[home], by=world.staff[who], now=world.now)
    assert note_paper(version=version, households=[home], by=papers.office, now=world.now) == 1
    assert note_paper(version=version, households=[home], by=papers.office, now=world.now) == 0
    said = Acceptance.objects.get()
    assert (said.way, said.noted_by) == (Way.PAPER, papers.office)


def test_a_governor_who_teaches_is_asked_once_as_both(world: World, papers: Papers) -> None:
    version = papers.publish(Kind.VIDEO)
    governor = world.staff["governor"]
    RoleGrant.objects.create(user=governor, role=Role.TEACHER)
    both = type(governor).objects.get(pk=governor.pk)
    assert due_of(both) == [version]
    papers.accept(version, user=both)
    assert due_of(both) == [] and can_pass(both, Gate.HOSTING)


def test_a_governor_who_is_also_a_parent_says_each_for_themselves(world: World, papers: Papers) -> None:
    version = papers.publish(of=(Audience.GOVERNORS, Audience.HOUSEHOLDS), gates=(Gate.JOINING,))
    governor, home = world.staff["governor"], papers.home("Amara")
    home.adults.create(name=governor.name, email=governor.email)
    papers.accept(version, user=governor)
    assert due_of(governor) == [] and conduct_due(home, world.now) == [version]


def test_only_whom_it_is_for_is_asked(world: World, papers: Papers) -> None:
    papers.publish(Kind.VIDEO)
    papers.publish(Kind.CONDUCT)
    assert [v.kind for v in due_of(world.teacher)] == [Kind.VIDEO]
    assert [v.kind for v in missing_for_user(world.teacher, Gate.HOSTING)] == [Kind.VIDEO]
    assert missing_for_user(world.teacher, Gate.JOINING) == []
    assert [v.kind for v in due_of(world.staff["governor"])] == [Kind.VIDEO]
    assert [v.kind for v in conduct_due(papers.home("Amara"), world.now)] == [Kind.CONDUCT]


def test_a_family_accepts_nothing_that_is_not_for_families(papers: Papers) -> None:
    with pytest.raises(Refused):
        papers.accept(papers.publish(Kind.VIDEO), household=papers.home("Amara"))


@pytest.mark.parametrize("who", [{}, {"user": 1, "household": 1}, {"household": 1, "pupil": 1}])
def test_an_acceptance_is_somebodys(world: World, papers: Papers, who: dict[str, int]) -> None:
    version = papers.publish(of=(Audience.HOUSEHOLDS, Audience.STAFF))
    amara = world.pupil("Amara")
    real = {"user": world.teacher, "household": papers.home("Amara"), "pupil": amara}
    with pytest.raises(ValueError, match="one of"):
        accept(version=version, way=Way.PAGE, now=world.now, **{name: real[name] for name in who})  # type: ignore[arg-type]


def test_no_name_and_no_address_stands_in_the_log(world: World, papers: Papers) -> None:
    from circletime.audit.queries import entries

    papers.accept(papers.publish(), household=papers.home("Amara"))
    told = " ".join(f"{e.by} {e.subject} {e.data}" for e in entries() if e.kind.startswith("documents."))
    assert papers.home("Amara").name not in told and "@" not in told
    assert Version.objects.get().digest in told
