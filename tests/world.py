"""A small invented school and a meeting in it, made through the real actions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from circletime.meetings.actions import door, lifecycle, presence
from circletime.meetings.actions.schedule import schedule
from circletime.meetings.models import Meeting, Seat
from circletime.meetings.rules import Kind, Purpose, Recording
from circletime.people.factory import invent_school
from circletime.people.links import FAMILY_LINK_LASTS, make_links, token_of
from circletime.people.models import Household, Pupil, SchoolClass, User
from tests.fake_media import FakeMedia

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PASSWORD = "a-long-enough-password"


@dataclass
class World:
    """One class, its teacher and a colleague, a stranger, and the moment it is."""

    oak: SchoolClass
    teacher: User
    support: User
    stranger: User
    staff: dict[str, User]
    media: FakeMedia
    now: datetime = NOON

    def later(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now

    def pupil(self, name: str) -> Pupil:
        return Pupil.objects.filter(school_class=self.oak, first_name=name).earliest("pk")

    def plan(self, *, kind: Kind = Kind.CLASS, minutes: int = 20, **who: object) -> Meeting:
        purpose = {Kind.STAFF: Purpose.STAFF, Kind.PARENTS: Purpose.FAMILY}.get(kind, Purpose.CIRCLE)
        return schedule(
            kind=kind,
            purpose=purpose,
            starts_at=self.now,
            minutes=minutes,
            by=self.teacher,
            now=self.now,
            school_class=None if kind == Kind.STAFF else self.oak,
            **who,  # type: ignore[arg-type]
        )

    def live(self, **plan: object) -> tuple[Meeting, Seat]:
        """A meeting that is live, its host in the room."""
        meeting = self.plan(**plan)  # type: ignore[arg-type]
        lifecycle.open_waiting_room(meeting=meeting, by="test", now=self.now)
        host = door.enter_as_host(meeting=meeting, by=self.teacher, confirmed=True, key="", now=self.now)
        self.media.create_room(meeting.room)
        lifecycle.recording_changed(meeting=meeting, to=Recording.ON, by="test", now=self.now)
        lifecycle.start(meeting=meeting, by=host, now=self.now)
        self.connect(host)
        return self.fresh(meeting), host

    def knock(self, meeting: Meeting, name: str, key: str = "") -> Seat:
        person = door.Person(pupil=self.pupil(name))
        return door.knock(meeting=meeting, person=person, key=key, grown_up=True, now=self.now)

    def come_in(self, meeting: Meeting, host: Seat, name: str) -> Seat:
        """A child knocks, is admitted and connects."""
        seat = self.knock(meeting, name)
        door.admit(by=host, seat_id=seat.public_id, now=self.now)
        self.connect(seat)
        return Seat.objects.get(pk=seat.pk)

    def connect(self, seat: Seat, connection: str = "one") -> bool:
        """What the gate does: ask, join with the pass, and tell."""
        from circletime.pages.doorman import _admit

        leave = _admit({"seats": {seat.public_id: seat.key}}, seat.public_id)
        if leave is None or not self.media.join(leave.room, leave.identity, leave.rights):
            return False
        return presence.connected(seat=seat, connection=connection, given=leave.rights, now=self.now)

    def drop(self, seat: Seat, connection: str = "one") -> None:
        self.media.part(seat.meeting.room, seat.public_id)
        presence.disconnected(seat=seat, connection=connection, now=self.now)

    def fresh(self, meeting: Meeting) -> Meeting:
        return Meeting.objects.get(pk=meeting.pk)

    def rights(self, seat: Seat):  # type: ignore[no-untyped-def]
        return self.media.rooms.get(seat.meeting.room, {}).get(seat.public_id)


def make_world(media: FakeMedia, *, pupils: int = 10) -> World:
    """A school of two classes."""
    invented = invent_school(now=NOON, classes=2, pupils=pupils, password=PASSWORD)
    staff = {key: user for key, (user, _) in invented.staff.items()}
    return World(
        oak=invented.classes[0],
        teacher=staff["teacher"],
        support=staff["support"],
        stranger=staff["teacher_ash"],
        staff=staff,
        media=media,
    )


def family_link(household: Household, now: datetime) -> str:
    """The token of a new link, as one that is printed."""
    (link,) = make_links([household], until=now + FAMILY_LINK_LASTS, about="test", by="test", now=now)
    return token_of(link.pk)
