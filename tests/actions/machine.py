"""A meeting at random: hosts, children, time, drops, restarts and a media server that fails, interleaved.

Everything goes through the real actions on a real database; only LiveKit is the fake, which calls
`watch` at every change, so that two microphones are seen even if they last no longer than one call.
The machine keeps books of its own about who is connected and what was allowed, so that a rule which
forgets to ask is not believed.
"""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from circletime.audit.models import Row
from circletime.core.errors import Refused
from circletime.media.gate import Pass
from circletime.media.livekit import MediaError
from circletime.meetings import orders, tasks, wire
from circletime.meetings.actions import door, floor, host, lifecycle, presence
from circletime.meetings.models import MediaOrder, Meeting, Seat, Turn
from circletime.meetings.queries import seat_rights, snapshot
from circletime.meetings.rules import OVER, RUNNING, Recording, SeatRole, SeatState, State
from circletime.pages import doorman
from tests.world import NOON, World

NAMES = ("Amara", "Ben", "Farida", "Olivia")
HOSTS = ("teacher", "support")
name = st.sampled_from(NAMES)
host_name = st.sampled_from(HOSTS)
seldom = st.sampled_from([False, False, False, True])
steps = 0


class MeetingMachine(RuleBasedStateMachine):
    """One class's meetings, one after the other."""

    world: World
    """Set once for all runs."""

    def __init__(self) -> None:
        super().__init__()
        self.seats: dict[str, Seat] = {}
        self.hosts: dict[str, Seat] = {}
        self.passes: dict[str, Pass | None] = {}
        self.inside: set[str] = set()
        """The identities whose connection stands, as the browsers know."""
        self.removed: set[int] = set()
        Meeting.objects.all().delete()  # every run begins at the same place, or it could not be repeated
        self.world.now = NOON
        self.world.media.failing = False
        self.world.media.rooms.clear()
        self.world.media.watch = self.one_voice_at_most

    # What is tried. A refusal is an answer like any other; whatever else is raised fails the test.

    def attempt(self, what: Callable[[], object]) -> bool:
        global steps
        steps += 1
        self.world.later(milliseconds=10)
        try:
            what()
        except Refused:
            return False
        return True

    @property
    def now(self):  # type: ignore[no-untyped-def]
        return self.world.now

    @property
    def meeting(self) -> Meeting:
        return Meeting.objects.get(pk=self.pk)

    def by(self, who: str) -> Seat | None:
        return self.hosts.get(who)

    @initialize()
    def first_meeting(self) -> None:
        self.plan()

    def plan(self) -> None:
        self.world.later(days=1)
        self.seats, self.hosts, self.passes, self.inside, self.removed = {}, {}, {}, set(), set()
        meeting = self.world.plan()
        self.pk = meeting.pk
        lifecycle.open_waiting_room(meeting=meeting, by="test", now=self.now)
        # What the worker does: the room is there before the recorder, and the recorder before the start.
        self.world.media.failing = False
        self.world.media.create_room(meeting.room)
        lifecycle.recording_changed(meeting=meeting, to=Recording.ON, by="test", now=self.now)
        self.enter("teacher")
        self.start("teacher")
        self.connect_host("teacher")
        for child in NAMES:
            self.come_in("teacher", child)

    @precondition(lambda self: self.meeting.state in OVER)
    @rule()
    def next_meeting(self) -> None:
        self.plan()

    # Hosts

    @rule(who=host_name)
    def move(self, who: str) -> None:
        """To another device, where the host is back at once."""
        self.enter(who, same_browser=False)
        self.connect_host(who)

    @rule(who=host_name)
    def enter(self, who: str, same_browser: bool = True) -> None:
        user = self.world.teacher if who == "teacher" else self.world.support
        held = self.hosts.get(who) if same_browser else None

        def act() -> None:
            self.hosts[who] = door.enter_as_host(
                meeting=self.meeting, by=user, confirmed=True, key=held.key if held else "", now=self.now
            )

        self.attempt(act)

    @rule(who=host_name)
    def start(self, who: str) -> None:
        by = self.by(who)
        if by is not None:
            self.attempt(lambda: lifecycle.start(meeting=self.meeting, by=by, now=self.now))

    @rule(who=host_name)
    def connect_host(self, who: str) -> None:
        if by := self.by(who):
            self.connect_seat(by)

    @rule()
    def all_is_well_again(self) -> None:
        """Hosts, recorder and media server are there; a random walk would seldom come back by itself."""
        self.world.media.failing = False
        self.worker_reconciles()
        self.recorder(Recording.ON, True)
        for who in HOSTS:
            self.enter(who)
            self.connect_host(who)

    @rule(who=host_name, noticed=st.booleans(), sure=seldom)
    def host_drops(self, who: str, noticed: bool, sure: bool) -> None:
        by = self.by(who)
        if by is not None and sure:
            self.part(by, noticed)

    @rule(who=host_name, sure=seldom)
    def host_leaves(self, who: str, sure: bool) -> None:
        by = self.by(who)
        if by is not None and sure:
            self.attempt(lambda: door.leave(by=by, now=self.now))
            self.inside.discard(by.public_id)

    # Children

    @rule(child=name, same_browser=st.booleans())
    def knock(self, child: str, same_browser: bool) -> None:
        key = self.seats[child].key if same_browser and child in self.seats else ""

        def act() -> None:
            seat = self.world.knock(self.meeting, child, key)
            if seat.pk:
                assert seat.pupil_id not in self.removed, "a removed child is back at the door"
                self.seats[child] = seat

        self.attempt(act)

    @rule(who=host_name, child=name)
    def come_in(self, who: str, child: str) -> None:
        """What most children do: knock, be let in, connect."""
        self.knock(child, True)
        self.admit(who, child)
        self.connect(child)

    @rule(who=host_name, first=name, second=name)
    def two_turns(self, who: str, first: str, second: str) -> None:
        self.give_turn(who, first)
        self.give_turn(who, second)

    @rule(child=name)
    def connect(self, child: str) -> None:
        if child in self.seats:
            self.connect_seat(self.seats[child])

    @rule(child=name)
    def ask_for_a_pass(self, child: str) -> None:
        """A browser whose connection is slow: the pass is given now, and used later."""
        if child in self.seats:
            self.passes[child] = self.pass_for(self.seats[child])

    @rule(child=name)
    def use_a_pass(self, child: str) -> None:
        leave = self.passes.pop(child, None)
        if leave is not None:
            self.join(Seat.objects.get(public_id=leave.identity), leave)

    @rule(child=name, noticed=st.booleans(), sure=seldom)
    def drop(self, child: str, noticed: bool, sure: bool) -> None:
        if child in self.seats and sure:
            self.part(self.seats[child], noticed)

    @rule(child=name, sure=seldom)
    def leave(self, child: str, sure: bool) -> None:
        if child in self.seats and sure:
            seat = self.seats[child]
            self.attempt(lambda: door.leave(by=seat, now=self.now))

    @rule(child=name, up=st.booleans())
    def hand(self, child: str, up: bool) -> None:
        if child in self.seats:
            seat = self.seats[child]
            self.attempt(lambda: floor.raise_hand(by=seat, up=up, now=self.now))

    # What hosts do

    @rule(who=host_name, child=name)
    def admit(self, who: str, child: str) -> None:
        by = self.by(who)
        if by is not None and child in self.seats:
            seat = self.seats[child]
            if self.attempt(lambda: door.admit(by=by, seat_id=seat.public_id, now=self.now)):
                self.admission_was_right()

    @rule(who=host_name)
    def admit_expected(self, who: str) -> None:
        if by := self.by(who):
            found: list[int] = []
            self.attempt(lambda: found.append(door.admit_expected(by=by, now=self.now)))
            if found and found[0]:
                self.admission_was_right()

    def admission_was_right(self) -> None:
        meeting = self.meeting
        assert meeting.state == State.LIVE, "somebody was admitted into a room that is not live"
        assert meeting.ends_at is not None and self.now < meeting.ends_at, "admitted after the limit"
        there = {seat.public_id for seat in self.hosts.values()} & self.thought_inside()
        assert there, "admitted without a host in the room"

    @rule(who=host_name, child=name)
    def give_turn(self, who: str, child: str) -> None:
        by = self.by(who)
        if by is not None and child in self.seats:
            seat = self.seats[child]
            if self.attempt(lambda: floor.give_turn(by=by, seat_id=seat.public_id, now=self.now)):
                ends_at = self.meeting.ends_at
                assert ends_at is not None and self.now < ends_at, "a turn after the limit"

    @rule(who=host_name)
    def end_turn(self, who: str) -> None:
        if by := self.by(who):
            self.attempt(lambda: floor.end_turn(by=by, now=self.now))

    @rule(who=host_name, on=st.booleans())
    def circle(self, who: str, on: bool) -> None:
        if by := self.by(who):
            self.attempt(lambda: floor.set_circle(by=by, on=on, now=self.now))
            self.attempt(lambda: floor.next_turn(by=by, now=self.now))

    @rule(who=host_name, child=name, on=st.booleans())
    def camera(self, who: str, child: str, on: bool) -> None:
        by = self.by(who)
        if by is not None and child in self.seats:
            seat = self.seats[child]
            self.attempt(lambda: host.allow_camera(by=by, seat_id=seat.public_id, on=on, now=self.now))

    @rule(who=host_name, child=st.none() | name, on=st.booleans())
    def sharing(self, who: str, child: str | None, on: bool) -> None:
        by = self.by(who)
        named = self.seats[child].public_id if child in self.seats else None
        if by is not None:
            self.attempt(lambda: host.share_screen(by=by, on=on, seat_id=named, now=self.now))

    @rule(who=host_name, child=name)
    def send_back(self, who: str, child: str) -> None:
        by = self.by(who)
        if by is not None and child in self.seats:
            seat = self.seats[child]
            self.attempt(lambda: door.send_back(by=by, seat_id=seat.public_id, now=self.now))

    @rule(who=host_name, child=name, sure=seldom)
    def remove(self, who: str, child: str, sure: bool) -> None:
        by = self.by(who)
        if by is not None and child in self.seats and sure:
            seat = self.seats[child]
            if self.attempt(
                lambda: door.remove(by=by, seat_id=seat.public_id, reason="Behaviour", now=self.now)
            ):
                self.removed.add(seat.pupil_id or 0)

    @rule(who=host_name, abort=st.booleans(), sure=seldom)
    def end(self, who: str, abort: bool, sure: bool) -> None:
        by = self.by(who)
        if by is None or not sure:
            return
        if abort:
            self.attempt(lambda: lifecycle.abort(by=by, reason="Internet failure", now=self.now))
        else:
            self.attempt(lambda: lifecycle.end(by=by, now=self.now))

    # Time, faults and restarts

    @rule(seconds=st.sampled_from([0.2, 0.5, 1, 1, 2, 4, 4, 10, 15, 30, 60, 130, 600]))
    def time_passes(self, seconds: float) -> None:
        self.attempt(lambda: self.world.later(seconds=seconds))

    @rule(seconds=st.sampled_from([0.5, 2, 20]))
    def the_end_comes_near(self, seconds: float) -> None:
        """To a moment before the limit, with whatever the worker would have done by then."""
        ends_at = self.meeting.ends_at
        if ends_at is not None and self.now < ends_at - timedelta(seconds=seconds):
            self.all_is_well_again()
            self.world.now = ends_at - timedelta(seconds=seconds)
            self.worker_ticks()

    @rule(who=host_name, child=name)
    def the_worker_is_late(self, who: str, child: str) -> None:
        """The end comes while the worker is busy, and somebody presses a button just then."""
        self.the_end_comes_near(0.5)
        ends_at = self.meeting.ends_at
        if ends_at is not None and self.now == ends_at - timedelta(seconds=0.5):
            self.world.now = ends_at + timedelta(seconds=0.1)
            self.come_in(who, child)
            self.give_turn(who, child)
            self.worker_ticks()

    @rule()
    def pages_say_that_they_are_open(self) -> None:
        held = Seat.objects.filter(meeting=self.pk, state__in=("waiting", "admitted"))
        self.attempt(lambda: held.update(seen_at=self.now))

    @rule()
    def worker_ticks(self) -> None:
        self.attempt(lambda: tasks.run_clock(self.now))
        for meeting in Meeting.objects.filter(state__in=RUNNING):
            assert meeting.ends_at is not None and self.now < meeting.ends_at, "the limit was missed"
            assert meeting.frozen_at is None or self.now < meeting.frozen_at + timedelta(minutes=2)

    @rule()
    def worker_reconciles(self) -> None:
        def act() -> None:
            orders.carry_out(self.pk)
            try:
                tasks.reconcile_rooms()
            except MediaError:
                return
            tasks.give_up_dropped(self.now)

        self.attempt(act)
        if not self.world.media.failing:
            self.thought_inside_is_true()

    @rule(sure=seldom)
    def app_is_killed(self, sure: bool) -> None:
        """Every socket breaks and nobody can say so."""
        if not sure:
            return
        for seat in [*self.seats.values(), *self.hosts.values()]:
            self.part(seat, noticed=False)
        self.passes.clear()

    @rule(sure=seldom)
    def a_process_dies_in_the_middle_of_its_orders(self, sure: bool) -> None:
        if not sure:
            return
        self.attempt(
            lambda: Meeting.objects.filter(pk=self.pk).update(media_leased_until=self.now + orders.LEASE)
        )

    @rule(failing=seldom)
    def media_server_fails_or_recovers(self, failing: bool) -> None:
        def act() -> None:
            self.world.media.failing = failing

        self.attempt(act)

    @rule(sure=seldom)
    def media_server_restarts(self, sure: bool) -> None:
        if not sure:
            return
        self.attempt(self.world.media.rooms.clear)
        for seat in [*self.seats.values(), *self.hosts.values()]:
            self.part(seat, noticed=True)

    @rule(to=st.sampled_from([Recording.ON, Recording.LOST]), sure=seldom)
    def recorder(self, to: Recording, sure: bool) -> None:
        meeting = self.meeting
        if meeting.state not in OVER and sure:
            self.attempt(lambda: lifecycle.recording_changed(meeting=meeting, to=to, by="test", now=self.now))

    # What the gate does

    def pass_for(self, seat: Seat) -> Pass | None:
        return doorman._admit({"seats": {seat.public_id: seat.key}}, seat.public_id)

    def connect_seat(self, seat: Seat) -> None:
        leave = self.pass_for(seat)
        if leave is not None:
            self.join(seat, leave)

    def join(self, seat: Seat, leave: Pass) -> None:
        def act() -> None:
            if self.world.media.failing or not self.world.media.join(
                leave.room, leave.identity, leave.rights
            ):
                return
            if presence.connected(seat=seat, connection=f"c{steps}", given=leave.rights, now=self.now):
                self.inside.add(seat.public_id)
            else:
                self.world.media.part(leave.room, leave.identity)  # the gate closes it

        self.attempt(act)

    def part(self, seat: Seat, noticed: bool) -> None:
        fresh = Seat.objects.get(pk=seat.pk)
        self.world.media.part(seat.meeting.room, seat.public_id)
        self.inside.discard(seat.public_id)
        if noticed and fresh.connection:
            self.attempt(lambda: presence.disconnected(seat=fresh, connection=fresh.connection, now=self.now))

    def thought_inside(self) -> set[str]:
        found = Seat.objects.filter(meeting=self.pk, state=SeatState.ADMITTED).exclude(connection="")
        return set(found.values_list("public_id", flat=True))

    def thought_inside_is_true(self) -> None:
        assert self.thought_inside() <= self.inside, "somebody is thought to be in who is gone"

    # What always holds

    def one_voice_at_most(self) -> None:
        """Called by the media server at each change (invariant 3)."""
        pupils = set(
            Seat.objects.filter(meeting=self.pk, role=SeatRole.PUPIL).values_list("public_id", flat=True)
        )
        for room in self.world.media.rooms.values():
            heard = [who for who, rights in room.items() if rights.microphone and who in pupils]
            assert len(heard) <= 1, "two children can be heard"

    @invariant()
    def media_server_does_as_the_database_says(self) -> None:
        """Unless orders wait, exactly those are in who belong there, with exactly their rights (1, 2, 5)."""
        meeting = self.meeting
        if MediaOrder.objects.filter(meeting=meeting).exists():
            assert (
                self.world.media.failing or meeting.media_leased_until is not None or self.orders_are_late()
            )
            return
        seats = {seat.public_id: seat for seat in Seat.objects.filter(meeting=meeting)}
        for identity, rights in self.world.media.rooms.get(meeting.room, {}).items():
            seat = seats[identity]
            assert seat.state == SeatState.ADMITTED, "somebody is in the room who was not admitted"
            assert meeting.state in RUNNING, "somebody is in a room that is over"
            assert rights == seat_rights(meeting, seat), "somebody has other rights than the database says"

    def orders_are_late(self) -> bool:
        """Whether orders wait only because the media server failed when they were made."""
        orders.carry_out(self.pk)
        return not MediaOrder.objects.filter(meeting=self.pk).exists()

    @invariant()
    def nobody_is_in_a_frozen_or_finished_room(self) -> None:
        """Without a host, and after the worker's next look, nobody sends or receives anything (2)."""
        meeting = self.meeting
        if meeting.state == State.FROZEN:
            for seat in Seat.objects.filter(meeting=meeting).exclude(role=SeatRole.HOST):
                assert not seat_rights(meeting, seat).subscribe and not seat_rights(meeting, seat).camera
        if meeting.state in OVER:
            held = Seat.objects.filter(meeting=meeting, state__in=("waiting", "admitted"))
            assert not held.exists(), "a seat outlived its meeting"

    @invariant()
    def turns_and_seats_are_in_order(self) -> None:
        meeting = self.meeting
        open_turns = list(Turn.objects.filter(meeting=meeting, ended_at=None))
        assert [turn.seat_id for turn in open_turns] == ([meeting.floor_id] if meeting.floor_id else [])
        if meeting.floor_id:
            holder = Seat.objects.get(pk=meeting.floor_id)
            assert holder.state == SeatState.ADMITTED and meeting.state == State.LIVE
        for pupil_id in {seat.pupil_id for seat in self.seats.values()}:
            held = Seat.objects.filter(meeting=meeting, pupil_id=pupil_id, state__in=("waiting", "admitted"))
            assert held.count() <= 1, "two seats for one child"
            assert pupil_id not in self.removed or not held.exists(), "a removed child has a seat"

    @invariant()
    def pages_are_told_no_more_than_they_may_know(self) -> None:
        snap = snapshot(self.pk, self.now)
        for seat in snap.seats:
            told = wire.view(snap, seat.public_id, self.now)
            if seat.state == SeatState.WAITING:
                assert told.get("people", []) == [] and "host" not in told
            elif seat.state != SeatState.ADMITTED or snap.meeting.state in OVER:
                assert told["type"] == "closed"

    def teardown(self) -> None:
        self.world.media.watch = lambda: None
        assert Row.objects.exists()
