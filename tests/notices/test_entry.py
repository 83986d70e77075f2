"""The calendar entry, read by another program than the one that wrote it."""

from datetime import UTC, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import vobject
from django.utils import timezone

from circletime.core.errors import Refused
from circletime.notices import tasks
from circletime.notices.models import Letter
from tests.notices.conftest import Write, entry
from tests.web.post_office import PostOffice
from tests.world import NOON

AMINA = "amina@home.example"


def part(came: EmailMessage, kind: str) -> EmailMessage:
    (found,) = (each for each in came.walk() if each.get_content_type() == kind)
    return found  # type: ignore[return-value]


def opened(came: EmailMessage) -> Any:
    """The one event of the mail's calendar part, as vobject reads it."""
    calendar = vobject.readOne(part(came, "text/calendar").get_content())
    (event,) = calendar.vevent_list
    return calendar, event


def test_a_mail_program_finds_an_invitation(write: Write, office: PostOffice) -> None:
    write(html="<p>Dear parent</p>", calendar=entry(location="School office", description="Ring.\nWait."))
    tasks.send_due(NOON)
    (came,) = office.came
    body = came.get_payload()[0]  # type: ignore[index]
    assert came.get_content_type() == "multipart/mixed"
    assert body.get_content_type() == "multipart/alternative"
    kinds = [each.get_content_type() for each in body.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"], "the plainest first, the invitation last"
    invitation = part(came, "text/calendar")
    assert invitation.get_param("method") == "REQUEST" and invitation.get_param("charset") == "utf-8"
    file = part(came, "application/ics")
    assert file.get_filename() == "invitation.ics"
    assert file.get_payload(decode=True) == invitation.get_payload(decode=True)
    calendar, event = opened(came)
    assert calendar.method.value == "REQUEST" and calendar.version.value == "2.0"
    assert event.uid.value == "case-abc@meet.larkfield.example" and event.sequence.value == "0"
    assert event.dtstart.value == NOON + timedelta(days=1) and event.dtstart.value.tzinfo is not None
    assert event.dtend.value - event.dtstart.value == timedelta(minutes=45)
    assert event.summary.value == "See the recording" and event.location.value == "School office"
    assert event.description.value == "Ring.\nWait." and event.status.value == "CONFIRMED"
    assert event.organizer.value == "mailto:lindqvist@larkfield.example"
    assert event.organizer.params["CN"] == ["Mr Lindqvist"]
    assert event.attendee.value == f"mailto:{AMINA}" and event.attendee.params["RSVP"] == ["TRUE"]


def test_every_line_is_folded_as_the_standard_asks(write: Write) -> None:
    letter = write(calendar=entry(summary="دعوة إلى مشاهدة تسجيل الصف " * 10, description="x" * 900))
    lines = letter.calendar.encode().split(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line for line in lines)
    assert lines[0] == b"BEGIN:VCALENDAR" and lines[-2] == b"END:VCALENDAR"


def test_it_is_moved_and_then_cancelled_under_one_name(write: Write, office: PostOffice) -> None:
    moved = NOON + timedelta(days=3)
    for given in (
        {},
        {"sequence": 1, "starts_at": moved, "ends_at": moved + timedelta(hours=1)},
        {"sequence": 2, "cancelled": True, "starts_at": moved, "ends_at": moved + timedelta(hours=1)},
    ):
        write(calendar=entry(**given))
        tasks.send_due(NOON)
    read = [opened(came) for came in office.came]
    assert {event.uid.value for _, event in read} == {"case-abc@meet.larkfield.example"}
    assert [event.sequence.value for _, event in read] == ["0", "1", "2"]
    assert [calendar.method.value for calendar, _ in read] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [event.status.value for _, event in read] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert read[1][1].dtstart.value == moved
    params = [part(came, "text/calendar").get_param("method") for came in office.came]
    assert params == ["REQUEST", "REQUEST", "CANCEL"]
    assert len({came["Message-ID"] for came in office.came}) == 3


def test_the_same_moment_whatever_zone_it_was_given_in(write: Write) -> None:
    local = timezone.localtime(NOON + timedelta(days=200))
    assert local.utcoffset() == timedelta(hours=1)
    letter = write(calendar=entry(starts_at=local, ends_at=local + timedelta(hours=1)))
    event = vobject.readOne(letter.calendar).vevent
    assert event.dtstart.value == local and event.dtstart.value.utcoffset() == timedelta(0)
    assert f"DTSTART:{local.astimezone(UTC):%Y%m%dT%H%M%SZ}" in letter.calendar


@pytest.mark.parametrize(
    "name",
    [
        "فاطمہ خان",
        'Mr "Bob" Lee; CN=x',
        "O'Shea, Lee: Head",
        "Lee\r\nATTENDEE:mailto:x@y.example",
        "Lee\nMETHOD:CANCEL\nEND:VEVENT",
        "Lee\\nMETHOD:CANCEL",
        "Ægir Łukasz Nguyễn",
        "^nLee^'",
    ],
)
def test_names_are_names_and_never_lines_of_the_entry(name: str, write: Write, office: PostOffice) -> None:
    write(calendar=entry(organizer_name=name, summary=name, location=name, description=name))
    tasks.send_due(NOON)
    calendar, event = opened(office.came[0])
    assert calendar.method.value == "REQUEST"
    assert sorted(event.contents) == sorted(
        "uid sequence dtstamp dtstart dtend summary status description location organizer attendee".split()
    )
    assert len(event.attendee_list) == 1 and event.attendee.value == f"mailto:{AMINA}"
    shown = " ".join(name.split())
    assert event.summary.value == shown == event.location.value
    assert event.organizer.value == "mailto:lindqvist@larkfield.example"
    if shown.isprintable() and not set(shown) & set('^"'):
        assert event.organizer.params["CN"] == [shown]
    method = part(office.came[0], "text/calendar").get_param("method")
    assert method == "REQUEST"


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_at": NOON},
        {"ends_at": NOON + timedelta(days=1)},
        {"starts_at": (NOON + timedelta(days=1)).replace(tzinfo=None)},
        {"uid": ""},
        {"uid": "a b"},
        {"uid": "a\r\nMETHOD:CANCEL"},
        {"sequence": -1},
        {"summary": "\n"},
        {"organizer_email": "nobody"},
        {"organizer_email": "a@b.example\r\nMETHOD:CANCEL"},
    ],
)
def test_an_entry_that_no_calendar_could_hold_is_refused(wrong: dict[str, Any], write: Write) -> None:
    with pytest.raises(Refused):
        write(calendar=entry(**wrong))
    assert not Letter.objects.exists()
