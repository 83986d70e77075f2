"""What is read for a report, each of it once: meetings, seats, turns and the log of a period."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, RowRange, Window
from django.db.models.functions import Coalesce
from django.utils import timezone

from circletime.audit import queries as audit
from circletime.audit.rules import Entry
from circletime.dispatch.queries.counts import Asked, Family, count_families, told_of_next
from circletime.dispatch.rules import INVITES, What
from circletime.meetings.models import Expected, GrownUpAsk, Happening, Meeting, Seat, Stay, Turn
from circletime.meetings.rules import Kind, SeatRole, State, cap
from circletime.oversight.evidence.figure import Item, rough
from circletime.oversight.evidence.period import Period
from circletime.oversight.models import Incident, Leak, RuleException
from circletime.oversight.queries.exceptions import list_asked
from circletime.oversight.queries.leaks import list_raised
from circletime.oversight.rules.incidents import Kind as IncidentKind


@dataclass(frozen=True)
class Held:
    """One meeting that was held, or that had begun to wait, without anybody's name."""

    pk: int
    public_id: str
    kind: Kind
    purpose: str
    class_name: str
    minutes: int
    live_at: datetime
    ended_at: datetime | None
    room: str
    sharing_on: bool
    has_reason: bool

    @property
    def what(self) -> str:
        """Which meeting, in words that name no child, no family and no group."""
        return f"{self.class_name} · {self.kind.words} meeting" if self.class_name else "Staff meeting"

    @property
    def subject(self) -> str:
        """The meeting as the log names it."""
        return f"meeting:{self.public_id}"

    @property
    def lasted(self) -> timedelta | None:
        return self.ended_at - self.live_at if self.ended_at else None

    @property
    def limit(self) -> timedelta:
        return min(cap(self.kind), timedelta(minutes=self.minutes))

    def item(self, *, of: int = 1, bad: int = 0, note: str = "") -> Item:
        return Item(self.live_at, self.what, of, bad, note, self.public_id)


@dataclass(frozen=True)
class SeatCount:
    """The seats of one role in one meeting, counted."""

    meeting_id: int
    role: str
    seats: int
    admitted: int
    confirmed: int
    waited: int
    removed: int
    removed_silently: int
    strangers: int


_MEETING = (
    "pk",
    "public_id",
    "kind",
    "purpose",
    "school_class__name",
    "minutes",
    "live_at",
    "ended_at",
    "room",
    "sharing_on",
    "end_reason",
)


class Facts:
    """Everything a report reads, as it stands at `now`; what nobody asks for is not read."""

    def __init__(self, period: Period, now: datetime) -> None:
        self.period, self.now = period, now
        self.today = timezone.localtime(now).date()

    @cached_property
    def _span(self) -> tuple[datetime, datetime]:
        return self.period.since, min(self.period.until, self.now + timedelta(seconds=1))

    @property
    def _in_period(self) -> Q:
        since, until = self._span
        return Q(meeting__live_at__gte=since, meeting__live_at__lt=until)

    @cached_property
    def held(self) -> list[Held]:
        """The meetings that went live in the period, in order."""
        since, until = self._span
        found = Meeting.objects.filter(live_at__gte=since, live_at__lt=until).order_by("live_at", "pk")
        return [_held(values) for values in found.values_list(*_MEETING)]

    @cached_property
    def over(self) -> list[Held]:
        """Those that have ended."""
        return [meeting for meeting in self.held if meeting.ended_at is not None]

    @cached_property
    def with_pupils(self) -> list[Held]:
        """Those of a class or a group."""
        return [meeting for meeting in self.held if meeting.kind in (Kind.CLASS, Kind.GROUP)]

    @cached_property
    def broken_off(self) -> list[Held]:
        """Those that were broken off in the period, also out of the waiting room."""
        since, until = self._span
        found = Meeting.objects.filter(state=State.ABORTED, ended_at__gte=since, ended_at__lt=until)
        return [_held(values) for values in found.order_by("ended_at", "pk").values_list(*_MEETING)]

    @cached_property
    def seats(self) -> dict[tuple[int, str], SeatCount]:
        """The seats of each meeting and role, counted."""
        found = (
            Seat.objects.filter(self._in_period)
            .values("meeting_id", "role")
            .annotate(
                seats=Count("pk"),
                admitted=Count("pk", filter=Q(admitted_at__isnull=False)),
                confirmed=Count("pk", filter=Q(grown_up_at__isnull=False)),
                waited=Count("pk", filter=Q(admitted_at__gte=F("knocked_at"))),
                removed=Count("pk", filter=Q(state="removed")),
                removed_silently=Count("pk", filter=Q(state="removed", gone_reason="")),
                strangers=Count("pk", filter=Q(user=None, person=None)),
            )
            .order_by()
        )
        return {(row["meeting_id"], row["role"]): SeatCount(**row) for row in found}

    def seat(self, meeting: Held, role: SeatRole) -> SeatCount:
        """The seats of one role in a meeting."""
        none = SeatCount(meeting.pk, role.value, 0, 0, 0, 0, 0, 0, 0)
        return self.seats.get((meeting.pk, role.value), none)

    @cached_property
    def pupils(self) -> dict[int, list[tuple[int, str]]]:
        """Who of the children was let in, by meeting: number and label."""
        rows = Seat.objects.filter(self._in_period, role=SeatRole.PUPIL, admitted_at__isnull=False)
        return _grouped(rows.order_by().values_list("meeting_id", _child(), "label"))

    @cached_property
    def expected(self) -> dict[int, list[tuple[int, str]]]:
        """Which children each meeting was for."""
        rows = Expected.objects.filter(self._in_period, Q(pupil__isnull=False) | Q(person__isnull=False))
        return _grouped(rows.order_by().values_list("meeting_id", _child(), "label"))

    @cached_property
    def came(self) -> dict[int, set[int]]:
        """Which children were in the room, by meeting."""
        there = Exists(Stay.objects.filter(seat=OuterRef("pk")))
        rows = Seat.objects.filter(self._in_period, there, role=SeatRole.PUPIL)
        found = defaultdict(set)
        for meeting, pupil in rows.order_by().values_list("meeting_id", _child()):
            found[meeting].add(pupil)
        return found

    @cached_property
    def spoke(self) -> dict[int, set[int]]:
        """Which children had a turn, by meeting."""
        rows = Turn.objects.filter(self._in_period)
        found = defaultdict(set)
        for meeting, pupil in rows.order_by().values_list("meeting_id", _child("seat__")).distinct():
            found[meeting].add(pupil)
        return found

    @cached_property
    def turns(self) -> dict[int, tuple[int, int]]:
        """The turns of each meeting: how many, and how many began before one before them had ended."""
        before = Window(
            Max("ended_at"),
            partition_by="meeting_id",
            order_by=("given_at", "pk"),
            frame=RowRange(start=None, end=-1),
        )
        rows = Turn.objects.filter(self._in_period).annotate(before=before)
        found: dict[int, tuple[int, int]] = {}
        for meeting, given_at, ended in rows.order_by().values_list("meeting_id", "given_at", "before"):
            count, bad = found.get(meeting, (0, 0))
            found[meeting] = (count + 1, bad + (ended is not None and given_at < ended))
        return found

    @cached_property
    def happenings(self) -> dict[str, dict[int, int]]:
        """What registers keep, counted by kind and meeting."""
        rows = Happening.objects.filter(self._in_period).values_list("kind", "meeting_id")
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for kind, meeting, count in rows.annotate(count=Count("pk")).order_by():
            found[kind][meeting] = count
        return found

    @cached_property
    def grown_ups(self) -> dict[int, tuple[int, int]]:
        """How often families were asked again in each meeting, and how often one answered (R3)."""
        since, until = self._span
        found = GrownUpAsk.objects.filter(seat__meeting__live_at__gte=since, seat__meeting__live_at__lt=until)
        counts = found.values_list("seat__meeting_id").annotate(
            asked=Count("pk"), answered=Count("answered_at")
        )
        return {meeting: (asked, answered) for meeting, asked, answered in counts.order_by()}

    @cached_property
    def with_families(self) -> list[Held]:
        """Those of which families are told."""
        return [meeting for meeting in self.held if meeting.kind != Kind.STAFF]

    @cached_property
    def invited(self) -> dict[str, list[Family]]:
        """How the families of each meeting were told of it, by the meeting as the log names it."""
        return count_families((self._asked(meeting) for meeting in self.with_families), INVITES)

    def _asked(self, meeting: Held) -> Asked:
        children = frozenset(pupil for pupil, _ in self.expected.get(meeting.pk, ()))
        return Asked(meeting.subject, meeting.live_at, children or None)

    @cached_property
    def first_knocks(self) -> dict[int, datetime]:
        """When the first child or adult of a family asked to come in, by meeting."""
        rows = Seat.objects.filter(self._in_period, role__in=(SeatRole.PUPIL, SeatRole.ADULT)).order_by()
        return dict(rows.values_list("meeting_id").annotate(first=Min("knocked_at")))

    @cached_property
    def told_off(self) -> dict[str, list[Family]]:
        """How families were told of each meeting that was broken off."""
        off = [meeting for meeting in self.broken_off if meeting.kind != Kind.STAFF]
        return count_families(
            (Asked(each.subject, each.ended_at or self.now) for each in off), [What.ABORTED]
        )

    @cached_property
    def told_of_next(self) -> set[str]:
        """Of these, the ones whose families were told of a next one."""
        return told_of_next([each.subject for each in self.broken_off])

    @cached_property
    def leaks(self) -> list[Leak]:
        """Addresses that were seen where they should not be, from the period, in order."""
        return list_raised(*self._span)

    @cached_property
    def links(self) -> list[tuple[str, datetime, int]]:
        """Families' links that were made or burned in the period: the log's kind, when, how many."""
        return audit.numbers((*LINKS_MADE, *LINKS_BURNED), *self._span)

    @cached_property
    def incidents(self) -> list[Incident]:
        """What was reported in the period, in order."""
        since, until = self._span
        found = Incident.objects.filter(reported_at__gte=since, reported_at__lt=until)
        return list(found.order_by("reported_at", "pk"))

    @cached_property
    def exceptions(self) -> list[RuleException]:
        """What exceptions were asked for in the period, in order."""
        return list_asked(*self._span)

    def reported(self, kind: IncidentKind) -> str:
        """How many incidents of one kind staff reported, as a sentence that follows another; or nothing."""
        count = sum(each.kind == kind for each in self.incidents)
        return f" Incidents that staff reported ({kind.words.lower()}): {rough(count)}." if count else ""

    @cached_property
    def log(self) -> dict[str, dict[str, int]]:
        """What the log has of meetings, counted by kind and subject."""
        return audit.tally(LOOKED_AT, *self._span)

    def logged(self, kind: str, meeting: Held) -> int:
        """How often the log has this of a meeting."""
        return self.log[kind].get(meeting.subject, 0)

    @cached_property
    def stood(self) -> dict[tuple[str, str], tuple[int, int]]:
        """How often somebody of a role came into a meeting having accepted what held then, and how often that
        was not kept yet; by the meeting as the log names it, and role.

        Of families it is the code of conduct, of hosts the video policy.
        """
        found: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
        for kind, subject, data in audit.said((KNOCKED, ENTERED), *self._span):
            role = SeatRole.HOST.value if kind == ENTERED else data["role"]
            number = data.get("policy" if kind == ENTERED else "conduct")
            accepted, unknown = found[subject, role]
            found[subject, role] = (accepted + bool(number), unknown + (number is None))
        return found

    @cached_property
    def work_named(self) -> dict[str, bool | None]:
        """Whether what families were sent at last about a meeting of children named where the class's work
        goes on, by the meeting as the log names it; None where that was not kept yet."""
        found: dict[str, dict[str, bool | None]] = defaultdict(dict)
        subjects = [meeting.subject for meeting in self.with_pupils]
        for kind, subject, data in audit.said_of((TOLD, SENT_AGAIN), subjects):
            notices, notice, named = found[subject], data["notice"], data.get("work")
            if kind == SENT_AGAIN:
                notices[notice] = notices.get(notice) or named
            elif data["what"] in INVITES:  # who came to the class later counts with those before
                notices[notice] = named if notices.get(notice, True) else notices[notice]
        return {subject: list(notices.values())[-1] for subject, notices in found.items() if notices}

    def done(self, kind: str) -> list[Entry]:
        """The log's rows of one kind in the period."""
        return audit.done(kind, *self._span)


KNOCKED, ENTERED = "meetings.door.knocked", "meetings.host.entered"
TOLD, SENT_AGAIN = "dispatch.notice.told", "dispatch.notice.sent_again"
LINKS_MADE = ("people.family_link.made", "people.family_links.made")  # the first in older logs alone
LINKS_BURNED = ("people.family_link.burned", "people.family_links.burned", "dispatch.links.burned")
LOOKED_AT = (
    "dispatch.links.handed_out",
    "meetings.guest.admitted",
    "meetings.meeting.freeze",
    "meetings.sharing.on",
    "meetings.recording.lost",
    "meetings.recording.on",
    "meetings.camera.noticed",
    "meetings.camera.off",
    "meetings.door.second_browser",
    "meetings.guest.removed",
    "meetings.guest.waiting",
    "meetings.guest.lie",
    "meetings.guest.shape",
    "meetings.note.written",
)


def _child(before: str = "") -> Coalesce:
    """A child's number; below nought, one of this meeting only, where nobody can tell any more who it was."""
    return Coalesce(f"{before}pupil_id", F(f"{before}person") * -1)


def _held(values: tuple) -> Held:  # type: ignore[type-arg]
    pk, public_id, kind, purpose, class_name, minutes, live_at, ended_at, room, sharing_on, why = values
    return Held(
        pk=pk,
        public_id=public_id,
        kind=Kind(kind),
        purpose=purpose,
        class_name=class_name or "",
        minutes=minutes,
        live_at=live_at or ended_at,
        ended_at=ended_at,
        room=room,
        sharing_on=sharing_on,
        has_reason=bool(why.strip()),
    )


def _grouped(rows) -> dict[int, list[tuple[int, str]]]:  # type: ignore[no-untyped-def]
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for meeting, pupil, label in rows:
        found[meeting].append((pupil, label))
    return found
