"""A term: its weeks, what is held on which day, and what the worker and the leaders do in between."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from circletime.access.actions.ending import withdraw
from circletime.access.actions.log import log_case
from circletime.core.errors import Refused
from circletime.dispatch.queries.reach import list_work_places
from circletime.documents.factory import adopt_documents
from circletime.documents.models import Version
from circletime.meetings.actions.schedule import plan_next
from circletime.meetings.models import Meeting
from circletime.meetings.queries import proposed_next
from circletime.meetings.rules import Kind, Purpose, State
from circletime.oversight.actions.checkpoints import watch_log
from circletime.oversight.evidence.period import midnight
from circletime.oversight.rehearsal import around
from circletime.oversight.rehearsal.meeting import MISHAPS, Plan, play
from circletime.oversight.rehearsal.tally import Tally
from circletime.people.models import Pupil, SchoolClass, User
from circletime.recordings.actions import holds, retention
from circletime.recordings.models import Recording

WORKER = "system:worker"
MOST_WEEKS = 52


def check_rehearse(*, weeks: int, people: bool, invented: bool) -> None:
    """Raise `Refused` unless nobody real is in this installation."""
    if not 1 <= weeks <= MOST_WEEKS:
        raise Refused("weeks", f"A rehearsal plays 1 to {MOST_WEEKS} weeks.")
    if people and not invented:
        raise Refused(
            "real",
            "This installation has a real school in it, whose registers and log a rehearsal would fill with "
            "invented meetings. Rehearse in the demo, or in an empty folder: CIRCLETIME_VAR=another-folder.",
        )


def is_invented() -> bool:
    """Whether this installation is the demo, whose people are invented."""
    return bool(settings.DEMO or (settings.VAR / "demo.json").exists())


def rehearse(
    *, weeks: int, now: datetime, seed: int = 7, say: Callable[[str], None] = lambda line: None
) -> Tally:
    """Play so many whole weeks that end on the Sunday before `now`. Raises `Refused` on a real school's data.

    The school is there already. Answers what was played, counted by hand.
    """
    check_rehearse(weeks=weeks, people=User.objects.exists(), invented=is_invented())
    return _Term(random.Random(seed), say).play(weeks, now)  # noqa: S311  invented mishaps, not secrets


class _Term:
    def __init__(self, pick: random.Random, say: Callable[[str], None]) -> None:
        self.pick, self.say, self.tally = pick, say, Tally()
        self.kept: list[Recording] = []
        self.met = 0
        self.coming: list[Meeting] = []
        self.told_without: set[int] = set()
        self.latest: Meeting | None = None
        self.last = date.max
        self.published = Version.objects.exists()
        self.classes = list(SchoolClass.objects.order_by("pk"))
        self.leader = _first("slt")
        self.addressed = {each.school_class_id for each in list_work_places(self.classes)}

    def play(self, weeks: int, now: datetime) -> Tally:
        today = timezone.localtime(now).date()
        monday = today - timedelta(days=today.weekday() + 7 * weeks)
        self.last = monday + timedelta(days=7 * weeks - 1)
        for week in range(weeks):
            self.say(
                f"Week {week + 1} of {weeks}, from {monday:%-d %B %Y}: {self.tally.held} meetings so far."
            )
            for day in range(7):
                self._day(monday + timedelta(days=day), week)
            monday += timedelta(days=7)
        return self.tally

    def _day(self, day: date, week: int) -> None:
        morning = midnight(day, timezone.get_current_timezone())
        self._worker(day, morning + timedelta(hours=6))
        if day.weekday() > 4:
            return
        self._before(day, morning, week)
        for meeting in [each for each in self.coming if timezone.localtime(each.starts_at).date() == day]:
            self._held_instead(meeting)
        for place, school_class in enumerate(self.classes):
            if place % 5 == day.weekday():
                self._class_meets(school_class, morning + timedelta(hours=9, minutes=30))
            elif place % 5 == (day.weekday() + 2) % 5 and (week + place) % 3 == 0:
                self._group_meets(school_class, morning + timedelta(hours=10, minutes=30))
        if day.weekday() == 3:
            self._staff_meets(morning + timedelta(hours=15, minutes=45))
        if day.weekday() == 1:
            self._parents_come(morning + timedelta(hours=16), week)
        self._after(day, morning, week)

    def _before(self, day: date, morning: datetime, week: int) -> None:
        if day.weekday() == 0 and week < 2:
            self._say_where_work_is(
                morning + timedelta(hours=8), self.classes[:1] if week == 0 else self.classes
            )

    def _after(self, day: date, morning: datetime, week: int) -> None:
        if day.weekday() == 2 and not self.published:
            adopt_documents(morning + timedelta(hours=14))
            self.published = True
        if day.weekday() == 4 and week % 3 == 1:
            self._somebody_asks(morning + timedelta(hours=11), week)
        if day.weekday() == 4 and self.latest is not None:
            self._something_gets_out(self.latest, morning + timedelta(hours=14), week)

    def _worker(self, day: date, at: datetime) -> None:
        """What the worker does each morning, for what the rehearsal has made."""
        watch_log(now=at)
        self.tally.days_signed += 1
        for recording in list(self.kept):
            fresh = Recording.objects.get(pk=recording.pk)
            if fresh.destroy_on > day:
                continue
            self.tally.recordings_due += fresh.destroy_on == day
            if retention.destroy(recording=fresh, by=WORKER, now=at, today=day):
                self.kept.remove(recording)
            else:
                self.tally.recordings_kept += fresh.destroy_on == day

    def _class_meets(self, school_class: SchoolClass, at: datetime) -> None:
        self.met += 1
        turn = self.met
        often = {MISHAPS[turn % len(MISHAPS)]}  # each in its turn, so that a short rehearsal has them all
        ends = {7: "not_started", 3: "broken_off", 5: "late_end", 9: "letter_fails", 11: "letter_fails"}.get(
            turn % 40, ""
        )
        if self.pick.random() < 0.4:
            often.add("runs_out")
        plan = Plan(
            Kind.CLASS,
            at,
            self.pick.choice((15, 20, 20)),
            _teacher(school_class),
            school_class,
            mishaps=frozenset(often | {ends}),
            purpose=Purpose.TEACHING if turn % 4 == 1 else None,
        )
        self._play(plan)

    def _plan_next(self, meeting: Meeting) -> None:
        """After one that was broken off the teacher plans the next, where the rehearsal still comes to it."""
        at = meeting.starts_at + timedelta(hours=2)
        if meeting.state == State.ABORTED and proposed_next(meeting, at).date() <= self.last:
            following = plan_next(meeting=meeting, by=meeting.host, now=at)
            self.coming.append(following)
            if following.school_class_id not in self.addressed:
                self.told_without.add(following.pk)
            self.tally.next_planned += 1

    def _held_instead(self, meeting: Meeting) -> None:
        self.coming.remove(meeting)
        plan = Plan(
            Kind.CLASS,
            meeting.starts_at,
            meeting.minutes,
            meeting.host,
            meeting.school_class,
            planned=meeting,
        )
        self._play(plan)

    def _group_meets(self, school_class: SchoolClass, at: datetime) -> None:
        group = school_class.group_set.first()
        if group is not None:
            self._play(Plan(Kind.GROUP, at, 10, _teacher(school_class), school_class, group))

    def _staff_meets(self, at: datetime) -> None:
        plan = Plan(Kind.STAFF, at, 40, _first("headteacher"), mishaps=frozenset({"runs_out"}))
        self._play(plan)

    def _parents_come(self, at: datetime, week: int) -> None:
        school_class = self.classes[week % len(self.classes)]
        pupils = list(Pupil.objects.filter(school_class=school_class).order_by("pk"))
        household = pupils[week % len(pupils)].households.first()
        if household is not None:
            self._play(Plan(Kind.PARENTS, at, 15, _teacher(school_class), school_class, household=household))

    def _somebody_asks(self, at: datetime, week: int) -> None:
        """A parent asks to see a recording. Every second one thinks better of it; the others wait."""
        pupils = list(
            Pupil.objects.filter(school_class=self.classes[week % len(self.classes)]).order_by("pk")
        )
        case = log_case(
            pupil=pupils[0],
            asker_name="Ada Somebody",
            relation="parent",
            channel="spoken",
            asked_on=at.date(),
            by=_first("office"),
            now=at,
        )
        self.tally.requests += 1
        if week % 2:
            withdraw(
                case=case, reason="It is not wanted any more", by=self.leader, now=at + timedelta(days=3)
            )

    def _say_where_work_is(self, at: datetime, classes: list[SchoolClass]) -> None:
        """One class's work has its address from the start, the others' only in the second week."""
        fresh = [each for each in classes if each.pk not in self.addressed]
        around.say_where_work_is(fresh, _first("office"), at)
        self.addressed |= {each.pk for each in fresh}

    def _something_gets_out(self, meeting: Meeting, at: datetime, week: int) -> None:
        """On Fridays; nobody answers the alarm of the last week."""
        if week % 3 == 0:
            around.picture_got_out(meeting, _first("dsl"), at, self.tally)
        elif week % 3 == 1:
            around.password_got_out(meeting, _first("dsl"), at, self.tally)
        answers = self.last - timezone.localtime(at).date() > timedelta(days=7)
        seen = around.family_link_seen if week % 2 else around.class_address_seen
        seen(meeting, at, self.tally, answers=answers)

    def _play(self, plan: Plan) -> None:
        recording = play(replace(plan, published=self.published), self.tally, self.pick)
        if recording is not None:
            meeting = Meeting.objects.get(pk=recording.meeting_id)
            self.kept.append(recording)
            if plan.kind in (Kind.CLASS, Kind.GROUP):
                without = meeting.pk in self.told_without if plan.planned else not self._has_address(plan)
                self.tally.with_children += 1
                self.tally.without_address += without
                self.latest = meeting
            self._plan_next(meeting)
            if self.pick.random() < 0.02:
                self._hold(recording, plan.starts_at + timedelta(hours=3))

    def _has_address(self, plan: Plan) -> bool:
        return plan.school_class is not None and plan.school_class.pk in self.addressed

    def _hold(self, recording: Recording, at: datetime) -> None:
        holds.place_hold(
            recordings=[recording],
            reason="Something is being looked into",
            review_on=at.date() + timedelta(days=60),
            by=self.leader,
            now=at,
        )


def _first(role: str) -> User:
    return User.objects.filter(is_active=True, rolegrant__role=role).earliest("pk")


def _teacher(school_class: SchoolClass) -> User:
    return school_class.staff.filter(is_active=True, rolegrant__role="teacher").earliest("pk")
