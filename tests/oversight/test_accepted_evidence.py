"""What only people can keep, in the report: accepted before, and what got out (P3, P4, R6, R7, S2, S3)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from circletime.audit.models import Row
from circletime.documents.models import Acceptance
from circletime.documents.rules.kinds import Kind
from circletime.meetings.actions import door, lifecycle
from circletime.meetings.models import Seat
from circletime.meetings.rules import Kind as MeetingKind
from circletime.oversight.actions import incidents
from circletime.oversight.evidence.figure import Verdict
from circletime.oversight.models import Leak
from circletime.people.models import Household
from tests.documents.papers import Papers
from tests.oversight.evidence import came_to, figure
from tests.web.visits import Visits
from tests.world import World

CHILDRENS, FAMILIES, HOSTS = ("P3", "P4"), ("R6", "R7"), ("S3",)
EVERY = (*CHILDRENS, *FAMILIES, *HOSTS)


@pytest.fixture
def papers(world: World) -> Papers:
    return Papers(world)


def met(world: World, *names: str, **plan: Any) -> None:
    """A meeting, to which these children of Oak came; it is over."""
    meeting, host = world.live(**plan)
    for name in names:
        world.come_in(meeting, host, name)
    lifecycle.end(by=host, now=world.later(minutes=5))
    world.later(minutes=30)


def stood_on(kind: str, key: str) -> list[int]:
    """What the log has of each coming, in order."""
    rows = Row.objects.filter(kind=kind).order_by("number").values_list("data", flat=True)
    return [
        int(part.split(":")[1].strip("}")) for row in rows for part in row.split(",") if f'"{key}"' in part
    ]


class TestStoodOn:
    def test_which_version_held_then(self, world: World, papers: Papers) -> None:
        home = papers.home("Amara")
        papers.accept(papers.publish(), household=home)
        met(world, "Amara")
        second = papers.publish(text="A second wording of the code of conduct, which asks for more.")
        papers.accept(second, household=home)
        met(world, "Amara")
        papers.publish(text="A third wording of the code of conduct, that nobody has accepted.")
        assert stood_on("meetings.door.knocked", "conduct") == [1, 2]
        for number in (*CHILDRENS, *FAMILIES):
            found = figure(world, number)
            assert came_to(found) == (2, 0) and found.verdict == Verdict.KEPT and found.people, number
        assert "2 of 2 times a child asked to join, the family had accepted" in figure(world, "P3").sentence
        Acceptance.objects.all().delete()
        assert came_to(figure(world, "P3")) == (2, 0), (
            "it is what held as they came, and not what holds today"
        )

    def test_a_correction_asks_nobody_again(self, world: World, papers: Papers) -> None:
        papers.accept(papers.publish(), household=papers.home("Amara"))
        papers.publish(text="The same code of conduct, with a word mended.", asks_again=False)
        met(world, "Amara")
        assert stood_on("meetings.door.knocked", "conduct") == [2] and came_to(figure(world, "P3")) == (1, 0)

    def test_who_came_without_having_accepted_shows(self, world: World, papers: Papers) -> None:
        version = papers.publish(gates=())
        papers.accept(version, household=papers.home("Amara"))
        met(world, "Amara", "Ben")
        for number in (*CHILDRENS, *FAMILIES):
            found = figure(world, number)
            assert came_to(found) == (2, 1) and "All but fewer than 5 of 2 times" in found.sentence, number

    def test_an_older_word_does_not_hold_for_a_newer_version(self, world: World, papers: Papers) -> None:
        papers.accept(papers.publish(gates=()), household=papers.home("Amara"))
        papers.publish(gates=(), text="A new wording of the code of conduct, which asks for more.")
        met(world, "Amara")
        assert came_to(figure(world, "R7")) == (1, 1)

    def test_without_a_published_code_nobody_stood_on_one(self, world: World, papers: Papers) -> None:
        papers.write()
        met(world, "Amara", "Ben")
        assert came_to(figure(world, "R6")) == (2, 2) and figure(world, "R6").exceptions == "fewer than 5"

    def test_a_childs_own_word_at_the_class_door_counts(self, world: World, papers: Papers) -> None:
        """Of two households nobody knows which it sits with."""
        amara = world.pupil("Amara")
        amara.households.add(Household.objects.create(name="Other"))
        papers.accept(papers.publish(), pupil=amara)
        met(world, "Amara")
        assert came_to(figure(world, "P4")) == (1, 0)

    def test_parents_stand_on_their_own(self, world: World, papers: Papers) -> None:
        home = papers.home("Ben")
        version = papers.publish(gates=())
        for accepts in (False, True):
            if accepts:
                papers.accept(version, household=home)
            meeting, host = world.live(kind=MeetingKind.PARENTS, household=home)
            adult = home.adults.earliest("pk")
            door.knock(
                meeting=meeting, person=door.Person(adult=adult), key="", grown_up=False, now=world.now
            )
            lifecycle.end(by=host, now=world.later(minutes=5))
            world.later(minutes=30)
        assert came_to(figure(world, "R6")) == came_to(figure(world, "R7")) == (2, 1)
        assert figure(world, "P3").verdict == Verdict.NOTHING, "no child came"

    def test_a_host_who_had_not_read_the_policy_shows(self, world: World, papers: Papers) -> None:
        version = papers.publish(Kind.VIDEO, gates=())
        met(world)
        papers.accept(version, user=world.teacher)
        met(world)
        assert stood_on("meetings.host.entered", "policy") == [0, 1]
        found = figure(world, "S3")
        assert came_to(found) == (2, 1) and not found.people
        assert "1 of 2 times a host went in, they had read the video policy that held then." in found.sentence

    def test_a_colleague_in_a_staff_meeting_is_no_family(self, world: World, papers: Papers) -> None:
        meeting, host = world.live(kind=MeetingKind.STAFF)
        door.knock(
            meeting=meeting,
            person=door.Person(user=world.staff["dsl"]),
            key="",
            grown_up=False,
            now=world.now,
        )
        lifecycle.end(by=host, now=world.later(minutes=5))
        assert not stood_on("meetings.door.knocked", "conduct")
        assert figure(world, "R6").verdict == Verdict.NOTHING and figure(world, "S3").of == 1

    def test_a_coming_of_which_the_log_has_nothing_shows(self, world: World, papers: Papers) -> None:
        papers.accept(papers.publish(), household=papers.home("Amara"))
        met(world, "Amara")
        Row.objects.filter(kind="meetings.door.knocked").delete()
        assert came_to(figure(world, "P3")) == (1, 1)

    def test_what_was_not_kept_then_is_not_counted(self, world: World, papers: Papers) -> None:
        met(world, "Amara")
        for row in Row.objects.filter(kind__in=("meetings.door.knocked", "meetings.host.entered")):
            row.data = row.data.replace('"conduct":0,', "").replace('"policy":0,', "")
            row.save()
        assert not stood_on("meetings.door.knocked", "conduct")
        for number in EVERY:
            found = figure(world, number)
            assert found.verdict == Verdict.NOTHING, number
            assert "of fewer than 5 earlier ones it was not kept yet" in found.sentence.lower(), number
        met(world, "Amara")
        assert figure(world, "P3").of == 1 and "fewer than 5 earlier" in figure(world, "P3").sentence


@pytest.fixture
def report(world: World) -> Any:
    """A teacher reports what got out."""

    def made(kind: str) -> None:
        what = {"what": "Seen by a parent", "happened_at": world.now}
        incidents.report(kind=kind, by=world.teacher, now=world.now, **what)  # type: ignore[arg-type]
        world.later(minutes=1)

    return made


class TestPictures:
    def test_one_that_got_out_stands_under_each(self, world: World, report: Any) -> None:
        met(world, "Amara")
        before = {number: figure(world, number) for number in ("P3", "R6", "S2", "S1", "P4", "R7", "S3")}
        assert "Staff reported no picture that got out." in before["P3"].sentence
        report("picture")
        for number in ("P3", "R6", "S2"):
            found = figure(world, number)
            assert (found.of, found.bad) == (before[number].of + 1, before[number].bad + 1), number
            assert "(a picture of a meeting got out): fewer than 5." in found.sentence
            assert found.items[-1].note == "nobody has it in hand yet" and "parent" not in str(found)
        for number in ("S1", "P4", "R7", "S3"):
            assert figure(world, number) == before[number], number

    def test_it_shows_though_nobody_met(self, world: World, report: Any) -> None:
        report("picture")
        for number in ("P3", "R6", "S2"):
            assert came_to(figure(world, number)) == (1, 1), number


class TestLinks:
    def alarm(self, world: World, **more: object) -> None:
        told: dict[str, object] = {"place": "class", "school_class": world.oak, "alarm": True}
        Leak.objects.create(
            network="facebook", sort="social", first_at=world.now, last_at=world.now, **told | more
        )
        world.later(minutes=1)

    def test_an_alarm_stands_under_each_it_may_be_of(self, world: World) -> None:
        self.alarm(world)
        for number in ("P4", "R7", "S3", "T11"):
            found = figure(world, number)
            assert came_to(found) == (1, 1), number
            assert "1 alarm said" in found.sentence and found.items[0].note == "nobody has answered it yet"
        self.alarm(world, place="link", school_class=None)
        assert figure(world, "P4").bad == figure(world, "R7").bad == 2
        assert figure(world, "S3").bad == 1, "a family's own link is in no teacher's hands"
        self.alarm(world, place="join", school_class=None, alarm=False)
        assert figure(world, "P4").bad == 2, "a softer notice is no alarm"
        assert figure(world, "P3").verdict == Verdict.NOTHING

    def test_what_staff_report_counts_as_well(self, world: World, report: Any) -> None:
        report("leak")
        for number in ("P4", "R7", "S3"):
            assert came_to(figure(world, number)) == (1, 1), number
            assert "(a link or a password got out): fewer than 5." in figure(world, number).sentence
        assert figure(world, "R6").verdict == Verdict.NOTHING

    def test_nothing_noticed_is_said(self, world: World, papers: Papers) -> None:
        met(world, "Amara")
        said = figure(world, "R7").sentence
        assert "No alarm said" in said and "Staff reported no link and no password that got out." in said


def test_single_meetings_are_shown_only_to_who_reads_registers(world: World, visits: Visits) -> None:
    met(world, "Amara")
    governor, leader = visits.by_role("governor"), visits.by_role("slt")
    for number in (*CHILDRENS, *FAMILIES):
        address = f"/report/clauses/{number}/?span=week"
        assert "Oak" not in governor.get(address).content.decode(), number
        assert "Oak" in leader.get(address).content.decode(), number
    assert Seat.objects.filter(role="pupil").exists()


@pytest.mark.parametrize("number", [*EVERY, "S2"])
def test_more_comings_are_no_more_questions(world: World, papers: Papers, number: str) -> None:
    papers.publish(gates=())
    asked = []
    for _ in range(3):
        met(world, "Amara", "Ben")
        with CaptureQueriesContext(connection) as queries:
            figure(world, number)
        asked.append(len(queries))
    assert asked[0] == asked[2] <= 8, asked
