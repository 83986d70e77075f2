"""What the report says of what families were told: whoever was left out shows (T4, T11, T12, R2, R4, R5)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from circletime.audit.models import Row
from circletime.dispatch.actions import sending
from circletime.dispatch.actions.workplace import set_work_address
from circletime.dispatch.models import Delivery, Notice, WorkPlace
from circletime.meetings.actions import lifecycle
from circletime.meetings.actions.schedule import move, plan_next
from circletime.meetings.families import tell_newcomers
from circletime.meetings.models import Meeting, Seat
from circletime.meetings.rules import Kind, Purpose
from circletime.notices.models import Letter
from circletime.oversight.evidence.figure import Verdict, span_words
from circletime.oversight.models import Leak
from circletime.oversight.rehearsal.meeting import post
from circletime.people.actions import burn_family_link, note_restriction
from circletime.people.models import FamilyLink, Household, Pupil, SchoolClass
from tests.dispatch.conftest import family, notice, only, plan, rows
from tests.oversight.evidence import came_to, figure, held, opened
from tests.world import World, family_link

OFFICE = "office"


@pytest.fixture
def two(world: World) -> tuple[Household, Household]:
    """Oak is Amara and Ben, each with a family of one adult."""
    amara, ben = only(world, "Amara", "Ben")
    return family(amara, Ada="ada@home.example"), family(ben, name="Other", Bruno="bruno@home.example")


def unlucky(home: Household) -> None:
    """The letter to this household failed."""
    Letter.objects.filter(pk__in=Delivery.objects.filter(household=home).values("letter")).update(
        state="failed", sent_at=None
    )


class TestToldOfEachMeeting:
    def test_everybody_was(self, world: World, two: tuple[Household, Household]) -> None:
        held(world, opened(world))
        found = figure(world, "R2")
        assert came_to(found) == (1, 0) and found.verdict == Verdict.KEPT
        assert found.sentence.startswith("1 of 1 meetings with families: every family was told before it")

    def test_a_family_that_was_not_shows(self, world: World, two: tuple[Household, Household]) -> None:
        held(world, opened(world))
        unlucky(two[0])
        found = figure(world, "R2")
        assert came_to(found) == (1, 1)
        assert found.items[0].note == "fewer than 5 of its families were not told"

    def test_one_that_waits_for_the_office_shows_until_it_is_ticked(self, world: World) -> None:
        (amara,) = only(world, "Amara")
        family(amara)
        meeting = held(world, opened(world))
        assert came_to(figure(world, "R2")) == (1, 1)
        Delivery.objects.update(told_how="paper", told_by=world.staff[OFFICE], told_at=meeting.starts_at)
        assert came_to(figure(world, "R2")) == (1, 0)

    def test_who_was_told_only_after_it_began_shows(
        self, world: World, two: tuple[Household, Household]
    ) -> None:
        meeting = held(world, opened(world))
        Letter.objects.update(sent_at=meeting.starts_at + timedelta(minutes=1))
        found = figure(world, "R2")
        assert came_to(found) == (1, 1) and "only after it had begun" in found.items[0].note

    def test_a_child_whose_family_nobody_wrote_down_shows(
        self, world: World, two: tuple[Household, Household]
    ) -> None:
        world.pupil("Ben").households.clear()
        held(world, opened(world))
        assert came_to(figure(world, "R2")) == (1, 1)

    @pytest.mark.parametrize("kind", [Kind.CLASS, Kind.PARENTS])
    def test_a_meeting_of_which_nobody_was_told_at_all_shows(
        self, world: World, two: tuple[Household, Household], kind: Kind
    ) -> None:
        more = {"household": two[0], "purpose": Purpose.FAMILY} if kind == Kind.PARENTS else {}
        held(world, opened(world, kind=kind, **more))
        assert came_to(figure(world, "R2")) == (1, 0)
        Notice.objects.all().delete()
        assert came_to(figure(world, "R2")) == (1, 1)

    def test_who_was_told_of_the_old_time_only_shows(
        self, world: World, two: tuple[Household, Household]
    ) -> None:
        meeting = plan(world)
        post(meeting, world.later(hours=1))
        move(
            meeting=meeting, starts_at=meeting.starts_at + timedelta(hours=1), minutes=20, by=world.teacher,
            now=world.now,
        )  # fmt: skip
        meeting = held(world, world.fresh(meeting))
        world.now = meeting.starts_at
        assert came_to(figure(world, "R2")) == (1, 1)
        post(meeting, world.now - timedelta(minutes=1))
        assert came_to(figure(world, "R2")) == (1, 0)

    def test_whom_nobody_may_write_to_is_not_missed(
        self, world: World, two: tuple[Household, Household]
    ) -> None:
        note_restriction(
            pupil=world.pupil("Ben"),
            household=two[1],
            what="An order",
            since=world.now.date(),
            by=world.staff["dsl"],
            now=world.now,
        )
        held(world, opened(world))
        assert came_to(figure(world, "R2")) == (1, 0) and figure(world, "T4").of == 1

    def test_a_letter_sent_once_more_later_changes_nothing(
        self, world: World, two: tuple[Household, Household]
    ) -> None:
        meeting = opened(world)
        by = world.staff[OFFICE]
        sending.send_all_again(notice=notice(), seen=0, by=by, now=world.now)
        held(world, meeting)
        assert came_to(figure(world, "R2")) == (1, 0), "the first copy came in time, the second waits"
        post(meeting, world.later(minutes=5))
        assert came_to(figure(world, "R2")) == (1, 0)
        sending.came_back(delivery=rows()[0], by=by, now=world.now)
        assert came_to(figure(world, "R2")) == (1, 1), "it came back: the family was not told"

    def test_staff_are_no_family(self, world: World) -> None:
        held(world, world.plan(kind=Kind.STAFF))
        for number in ("T4", "R2", "R5"):
            assert figure(world, number).verdict == Verdict.NOTHING


class TestTheOfficesList:
    def test_by_which_way(self, world: World, two: tuple[Household, Household]) -> None:
        family(
            Pupil.objects.create(school_class=world.oak, first_name="Third", last_name="Child"), name="Third"
        )
        meeting = opened(world)
        held(world, meeting)
        unlucky(two[0])
        found = figure(world, "T4")
        assert came_to(found) == (3, 2) and found.people
        assert "by e-mail fewer than 5; fewer than 5 were not reached" in found.sentence
        assert "Fewer than 5 letters failed." in found.sentence
        by, now = world.staff[OFFICE], world.now
        idle = [row.public_id for row in rows() if row.letter is None]
        sending.tick_told(deliveries=idle, notice=notice(), how="paper", by=by, now=now)
        sending.hand_out_links(notice=notice(), by=by, now=now)
        assert "on paper fewer than 5" in figure(world, "T4").sentence
        sending.tick_pinged(notice=notice(), by=by, now=now)
        found = figure(world, "T4")
        assert came_to(found) == (3, 0) and "by SchoolPing fewer than 5" in found.sentence
        assert "took links out to print or send otherwise 1 times" in found.sentence


class TestTeaching:
    @pytest.fixture
    def meeting(self, world: World, two: tuple[Household, Household]) -> Meeting:
        return opened(world, purpose=Purpose.TEACHING)

    def test_it_opened_when_all_were_told(self, world: World, meeting: Meeting) -> None:
        world.knock(meeting, "Amara")
        held(world, meeting)
        found = figure(world, "R5")
        assert came_to(found) == (1, 0) and found.sentence.startswith("1 of 1 teaching meetings")

    @pytest.mark.parametrize("late", [True, False])
    def test_a_child_that_came_before_all_were_told_shows(
        self, world: World, meeting: Meeting, two: tuple[Household, Household], late: bool
    ) -> None:
        world.knock(meeting, "Amara")
        if late:
            Letter.objects.filter(to="bruno@home.example").update(sent_at=world.now + timedelta(seconds=1))
        else:
            unlucky(two[1])
        held(world, meeting)
        found = figure(world, "R5")
        assert came_to(found) == (1, 1) and "it opened while fewer than 5" in found.items[0].note

    def test_one_that_stayed_shut_is_told_of_and_no_breach(
        self, world: World, meeting: Meeting, two: tuple[Household, Household]
    ) -> None:
        unlucky(two[1])
        held(world, meeting)
        assert not Seat.objects.exists()
        found = figure(world, "R5")
        assert came_to(found) == (1, 0) and "1 stayed shut" in found.sentence

    def test_a_copy_sent_while_it_runs_is_no_breach(self, world: World, meeting: Meeting) -> None:
        world.knock(meeting, "Amara")
        sending.send_all_again(notice=notice(), seen=0, by=world.staff[OFFICE], now=world.now)
        post(meeting, world.later(minutes=1))
        held(world, meeting)
        assert came_to(figure(world, "R5")) == (1, 0)


class TestWhereWorkGoesOn:
    @pytest.fixture
    def address(self, world: World) -> Callable[[], None]:
        def written_down() -> None:
            told = {"school_class": world.oak, "address": "https://work.example/oak"}
            set_work_address(by=world.staff[OFFICE], now=world.now, **told)

        return written_down

    def test_what_families_were_sent_named_it(self, world: World, address: Callable[[], None]) -> None:
        address()
        held(world, opened(world))
        held(world, opened(world, purpose=Purpose.TEACHING))
        found = figure(world, "R4")
        assert came_to(found) == (2, 0) and found.verdict == Verdict.KEPT
        assert "1 meetings were social or for well-being, 1 for teaching." in found.sentence
        assert "Today 1 of 2 classes have such an address." in found.sentence
        SchoolClass.objects.exclude(pk=world.oak.pk).update(closed_at=world.now)
        assert "Today 1 of 1 classes" in figure(world, "R4").sentence

    def test_letters_written_before_it_was_known_show(
        self, world: World, two: tuple[Household, Household], address: Callable[[], None]
    ) -> None:
        meeting = opened(world)
        address()
        held(world, meeting)
        found = figure(world, "R4")
        assert came_to(found) == (1, 1)
        assert found.items[0].note == "what families were sent named no address of the class's work"
        WorkPlace.objects.all().delete()
        assert figure(world, "R4").bad == 1

    def test_it_is_counted_as_it_was_sent_and_not_as_it_stands_today(
        self, world: World, address: Callable[[], None]
    ) -> None:
        address()
        held(world, opened(world))
        WorkPlace.objects.all().delete()
        assert came_to(figure(world, "R4")) == (1, 0)

    def test_sent_to_all_again_with_it_is_kept(
        self, world: World, two: tuple[Household, Household], address: Callable[[], None]
    ) -> None:
        meeting = opened(world)
        address()
        sending.send_all_again(notice=notice(), seen=0, by=world.staff[OFFICE], now=world.now)
        held(world, meeting)
        assert came_to(figure(world, "R4")) == (1, 0)

    def test_a_family_that_came_later_does_not_make_up_for_the_others(
        self, world: World, two: tuple[Household, Household], address: Callable[[], None]
    ) -> None:
        meeting = plan(world)
        address()
        new = Pupil.objects.create(school_class=world.oak, first_name="Third", last_name="Child")
        family(new, name="Third", Celia="celia@home.example")
        assert tell_newcomers(meeting, by="test", now=world.now) == 1
        world.now = meeting.starts_at
        held(world, meeting)
        assert came_to(figure(world, "R4")) == (1, 1)

    def test_the_letter_of_the_new_time_counts(self, world: World, address: Callable[[], None]) -> None:
        meeting = plan(world)
        address()
        starts_at = meeting.starts_at + timedelta(hours=1)
        move(meeting=meeting, starts_at=starts_at, minutes=20, by=world.teacher, now=world.now)
        meeting = world.fresh(meeting)
        world.now = meeting.starts_at
        held(world, meeting)
        assert came_to(figure(world, "R4")) == (1, 0)

    def test_what_was_written_before_it_was_kept_is_not_counted(self, world: World) -> None:
        held(world, opened(world))
        row = Row.objects.get(kind="dispatch.notice.told")
        row.data = row.data.replace(',"work":false', "")
        row.save()
        assert "work" not in row.data
        assert figure(world, "R4").verdict == Verdict.NOTHING
        held(world, opened(world))
        found = figure(world, "R4")
        assert came_to(found) == (1, 1) and "Of 1 earlier ones it was not kept yet." in found.sentence

    def test_a_meeting_of_which_nobody_was_told_shows(
        self, world: World, address: Callable[[], None]
    ) -> None:
        address()
        held(world, opened(world))
        Row.objects.filter(kind="dispatch.notice.told").delete()
        assert came_to(figure(world, "R4")) == (1, 1)

    def test_only_meetings_of_children(
        self, world: World, two: tuple[Household, Household], address: Callable[[], None]
    ) -> None:
        held(world, opened(world, kind=Kind.PARENTS, household=two[0], purpose=Purpose.FAMILY))
        held(world, world.plan(kind=Kind.STAFF))
        assert figure(world, "R4").verdict == Verdict.NOTHING


class TestBrokenOff:
    @pytest.fixture
    def off(self, world: World, two: tuple[Household, Household]) -> Callable[[], Meeting]:
        def break_off() -> Meeting:
            meeting, host = world.live()
            lifecycle.abort(by=host, reason="Internet failure", now=world.later(minutes=3))
            return world.fresh(meeting)

        return break_off

    def test_told_why_and_of_the_next_one(self, world: World, off: Callable[[], Meeting]) -> None:
        plan(world, hours=48)
        meeting = off()
        assert figure(world, "T12").bad == 1, "the letters wait"
        post(meeting, world.now)
        found = figure(world, "T12")
        assert came_to(found) == (1, 0)
        assert "every family was told why of 1, and when the next one is of 1" in found.sentence

    def test_a_family_that_was_not_told_shows(
        self, world: World, two: tuple[Household, Household], off: Callable[[], Meeting]
    ) -> None:
        plan(world, hours=48)
        post(off(), world.now)
        unlucky(two[1])
        found = figure(world, "T12")
        assert (
            came_to(found) == (1, 1) and found.items[0].note == "fewer than 5 of its families were not told"
        )

    def test_without_a_next_one_it_shows_until_one_is_planned(
        self, world: World, off: Callable[[], Meeting]
    ) -> None:
        meeting = off()
        post(meeting, world.now)
        found = figure(world, "T12")
        assert came_to(found) == (1, 1) and found.items[0].note == "families were told of no next one"
        plan(world, hours=30)
        assert figure(world, "T12").bad == 1, "another meeting is not the next one"
        Meeting.objects.filter(state="scheduled").delete()
        plan_next(meeting=meeting, by=world.teacher, now=world.now)
        assert came_to(figure(world, "T12")) == (1, 0)

    def test_without_a_reason_it_shows(self, world: World, off: Callable[[], Meeting]) -> None:
        plan(world, hours=48)
        meeting = off()
        post(meeting, world.now)
        Meeting.objects.filter(pk=meeting.pk).update(end_reason=" ")
        found = figure(world, "T12")
        assert came_to(found) == (1, 1) and found.items[0].note == "no reason was kept"


class TestLinks:
    def alarm(self, world: World, **more: object) -> Leak:
        told: dict[str, object] = {"place": "class", "school_class": world.oak, "alarm": True}
        return Leak.objects.create(
            network="facebook", sort="social", first_at=world.now, last_at=world.now, **told | more
        )

    def answered(self, world: World, leak: Leak, answer: str, **after: float) -> None:
        leak.answer, leak.answered_by, leak.answered_at = (
            answer,
            world.teacher,
            world.now + timedelta(**after),
        )
        leak.save()

    def test_nothing_noticed_is_kept(self, world: World) -> None:
        home = Household.objects.earliest("pk")
        assert figure(world, "T11").verdict == Verdict.NOTHING
        for _ in range(2):
            family_link(home, world.now)
        burn_family_link(link=FamilyLink.objects.earliest("pk"), by=world.staff["slt"], now=world.now)
        found = figure(world, "T11")
        assert came_to(found) == (2, 0)
        assert "2 links of families were made, 1 were burned. No alarm said" in found.sentence

    def test_letters_make_links_that_count(self, world: World, two: tuple[Household, Household]) -> None:
        plan(world)
        assert figure(world, "T11").of == 2

    def test_alarms_show_and_how_fast_they_were_answered(self, world: World) -> None:
        self.answered(world, self.alarm(world), "burned", minutes=30)
        self.answered(world, self.alarm(world), "left", hours=3)
        self.answered(world, self.alarm(world), "left", days=4)
        self.alarm(world)
        self.alarm(world, alarm=False)
        world.later(minutes=1)
        found = figure(world, "T11")
        assert came_to(found) == (4, 4) and found.verdict == Verdict.EXCEPTIONS
        assert "4 alarms" in found.sentence and "answered: 3, in the middle after 3 hours" in found.sentence
        assert "1 of them by making it anew. 1 softer notices" in found.sentence
        assert found.items[-1].note == "nobody has answered it yet"


WAITS = {
    timedelta(0): "0 minutes",
    timedelta(minutes=1): "1 minute",
    timedelta(minutes=89): "89 minutes",
    timedelta(minutes=90): "2 hours",
    timedelta(days=3): "3 days",
}


@pytest.mark.parametrize(("span", "words"), WAITS.items())
def test_how_long(span: timedelta, words: str) -> None:
    assert span_words(span) == words


@pytest.mark.parametrize(
    ("number", "most"), [("T4", 10), ("R2", 9), ("R4", 6), ("R5", 10), ("T12", 12), ("T11", 6)]
)
def test_more_meetings_are_no_more_questions(world: World, number: str, most: int) -> None:
    asked = []
    for _ in range(3):
        meeting, host = world.live()
        lifecycle.abort(by=host, reason="Internet failure", now=world.later(minutes=1))
        post(meeting, world.now)
        held(world, plan(world, purpose=Purpose.TEACHING, hours=0))
        world.later(minutes=30)
        with CaptureQueriesContext(connection) as queries:
            figure(world, number)
        asked.append(len(queries))
    assert asked[0] == asked[2] <= most, asked
