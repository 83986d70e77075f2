"""Questions about meetings. What a page or a socket may see is cut from one `Snapshot`."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Q, Sum
from django.utils import timezone

from circletime.documents import limits as school_limits
from circletime.media.rules import Rights
from circletime.meetings import rules
from circletime.meetings.models import Expected, GrownUpAsk, Happening, Meeting, Seat, Stay, Turn
from circletime.meetings.rules import JOINABLE, Kind, SeatRole, SeatState, State
from circletime.people.models import Adult, Pupil, SchoolClass, User
from circletime.people.queries import adults_in, pupils_in
from circletime.people.rules import HOSTS, OFFICE, WATCHERS
from circletime.policy import limits

ONLINE_WITHIN = timedelta(seconds=12)
"""A page that said nothing for so long is taken to be closed."""


def longest(kind: Kind) -> timedelta:
    """The longest a meeting of this kind may be live at this school (T2, T3)."""
    return school_limits.longest(rules.limit_of(kind))


def most_minutes(kind: Kind) -> int:
    """The same in whole minutes."""
    return int(longest(kind).total_seconds() // 60)


def may_share(meeting: Meeting, seat: Seat) -> bool:
    """Whether screen sharing is on for this seat (T5)."""
    if not meeting.sharing_on:
        return False
    if meeting.sharing_seat_id is not None:
        return meeting.sharing_seat_id == seat.pk
    return seat.role in (SeatRole.HOST, SeatRole.STAFF)


def seat_rights(meeting: Meeting, seat: Seat) -> Rights:
    """What the media server should let this seat do, as the database stands."""
    return rules.rights_for(
        state=State(meeting.state),
        role=SeatRole(seat.role),
        seat=SeatState(seat.state),
        floor=meeting.floor_id == seat.pk,
        camera_allowed=seat.camera_allowed,
        may_share=may_share(meeting, seat),
    )


def can_host(user: User, meeting: Meeting) -> bool:
    """Whether this member of staff may host this meeting: its own host, or its class's staff (T1)."""
    if not user.is_active or not user.roles & HOSTS:
        return False
    if meeting.host_id == user.pk:
        return True
    return meeting.school_class is not None and meeting.school_class.staff.filter(pk=user.pk).exists()


def can_see(user: User, meeting: Meeting) -> bool:
    """Whether this member of staff may see the meeting's page and register."""
    if user.roles & (WATCHERS | OFFICE) or can_host(user, meeting):
        return True
    return meeting.kind == Kind.STAFF and bool(user.roles)


def list_meetings_for(user: User, since: datetime, until: datetime) -> list[Meeting]:
    """The meetings between two moments that this person may see, by start."""
    found = Meeting.objects.filter(starts_at__gte=since, starts_at__lt=until)
    if not user.roles & (WATCHERS | OFFICE):
        mine = Q(host=user) | Q(school_class__staff=user)
        if user.roles:
            mine |= Q(kind=Kind.STAFF)
        found = found.filter(mine).distinct()
    return list(found.select_related("school_class", "group", "household", "host"))


def get_meeting(public_id: str) -> Meeting | None:
    """The meeting of this name, or None."""
    related = ("school_class", "group", "household", "host", "floor", "sharing_seat")
    return Meeting.objects.select_related(*related).filter(public_id=public_id).first()


def get_seat(public_id: str, key: str) -> Seat | None:
    """The seat of this name, if `key` is what its browser was given."""
    seat = Seat.objects.select_related("meeting__school_class").filter(public_id=public_id).first()
    return seat if seat is not None and key and seat.key == key else None


def list_joinable(school_class: SchoolClass) -> list[Meeting]:
    """The class's meetings whose waiting room is open, running ones first."""
    found = Meeting.objects.filter(school_class=school_class, state__in=JOINABLE)
    for meeting in found:
        meeting.school_class = school_class
    return sorted(found, key=lambda m: (m.state == State.OPEN, m.starts_at))


def following(meeting: Meeting, now: datetime) -> Meeting | None:
    """The next meeting of the same group, family or class that is in the calendar already (T12)."""
    coming = Meeting.objects.filter(
        school_class=meeting.school_class, state=State.SCHEDULED, starts_at__gte=now
    ).exclude(pk=meeting.pk)
    if meeting.kind == Kind.PARENTS:
        coming = coming.filter(household=meeting.household)
    elif meeting.kind == Kind.GROUP:
        coming = coming.filter(Q(group=meeting.group) | Q(kind=Kind.CLASS))
    else:
        coming = coming.filter(kind=Kind.CLASS)
    related = ("school_class", "group", "household", "host")
    return coming.select_related(*related).order_by("starts_at", "pk").first()


def near(meeting: Meeting, starts_at: datetime) -> list[tuple[datetime, int]]:
    """Start and minutes of the class's other meetings within two hours of this time."""
    found = Meeting.objects.filter(
        school_class=meeting.school_class_id,
        starts_at__gt=starts_at - timedelta(hours=2),
        starts_at__lt=starts_at + timedelta(hours=2),
    )
    return [(m.starts_at, m.minutes) for m in found.exclude(state__in=rules.OVER).exclude(pk=meeting.pk)]


def proposed_next(meeting: Meeting, now: datetime) -> datetime:
    """When a meeting that was broken off is proposed to be held instead: the first free school day (T12)."""
    days = rules.proposed_after(timezone.localtime(meeting.starts_at), timezone.localtime(now))
    free = (day for day in days if not rules.overlaps(day, meeting.minutes, near(meeting, day)))
    return next(free, days[-1])


def next_meeting(school_class: SchoolClass, now: datetime) -> Meeting | None:
    """The class's next meeting that has not opened yet."""
    return (
        Meeting.objects.filter(school_class=school_class, state=State.SCHEDULED, starts_at__gte=now)
        .order_by("starts_at")
        .first()
    )


def expected_pupils(meeting: Meeting) -> list[Pupil]:
    """The children a class or group meeting is for (C2). Whoever left the school is expected nowhere."""
    if meeting.kind == Kind.GROUP and meeting.group is not None:
        return list(meeting.group.pupils.filter(left_at=None))
    if meeting.kind == Kind.CLASS and meeting.school_class is not None:
        return list(pupils_in(meeting.school_class))
    return []


def expected_adults(meeting: Meeting) -> list[Adult]:
    """The adults a parents' meeting is for."""
    return adults_in(meeting.household) if meeting.household is not None else []


def minutes_this_week(school_class: SchoolClass, moment: datetime) -> int:
    """The class's minutes of meeting in the week of `moment`, planned and held (C3)."""
    since, until = rules.week_of(timezone.localtime(moment))
    total = (
        Meeting.objects.filter(school_class=school_class, starts_at__gte=since, starts_at__lt=until)
        .exclude(state=State.CANCELLED)
        .aggregate(total=Sum("minutes"))["total"]
    )
    return int(total or 0)


def hosts_in(meeting: Meeting, now: datetime) -> int:
    """How many hosts are in the room, a connection lost moments ago counted in."""
    blink = now - limits.HOST_MAY_BLINK
    return (
        Seat.objects.filter(meeting=meeting, role=SeatRole.HOST, state=SeatState.ADMITTED)
        .filter(~Q(connection="") | Q(dropped_at__gt=blink))
        .count()
    )


@dataclass
class Snapshot:
    """One meeting at one moment, with everything any of its pages may need."""

    meeting: Meeting
    seats: list[Seat]
    expected: list[str]
    turns: dict[int, tuple[int, float]] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)
    circled: set[int] = field(default_factory=set)
    """The seats whose person had a turn since the circle began."""
    untold: int = 0
    """How many families keep it shut, because they were not told yet (R5)."""

    @cached_property
    def by_name(self) -> dict[str, Seat]:
        """Each seat by its public name."""
        return {seat.public_id: seat for seat in self.seats}

    @cached_property
    def names(self) -> dict[int | None, str]:
        """Each seat's public name by its key."""
        return {seat.pk: seat.public_id for seat in self.seats}

    def admitted(self) -> list[Seat]:
        """Everybody who is let in, by label."""
        found = [seat for seat in self.seats if seat.state == SeatState.ADMITTED]
        return sorted(found, key=lambda seat: (seat.role == SeatRole.PUPIL, seat.label))

    def waiting(self, now: datetime) -> list[Seat]:
        """Everybody in the waiting room whose page is open, first come first."""
        return [seat for seat in self.seats if seat.state == SeatState.WAITING and online(seat, now)]

    def hands(self) -> list[Seat]:
        """Hands up, in the order they went up."""
        up = [seat for seat in self.admitted() if seat.hand_at is not None]
        return sorted(up, key=lambda seat: (seat.hand_at or seat.knocked_at, seat.pk))


def online(seat: Seat, now: datetime) -> bool:
    """Whether the seat's page is known to be open."""
    return seat.seen_at is not None and seat.seen_at > now - ONLINE_WITHIN


def person_key(seat: Seat) -> tuple[str, int]:
    """Whom a seat is for, whichever browser they use."""
    if seat.person is not None:
        return ("person", seat.person)
    if seat.pupil_id is not None:
        return ("pupil", seat.pupil_id)
    if seat.adult_id is not None:
        return ("adult", seat.adult_id)
    return ("user", seat.user_id or 0)


def snapshot(meeting_pk: int, now: datetime) -> Snapshot:
    """Read one meeting whole. The turns are counted per person, over all their seats."""
    meeting = Meeting.objects.select_related("school_class").get(pk=meeting_pk)
    every = list(Seat.objects.filter(meeting=meeting))
    spoken: dict[tuple[str, int], tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    whose = {seat.pk: person_key(seat) for seat in every}
    circled: set[tuple[str, int]] = set()
    for turn in Turn.objects.filter(meeting=meeting):
        if meeting.circle_began_at is not None and turn.given_at >= meeting.circle_began_at:
            circled.add(whose[turn.seat_id])
        count, seconds = spoken[whose[turn.seat_id]]
        length = ((turn.ended_at or now) - turn.given_at).total_seconds()
        spoken[whose[turn.seat_id]] = (count + 1, seconds + length)
    return Snapshot(
        meeting=meeting,
        seats=every,
        expected=list(Expected.objects.filter(meeting=meeting).values_list("label", flat=True)),
        turns={seat.pk: spoken[person_key(seat)] for seat in every},
        happenings=list(
            Happening.objects.filter(meeting=meeting).select_related("seat").order_by("-pk")[:40]
        ),
        circled={seat.pk for seat in every if person_key(seat) in circled},
    )


@dataclass(frozen=True)
class RegisterRow:
    """One person in the register of a meeting (T8)."""

    label: str
    role: str
    came: bool
    in_at: datetime | None
    out_at: datetime | None
    minutes: float
    turns: int
    spoken_seconds: float
    grown_up: bool
    notes: list[str]
    asked: tuple[tuple[datetime, datetime | None], ...] = ()
    """When their grown-up was asked once more, and when that was answered (R3)."""


def register(meeting: Meeting, now: datetime) -> list[RegisterRow]:
    """Who was expected, who came, when, and what happened. Turns of all of a person's seats add up."""
    seats: dict[tuple[str, int], list[Seat]] = defaultdict(list)
    for seat in Seat.objects.filter(meeting=meeting):
        seats[person_key(seat)].append(seat)
    stays = _by_seat(Stay.objects.filter(seat__meeting=meeting))
    turns = _by_seat(Turn.objects.filter(meeting=meeting))
    notes = _by_seat(Happening.objects.filter(meeting=meeting, seat__isnull=False))
    asks = _by_seat(GrownUpAsk.objects.filter(seat__meeting=meeting))
    rows = []
    for group in seats.values():
        own = sorted((s for seat in group for s in stays[seat.pk]), key=lambda s: s.in_at)
        until = meeting.ended_at or now
        rows.append(
            RegisterRow(
                label=group[-1].label,
                role=group[-1].role,
                came=bool(own),
                in_at=own[0].in_at if own else None,
                out_at=(own[-1].out_at or meeting.ended_at) if own else None,
                minutes=sum(((s.out_at or until) - s.in_at).total_seconds() for s in own) / 60,
                turns=sum(len(turns[seat.pk]) for seat in group),
                spoken_seconds=sum(
                    ((t.ended_at or until) - t.given_at).total_seconds()
                    for seat in group
                    for t in turns[seat.pk]
                ),
                grown_up=any(seat.grown_up_at for seat in group),
                notes=[n.text for seat in group for n in notes[seat.pk]],
                asked=_answers(group, [ask for seat in group for ask in asks[seat.pk]]),
            )
        )
    for row in Expected.objects.filter(meeting=meeting):
        key = (
            ("person", row.person)
            if row.person
            else ("pupil", row.pupil_id)
            if row.pupil_id
            else ("adult", row.adult_id)
            if row.adult_id
            else ("user", row.user_id)
        )
        if key not in seats:
            role = (
                SeatRole.PUPIL
                if row.pupil_id or row.person
                else SeatRole.ADULT
                if row.adult_id
                else SeatRole.STAFF
            )
            rows.append(RegisterRow(row.label, role, False, None, None, 0, 0, 0, False, []))
    order = {SeatRole.HOST: 0, SeatRole.STAFF: 1, SeatRole.ADULT: 2, SeatRole.PUPIL: 3}
    return sorted(rows, key=lambda r: (order[SeatRole(r.role)], r.label))


def _answers(seats: list[Seat], asks: list[GrownUpAsk]) -> tuple[tuple[datetime, datetime | None], ...]:
    """Each ask with its answer. Who came back from another device has answered at the door."""
    found = []
    for ask in asks:
        later = [s.grown_up_at for s in seats if s.grown_up_at is not None and s.grown_up_at >= ask.asked_at]
        found.append((ask.asked_at, ask.answered_at or min(later, default=None)))
    return tuple(found)


def _by_seat(rows: Iterable[Stay | Turn | Happening | GrownUpAsk]) -> dict[int, list]:  # type: ignore[type-arg]
    found = defaultdict(list)
    for row in rows:
        found[row.seat_id or 0].append(row)
    return found
