"""Whole classes in a running installation, without a browser: meetings that were started, children who
knocked and are let in as by the teacher's button, and for each the session that their page would have."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from circletime.media import livekit
from circletime.media.config import ServerPlan
from circletime.media.livekit import MediaSettings
from tests.harness import Installation
from tests.recorder.studio import Member, Studio

MEETING = """
from contextlib import suppress
from datetime import timedelta
from circletime.core import time
from circletime.core.errors import Refused
from circletime.meetings.actions import lifecycle
from circletime.meetings.actions.schedule import schedule
from circletime.meetings.models import Meeting
from circletime.meetings.rules import Kind, Purpose
last = Meeting.objects.latest("pk")
if last.state not in ("open", "live"):
    now = time.now()
    last = schedule(kind=Kind.CLASS, purpose=Purpose.CIRCLE, starts_at=now + timedelta(seconds=5), minutes=20,
                    by=last.host, now=now, school_class=last.school_class)
    with suppress(Refused):  # the worker was there first
        lifecycle.open_waiting_room(meeting=last, by="system:bench", now=now)
print(last.public_id)
"""
"""The public id of a meeting that can be gone into now: the last one, or another after it."""
COMMON = """
import json
from importlib import import_module
from django.conf import settings
from circletime.core import time
from circletime.meetings.actions import door, lifecycle
from circletime.meetings.models import Expected, Meeting, Seat
def place(seat):
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session["seats"] = {seat.public_id: seat.key}
    session.create()
    return [seat.public_id, f"{settings.SESSION_COOKIE_NAME}={session.session_key}"]
"""
# A meeting of each class now, recorded as every one is, its children in the waiting room; and one of the
# staff's, which nobody has started.
BEGIN = """
from contextlib import suppress
from datetime import timedelta
from circletime.core.errors import Refused
from circletime.media import livekit
from circletime.meetings.actions.schedule import schedule
from circletime.meetings.rules import JOINABLE, Kind, Purpose
from circletime.people.models import SchoolClass
from circletime.recordings.actions.capture import prepare
lessons = []
for one in SchoolClass.objects.order_by("pk")[:CLASSES]:
    teacher = one.staff.filter(rolegrant__role="teacher").earliest("pk")
    meeting = Meeting.objects.filter(school_class=one, state__in=JOINABLE).first()
    if meeting is None:
        meeting = schedule(kind=Kind.CLASS, purpose=Purpose.CIRCLE, minutes=20, by=teacher, now=time.now(),
            starts_at=time.now() + timedelta(seconds=20), school_class=one)
        with suppress(Refused):  # the worker was first
            lifecycle.open_waiting_room(meeting=meeting, by="system:bench", now=time.now())
    host = door.enter_as_host(meeting=meeting, by=teacher, confirmed=True, key="", now=time.now())
    meeting = Meeting.objects.get(pk=meeting.pk)
    prepare(meeting=meeting, by=teacher.actor, now=time.now())
    lifecycle.start(meeting=meeting, by=host, now=time.now())
    children = []
    for row in Expected.objects.filter(meeting=meeting, pupil__isnull=False).order_by("pk")[:CHILDREN]:
        person = door.Person(pupil=row.pupil)
        children.append(door.knock(meeting=meeting, person=person, key="", grown_up=True, now=time.now()))
    lessons.append([meeting.room, place(host), [place(seat) for seat in children]])
aside = schedule(kind=Kind.STAFF, purpose=Purpose.STAFF, minutes=20, by=teacher, now=time.now(),
    starts_at=time.now() + timedelta(minutes=5))
with suppress(Refused):
    lifecycle.open_waiting_room(meeting=aside, by="system:bench", now=time.now())
where = livekit.settings()
print(json.dumps([where.url, where.key, where.secret, lessons, aside.room]))
"""
# A teacher who came in past the gate is written down here, as it would have done.
LET_IN = """
from circletime.media.rules import Rights
from circletime.meetings.actions import presence
for room in ROOMS:
    meeting = Meeting.objects.get(room=room)
    host = Seat.objects.get(meeting=meeting, role="host", state="admitted")
    if not host.connection:
        may = Rights(camera=True, microphone=True, screen=False, subscribe=True)
        presence.connected(seat=host, connection="crowd", given=may, now=time.now())
    for seat in Seat.objects.filter(meeting=meeting, state="waiting"):
        door.admit(by=host, seat_id=seat.public_id, now=time.now())
"""


@dataclass(frozen=True)
class Place:
    """A seat, and the cookie of the browser that holds it."""

    seat: str
    cookie: str


@dataclass
class Lesson:
    """One class that meets. Its teacher has to be in the room before `let_in`."""

    room: str
    host: Place
    children: list[Place]

    @property
    def places(self) -> list[Place]:
        """Everybody's."""
        return [self.host, *self.children]


def straight(at: Installation) -> Studio:
    """The installation's own media server, as the crowd knows one."""
    where = livekit.settings()
    return Studio(at.var, where, ServerPlan(0, 0, 0, "", where.key, where.secret, ""))


@contextmanager
def teachers(at: Installation, begun: list[Lesson], film: Path) -> Iterator[None]:
    """Each class's teacher is in, past the gate, and sends this film."""
    there = straight(at)
    with ExitStack() as stack:
        for lesson in begun:
            stack.enter_context(there.crowd(Member(lesson.host.seat, film), room=lesson.room))
        yield


def begin(at: Installation, classes: int, children: int) -> tuple[list[Lesson], str]:
    """Have so many classes start their meetings, with so many children of each in the waiting room.

    Answers them, and the name of a room that is left alone: the staff's, whose waiting room is open. From
    here on the installation's media server is known in this process.
    """
    code = COMMON + BEGIN.replace("CLASSES", str(classes)).replace("CHILDREN", str(children))
    url, key, secret, found, aside = json.loads(at.python(code))
    livekit.configure(MediaSettings(url, key, secret))
    begun = [
        Lesson(room, Place(*host), [Place(*child) for child in waiting]) for room, host, waiting in found
    ]
    return begun, aside


def let_in(at: Installation, begun: list[Lesson]) -> None:
    """Every child who waits is let in."""
    at.python(COMMON + LET_IN.replace("ROOMS", json.dumps([lesson.room for lesson in begun])))
