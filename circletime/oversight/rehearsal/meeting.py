"""One invented meeting, from the calendar to its end. The time is an argument of every step.

No media server takes part: what it would be told is taken back before the meeting is committed, so nothing
here reaches a room. The recorder's part is told as the worker would tell it; nothing is in the vault.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from circletime.dispatch.actions.sending import tick_told
from circletime.dispatch.models import Delivery, Notice
from circletime.dispatch.rules import What
from circletime.meetings.actions import door, floor, grown_ups, host, lifecycle, presence
from circletime.meetings.actions.common import lock
from circletime.meetings.actions.schedule import schedule
from circletime.meetings.models import MediaOrder, Meeting, Seat
from circletime.meetings.queries import seat_rights
from circletime.meetings.rules import Kind, Purpose
from circletime.notices.actions import letter_refused, letter_sent
from circletime.notices.models import Letter
from circletime.notices.rules import State as LetterState
from circletime.notices.trouble import Refusal, Trouble
from circletime.oversight.rehearsal.tally import Tally
from circletime.people.models import Adult, Group, Household, Pupil, SchoolClass, User
from circletime.people.rules import Role
from circletime.recordings.actions import capture, film
from circletime.recordings.models import Recording

WORKER = "system:worker"


@dataclass(frozen=True)
class Plan:
    """What is to be played, and what goes wrong in it: names of the methods of `Played`."""

    kind: Kind
    starts_at: datetime
    minutes: int
    teacher: User
    school_class: SchoolClass | None = None
    group: Group | None = None
    household: Household | None = None
    mishaps: frozenset[str] = frozenset()
    purpose: Purpose | None = None
    """One of those this kind may be for, where none is said."""
    planned: Meeting | None = None
    """It is in the calendar already, as the next one after one that was broken off."""
    published: bool = True
    """Documents are, so everybody has accepted them; else nobody was asked to."""


PURPOSES = {
    Kind.CLASS: (Purpose.CIRCLE, Purpose.CIRCLE, Purpose.WELLBEING, Purpose.STORY),
    Kind.GROUP: (Purpose.STORY, Purpose.WELLBEING),
    Kind.PARENTS: (Purpose.FAMILY,),
    Kind.STAFF: (Purpose.STAFF,),
}
MISHAPS = (
    "host_drops",
    "recorder_stops",
    "somebody_removed",
    "somebody_sent_back",
    "camera_off",
    "camera_noticed",
    "second_browser",
    "screen_shared",
    "grown_ups_asked",
    "note_written",
)
"""What may go wrong while it runs. Besides: `letter_fails`, `not_started`, `broken_off`, `late_end`,
`runs_out`."""


@transaction.atomic
def play(plan: Plan, tally: Tally, pick: random.Random) -> Recording | None:
    """Play one meeting; answers its recording, or None when nobody started it."""
    meeting = plan.planned or schedule(
        kind=plan.kind,
        purpose=plan.purpose or pick.choice(PURPOSES[plan.kind]),
        starts_at=plan.starts_at,
        minutes=plan.minutes,
        by=plan.teacher,
        now=plan.starts_at - timedelta(days=1),
        school_class=plan.school_class,
        group=plan.group,
        household=plan.household,
    )
    failed = post(meeting, plan.starts_at - timedelta(hours=23), fails="letter_fails" in plan.mishaps)
    if meeting.purpose == Purpose.TEACHING:
        tally.told_by_hand += tell_by_hand(meeting, plan.starts_at - timedelta(hours=2))
    lifecycle.tick(meeting=meeting, now=plan.starts_at - timedelta(minutes=10))
    if "not_started" in plan.mishaps:
        lifecycle.tick(meeting=meeting, now=plan.starts_at + timedelta(minutes=30))
        tally.not_started += 1
        recording = None
    else:
        recording = Played(meeting, plan, tally, pick).run()
        tally.with_letters += plan.kind != Kind.STAFF
        tally.teaching += meeting.purpose == Purpose.TEACHING
        tally.untold += failed > 0 and meeting.purpose != Purpose.TEACHING
        tally.letters_failed += failed
    post(meeting, plan.starts_at + timedelta(hours=1))
    MediaOrder.objects.filter(meeting=meeting).delete()
    return recording


def tell_by_hand(meeting: Meeting, at: datetime) -> int:
    """The office speaks to whom no letter reached: it is for teaching and stays shut until all know (R5).

    Answers how many it were.
    """
    office = User.objects.filter(rolegrant__role=Role.OFFICE).earliest("pk")
    number = 0
    for notice in Notice.objects.filter(about=meeting.subject, what=What.TEACHING):
        missed = Delivery.objects.filter(notice=notice, told_at=None).exclude(letter__state=LetterState.SENT)
        names = list(missed.values_list("public_id", flat=True))
        if names:
            number += tick_told(deliveries=names, notice=notice, how="spoken", by=office, now=at)
    return number


def post(meeting: Meeting, at: datetime, *, fails: bool = False) -> int:
    """Say that a mail server took the letters about a meeting, or refused those of one household.

    No letter leaves. Answers how many were refused.
    """
    rows = Delivery.objects.filter(notice__about=meeting.subject, letter__isnull=False)
    unlucky = set()
    if fails:
        unlucky = set(rows.filter(household=rows.earliest("pk").household).values_list("letter", flat=True))
    take_letters(meeting.subject, at, unlucky)
    return len(unlucky)


def take_letters(about: str, at: datetime, unlucky: Collection[int] = ()) -> None:
    """A mail server takes the letters that wait about something, and refuses the unlucky ones."""
    for letter in Letter.objects.filter(about=about, state=LetterState.WAITING).order_by("pk"):
        Letter.objects.filter(pk=letter.pk).update(state=LetterState.SENDING, tries=1)
        letter.refresh_from_db()
        if letter.pk in unlucky:
            letter_refused(letter=letter, refusal=Refusal(Trouble.NO_BOX, 550), by=WORKER, now=at)
        else:
            letter_sent(letter=letter, by=WORKER, now=at)


@dataclass
class Played:
    """A meeting that is held."""

    meeting: Meeting
    plan: Plan
    tally: Tally
    pick: random.Random
    now: datetime = field(init=False)
    teacher: Seat = field(init=False)
    recording: Recording = field(init=False)
    inside: list[Seat] = field(default_factory=list)
    spoke: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    asked: bool = False

    def run(self) -> Recording:
        """From the host's coming to the end."""
        self.now = self.plan.starts_at - timedelta(minutes=3)
        self._begin()
        self._let_in()
        for mishap in MISHAPS:
            if mishap in self.plan.mishaps:
                getattr(self, mishap)()
        self._go_round()
        self._finish()
        return self.recording

    def later(self, **span: float) -> datetime:
        """So much time passes."""
        self.now += timedelta(**span)
        return self.now

    def _begin(self) -> None:
        self.teacher = door.enter_as_host(
            meeting=self.meeting, by=self.plan.teacher, confirmed=True, key="", now=self.now
        )
        self.recording = capture.ensure_row(lock(self.meeting.pk), self.teacher.actor, self.now)
        capture.now_running(self.recording, by=self.teacher.actor, now=self.now)
        self.tally.hosts_in += 1
        self.tally.hosts_unread += not self.plan.published

    def _let_in(self) -> None:
        waiting = [self._knock(person) for person in self._guests()]
        self.now = self.plan.starts_at
        lifecycle.start(meeting=self.meeting, by=self.teacher, now=self.now)
        self.tally.held += 1
        self._connect(self.teacher)
        for seat in waiting:
            door.admit(
                by=self.teacher, seat_id=seat.public_id, now=self.later(seconds=self.pick.uniform(0.5, 2))
            )
            self._connect(seat)
            self.inside.append(seat)
            self.tally.guests_in += 1
            if seat.pupil_id is not None:
                self.tally.children_in += 1
                self.tally.came += 1

    def _guests(self) -> list[door.Person]:
        plan = self.plan
        if plan.kind == Kind.PARENTS:
            return [door.Person(adult=adult) for adult in Adult.objects.filter(households=plan.household)]
        if plan.kind == Kind.STAFF:
            others = User.objects.filter(is_active=True, rolegrant__isnull=False).exclude(pk=plan.teacher.pk)
            return [door.Person(user=user) for user in others.distinct().order_by("pk")]
        children = plan.group.pupils.all() if plan.group is not None else _class(plan.school_class)
        return [door.Person(pupil=pupil) for pupil in children if self.pick.random() < 0.92]

    def _knock(self, person: door.Person) -> Seat:
        at = self.plan.starts_at - timedelta(seconds=self.pick.uniform(2, 170))
        self.tally.knocked += person.pupil is not None
        self.tally.adults_knocked += person.adult is not None
        self.tally.unread += person.pupil is not None and not self.plan.published
        self.tally.adults_unread += person.adult is not None and not self.plan.published
        return door.knock(meeting=self.meeting, person=person, key="", grown_up=True, now=at)

    def _connect(self, seat: Seat) -> None:
        fresh = Seat.objects.get(pk=seat.pk)
        rights = seat_rights(Meeting.objects.get(pk=self.meeting.pk), fresh)
        presence.connected(seat=fresh, connection=f"c-{seat.pk}", given=rights, now=self.now)

    def _children(self) -> list[Seat]:
        return [seat for seat in self.inside if seat.pupil_id is not None and seat.pk not in self.gone]

    def _go_round(self) -> None:
        """Turns for as many as there is time for; whoever had none is counted."""
        children = self._children()
        if children:
            floor.set_circle(by=self.teacher, on=True, now=self.later(seconds=5))
            until = self.plan.starts_at + timedelta(minutes=self.plan.minutes * 0.85)
            order = sorted(children, key=lambda seat: (seat.label, seat.pk))
            for seat in order:
                if self.now > until:
                    break
                floor.next_turn(by=self.teacher, now=self.later(seconds=self.pick.uniform(2, 5)))
                self.later(seconds=self.pick.uniform(8, 45))
                self.tally.turns += 1
                self.spoke.add(seat.pk)
                self._clock_asks()
            floor.end_turn(by=self.teacher, now=self.now)
        self.tally.silent += sum(
            seat.pk not in self.spoke for seat in self.inside if seat.pupil_id is not None
        )

    def _finish(self) -> None:
        ends_at = Meeting.objects.get(pk=self.meeting.pk).ends_at
        assert ends_at is not None  # noqa: S101  it is live
        if "broken_off" in self.plan.mishaps:
            self.later(seconds=20)
            lifecycle.abort(by=self.teacher, reason="The internet failed at school", now=self.now)
            self.tally.broken_off += 1
        elif "late_end" in self.plan.mishaps:
            self.now = ends_at + timedelta(seconds=3)  # the machine was busy, and the worker came late
            lifecycle.tick(meeting=self.meeting, now=self.now)
            self.tally.ended_late += 1
        elif "runs_out" in self.plan.mishaps or self.now >= ends_at - timedelta(seconds=30):
            self.now = ends_at + timedelta(milliseconds=self.pick.randint(5, 400))
            lifecycle.tick(meeting=self.meeting, now=self.now)
        else:
            lifecycle.end(by=self.teacher, now=self.later(seconds=self.pick.uniform(5, 25)))
        lasted = self.now - self.plan.starts_at
        (self.tally.with_staff if self.plan.kind == Kind.STAFF else self.tally.with_families).append(lasted)
        capture.now_stopped(self.recording, now=self.later(seconds=2))
        for each in self.recording.films.all():  # there is nothing in the vault to make one of
            film.throw_away(film=each, by=WORKER, now=self.now)

    def host_drops(self) -> None:
        """The teacher's connection is lost for a minute: the room freezes, and goes on."""
        presence.disconnected(seat=self.teacher, connection=f"c-{self.teacher.pk}", now=self.later(seconds=5))
        lifecycle.tick(meeting=self.meeting, now=self.later(seconds=4))
        self.later(seconds=self.pick.uniform(10, 60))
        self._connect(self.teacher)
        self.tally.paused += 1

    def recorder_stops(self) -> None:
        """The recorder is lost for a few seconds and started again."""
        capture.now_lost(self.meeting, why="The recorder is not answering", now=self.later(seconds=5))
        capture.now_running(self.recording, by=WORKER, now=self.later(seconds=4))
        self.tally.recorder_lost += 1

    def somebody_removed(self) -> None:
        """A child is removed, with the reason."""
        if not (children := self._children()):
            return
        seat = self.pick.choice(children)
        door.remove(
            by=self.teacher, seat_id=seat.public_id, reason="Kept shouting", now=self.later(seconds=9)
        )
        self.gone.add(seat.pk)
        self.tally.removed += 1

    def somebody_sent_back(self) -> None:
        """A child is sent back to the waiting room, and let in again."""
        if not (children := self._children()):
            return
        seat = self.pick.choice(children)
        door.send_back(by=self.teacher, seat_id=seat.public_id, now=self.later(seconds=9))
        door.admit(by=self.teacher, seat_id=seat.public_id, now=self.later(seconds=40))
        self._connect(seat)
        self.tally.sent_back += 1

    def camera_off(self) -> None:
        """The teacher turns a camera off."""
        if children := self._children():
            seat_id = self.pick.choice(children).public_id
            host.allow_camera(by=self.teacher, seat_id=seat_id, on=False, now=self.later(seconds=3))
            self.tally.cameras_off += 1

    def camera_noticed(self) -> None:
        """A browser reveals a virtual camera."""
        if children := self._children():
            seat = Seat.objects.get(pk=self.pick.choice(children).pk)
            host.told(by=seat, kind="virtual_camera", detail="Invented Cam", now=self.later(seconds=2))
            self.tally.cameras_noticed += 1

    def second_browser(self) -> None:
        """Somebody else tries a name that is in the room already."""
        if children := self._children():
            person = door.Person(pupil=self.pick.choice(children).pupil)
            door.knock(meeting=self.meeting, person=person, key="", grown_up=True, now=self.later(seconds=6))
            self.tally.second_browsers += 1

    def screen_shared(self) -> None:
        """The teacher shows a screen, and switches that off again."""
        host.share_screen(by=self.teacher, on=True, seat_id=None, now=self.later(seconds=4))
        host.share_screen(by=self.teacher, on=False, seat_id=None, now=self.later(seconds=50))
        self.tally.shared += 1

    def grown_ups_asked(self) -> None:
        """The teacher asks once more whether a grown-up is there; not everybody answers."""
        grown_ups.ask_grown_ups(by=self.teacher, now=self.later(seconds=3))
        self._answer()

    def _clock_asks(self) -> None:
        """In the middle third of a meeting of children the clock asks, unless the teacher has."""
        third = timedelta(minutes=self.plan.minutes) / 3
        if self.asked or not third <= self.now - self.plan.starts_at < 2 * third:
            return
        lifecycle.tick(meeting=self.meeting, now=self.now)
        self._answer()

    def _answer(self) -> None:
        self.asked = True
        for seat in self._children():
            self.tally.asked_again += 1
            if self.pick.random() < 0.8:
                grown_ups.still_here(by=seat, now=self.later(seconds=0.7))
                self.tally.answered += 1

    def note_written(self) -> None:
        """The teacher writes a line into the register."""
        if children := self._children():
            seat_id = self.pick.choice(children).public_id
            said = "An adult answered for the child"
            host.write_note(by=self.teacher, seat_id=seat_id, text=said, now=self.later(seconds=5))
            self.tally.notes += 1


def _class(school_class: SchoolClass | None) -> list[Pupil]:
    return list(Pupil.objects.filter(school_class=school_class).order_by("pk"))
