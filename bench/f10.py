"""F10: how long the server works at a page, and how much of it goes over the wire."""

import gc
import gzip
import random
import re
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.report import Cell, Result
from bench.school import hold, installed
from tests.signing import sign_in

CLASSES, PUPILS, WEEKS, LOOKS = 14, 30, 36, 20
REPORT = "the report of a year"
"""Counted anew from the registers at each look; its own target is F18's."""
MOST_SECONDS, MOST_PAGE, MOST_ROOM = 0.1, 200 * 1024, 350 * 1024


def run() -> Result:
    """In a database file of its own, as one installation has it, after a year of meetings."""
    with installed():
        from django.test.utils import setup_test_environment

        setup_test_environment()  # the client's own host name is let in
        return _measure()


def _measure() -> Result:
    pages = prepare()
    gc.collect()
    gc.freeze()  # as the app does when it is loaded; what made the year is not there in a school's process
    rows = sorted((_look(*page) for page in pages), key=lambda row: -float(row["p95, ms"]))
    slowest = max(float(row["p95, ms"]) for row in rows if row["page"] != REPORT) / 1000
    largest = max(float(row["KiB compressed"]) for row in rows) * 1024
    room = _room()
    rows.append(
        {
            "page": "the room's program and style",
            "who": "everybody",
            "median, ms": "",
            "p95, ms": "",
            "KiB compressed": round(room / 1024, 1),
        }
    )
    return Result(
        "F10",
        "Pages of a school after a year",
        "p95 under 100 ms on the server; each page under 200 KiB, the room under 350 KiB, compressed",
        slowest < MOST_SECONDS and largest < MOST_PAGE and room < MOST_ROOM,
        {"slowest_p95_ms": slowest * 1000, "largest_kib": largest / 1024, "room_kib": room / 1024},
        rows,
        [
            f"{CLASSES * PUPILS} children in {CLASSES} classes, {CLASSES * WEEKS} meetings held in {WEEKS} "
            "weeks, one of each class planned and told of. SQLite in a file.",
            f"Django's whole answer, middleware and templates with it, in this process: {LOOKS} looks after "
            "one that is not counted. The network and uvicorn are not in it.",
            "The report counts a year anew at each look; what it may take is F18's, and it is not among "
            "those held to 100 ms here.",
            "KiB are the page with each style and program it names, gzip at 6, nothing from a cache.",
        ],
    )


def prepare() -> list[tuple[str, str, Any, str]]:
    """The school, its year, and the pages: what it is called, for whom, their browser, its address."""
    from django.test import Client
    from django.urls import reverse

    from circletime.core.time import now
    from circletime.documents.factory import adopt_documents
    from circletime.meetings.actions.schedule import schedule
    from circletime.meetings.models import Meeting
    from circletime.meetings.rules import Kind, Purpose
    from circletime.people.factory import invent_school
    from circletime.people.links import FAMILY_LINK_LASTS, make_links, token_of
    from circletime.people.models import Household, Pupil, SchoolClass

    today = now()
    made = invent_school(now=today - timedelta(weeks=WEEKS + 1), classes=CLASSES, pupils=CLASSES * PUPILS)
    adopt_documents(today)
    host, pick = made.staff["teacher"][0], random.Random(10)
    classes = list(SchoolClass.objects.order_by("pk"))
    for school_class in classes:
        children = list(Pupil.objects.filter(school_class=school_class))
        for week in range(1, WEEKS + 1):
            at = today - timedelta(weeks=week)
            hold(school_class, children, host=host.pk, at=at, pick=pick, gone=week > 4)
    starts = _next_school_day(today)
    for school_class in classes:
        for by in school_class.staff.filter(rolegrant__role="teacher")[:1]:
            schedule(
                kind=Kind.CLASS,
                purpose=Purpose.CIRCLE,
                starts_at=starts,
                minutes=20,
                by=by,
                now=today,
                school_class=school_class,
            )
    oak = classes[0]
    amara = Pupil.objects.filter(school_class=oak).earliest("pk")
    home: Household = amara.households.all()[0]
    old = Meeting.objects.filter(school_class=oak, state="ended").latest("pk")
    new = Meeting.objects.filter(school_class=oak, state="scheduled").latest("pk")

    def signed_in(role: str) -> Client:
        client = Client()
        sign_in(client, made.staff[role][0])
        return client

    family = Client()
    until, about = today + FAMILY_LINK_LASTS, f"household:{home.pk}"
    (link,) = make_links([home], until=until, about=about, by="bench", now=today)
    family.get(f"/f/{token_of(link.pk)}")
    office, teacher, slt, governor = map(signed_in, ("office", "teacher", "slt", "governor"))
    register = reverse("meeting", args=[old.public_id]) + "register"
    return [
        ("sign in", "everybody", Client(), "/accounts/login/"),
        ("join", "a family", Client(), reverse("join")),
        ("the family's page", "a family", family, "/family/"),
        ("meetings", "a teacher", teacher, reverse("meetings")),
        ("a meeting", "a teacher", teacher, reverse("meeting", args=[new.public_id])),
        ("a new meeting", "a teacher", teacher, reverse("meeting-new")),
        ("a register", "a teacher", teacher, register),
        ("classes", "the office", office, reverse("classes")),
        ("people", "the office", office, reverse("people")),
        ("a class", "the office", office, reverse("people-class", args=[oak.pk])),
        ("a child", "the office", office, reverse("people-pupil", args=[amara.pk])),
        ("a household", "the office", office, reverse("people-household", args=[home.pk])),
        ("dispatch", "the office", office, f"/dispatch/?day={starts:%Y-%m-%d}"),
        ("letters", "the office", office, "/letters/"),
        ("the roster", "the office", office, reverse("roster")),
        ("requests", "a senior leader", slt, "/requests/"),
        ("who has read", "the office", office, "/policies/code-of-conduct/readers"),
        ("recordings", "a senior leader", slt, "/recordings/"),
        (REPORT, "a governor", governor, "/report/?span=year"),
    ]


def _next_school_day(today: datetime) -> datetime:
    day = today + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, 10, 0, tzinfo=UTC)


def _look(name: str, who: str, client: Any, address: str) -> dict[str, Cell]:
    took: list[float] = []
    for _ in range(LOOKS + 1):
        began = time.perf_counter()
        answer = client.get(address)
        took.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} was answered {answer.status_code}")
    took = sorted(took[1:])
    return {
        "page": name,
        "who": who,
        "median, ms": round(statistics.median(took) * 1000, 1),
        "p95, ms": round(took[int(LOOKS * 0.95) - 1] * 1000, 1),
        "KiB compressed": round(_weight(answer.content) / 1024, 1),
    }


def _weight(page: bytes) -> int:
    from django.contrib.staticfiles import finders

    named = set(re.findall(rb'(?:href|src)="/static/([^"?]+)', page))
    paths = [finders.find(each.decode()) for each in named]
    return _packed(page) + sum(_packed(Path(str(path)).read_bytes()) for path in paths if path)


def _packed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def _room() -> int:
    dist = Path(__file__).resolve().parent.parent / "room" / "dist"
    return sum(_packed(path.read_bytes()) for path in dist.rglob("*") if path.suffix in (".js", ".css"))
