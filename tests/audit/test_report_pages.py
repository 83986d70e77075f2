"""The report and the log as pages and files: who may, what no one is told, and whether a file was changed."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from circletime.audit import verify_log
from circletime.audit.models import Checkpoint, Row
from circletime.audit.queries import verify
from circletime.audit.verify_log import Broken
from circletime.core import signing, time
from circletime.core.errors import NotAllowed
from circletime.meetings.actions import door, lifecycle
from circletime.meetings.rules import Kind
from circletime.notices.models import Letter
from circletime.oversight.actions.reports import sign_report
from circletime.oversight.evidence.figure import rough
from circletime.oversight.evidence.period import between
from circletime.oversight.evidence.report import make_report
from circletime.people.models import Adult, Group, Household, Pupil, School, SchoolClass
from circletime.policy.clauses import CLAUSES
from tests.audit.conftest import sql
from tests.fake_media import FakeMedia
from tests.waiting import run
from tests.web.page import Page
from tests.web.pdf import text_of
from tests.web.visits import Visits
from tests.world import World, make_world

WEEK = "span=week"


@pytest.fixture
def world(db: None, media: FakeMedia, monkeypatch: pytest.MonkeyPatch) -> World:
    """A school, in a transaction that is undone."""
    made = make_world(media, pupils=4)
    monkeypatch.setattr(time, "now", lambda: made.now)
    return made


@pytest.fixture
def term(world: World, visits: Visits, keys: Any, settings: Any) -> World:
    """A class met: somebody was removed, the meeting was broken off."""
    settings.VAULT = keys / "vault"
    meeting, host = world.live()
    for name in ("Amara", "Ben"):
        world.come_in(meeting, host, name)
    world.later(minutes=3)
    amara = meeting.seat_set.get(pupil__first_name="Amara", role="pupil")
    door.remove(by=host, seat_id=amara.public_id, reason="Kept shouting", now=world.now)
    lifecycle.abort(by=host, reason="The internet failed", now=world.later(minutes=4))
    world.later(minutes=1)
    return world


@pytest.fixture
def visits(world: World) -> Visits:
    return Visits(world)


def names() -> set[str]:
    """What no governor reads: every child's and every family's name, and every address of theirs."""
    found = {pupil.first_name for pupil in Pupil.objects.all()} | {
        pupil.last_name for pupil in Pupil.objects.all()
    }
    for adult in Adult.objects.all():
        found |= {adult.name, adult.email}
    return found


def texts(governor: Client) -> dict[str, str]:
    """Everything a governor can take away, as text."""
    found = {"page": governor.get(f"/report/?{WEEK}").content.decode()}
    for clause in CLAUSES:
        found[clause.number] = governor.get(f"/report/clauses/{clause.number}/?{WEEK}").content.decode()
    found["pdf"] = text_of(governor.post("/report/report.pdf", {"span": "week"}).content)
    found["csv"] = governor.post("/report/report.csv", {"span": "week"}).content.decode()
    found["log"] = governor.get("/report/log/").content.decode()
    return found


def test_no_name_is_on_any_page_or_in_any_file(term: World, visits: Visits) -> None:
    governor = visits.by_role("governor")
    for where, text in texts(governor).items():
        words = set(text.replace("<", " ").replace(">", " ").replace(",", " ").split())
        for name in names():
            assert name not in (text if " " in name or "@" in name else words), (where, name)
        assert "Kept shouting" not in text and "The internet failed" not in text, where


def test_neither_a_family_nor_a_group_is_named(term: World, visits: Visits) -> None:
    """Where one family was met, or a group whose name says why its children are in it."""
    household = visits.family_of(term.pupil("Ben"))
    Household.objects.filter(pk=household.pk).update(name="The Quagga family")
    group = Group.objects.filter(school_class=term.oak).earliest("pk")
    Group.objects.filter(pk=group.pk).update(name="Zyzzyva spellers")
    for who in ({"kind": Kind.PARENTS, "household": household}, {"kind": Kind.GROUP, "group": group}):
        _, host = term.live(**who)
        lifecycle.end(by=host, now=term.later(minutes=5))
        term.later(hours=1)
    found = texts(visits.by_role("governor"))
    assert "Oak · Parents meeting" in found["T2"] and "Oak · Group meeting" in found["T2"]
    for where, text in found.items():
        assert "Quagga" not in text and "Zyzzyva" not in text, where


def test_a_governor_reads_no_recording_and_no_register(term: World, visits: Visits) -> None:
    governor = visits.by_role("governor")
    page = governor.get(f"/report/clauses/T2/?{WEEK}").content.decode()
    assert "Oak · Class meeting" in page and "/register" not in page
    assert "/register" in visits.by_role("dsl").get(f"/report/clauses/T2/?{WEEK}").content.decode()
    for address in ("/recordings/", f"/meetings/{term.oak.pk}/register"):
        assert governor.get(address).status_code in (403, 404)


def test_small_numbers_of_children_are_told_roughly_and_not_by_meeting(term: World, visits: Visits) -> None:
    for client in (visits.by_role("governor"), visits.by_role("headteacher")):
        page = client.get(f"/report/?{WEEK}").content.decode()
        assert "removed somebody fewer than 5 times" in page
    governors = visits.by_role("governor").get(f"/report/clauses/P6/?{WEEK}").content.decode()
    assert "Oak" not in governors and "shown only to senior leaders" in governors
    assert "Oak" in visits.by_role("slt").get(f"/report/clauses/P6/?{WEEK}").content.decode()


ROUGHLY = {0: "0", 1: "fewer than 5", 4: "fewer than 5", 7: "about 5", 8: "about 10", 1203: "about 1,205"}


@pytest.mark.parametrize(("count", "told"), ROUGHLY.items())
def test_rough_numbers(count: int, told: str) -> None:
    assert rough(count) == told


@pytest.mark.parametrize("kind", ["pdf", "csv"])
def test_a_signed_file_shows_any_change(term: World, visits: Visits, kind: str) -> None:
    governor = visits.by_role("governor")
    signed = governor.post(f"/report/report.{kind}", {"span": "week"}).content
    facts = verify_log.check_report(signed)
    row = Row.objects.get(number=facts["row"])
    assert row.digest == facts["digest"] and facts["school"] == School.objects.get().name

    def page(data: bytes) -> str:
        answer = governor.post("/report/check", {"report": SimpleUploadedFile("report", data)})
        return Page(answer).words()

    assert "This is the report as it was signed, and the log still has the row" in page(signed)
    for changed in (
        signed[:200] + b"X" + signed[201:],
        signed[:-9],
        signed + b"\n",
        signed[100:],
        b"",
        b"%PDF",
    ):
        with pytest.raises(Broken):
            verify_log.check_report(changed)
    assert "was changed after it was signed" in page(signed[:200] + b"X" + signed[201:])
    assert "has no signature" in page(b"%PDF-1.7 nothing")
    sql(f"UPDATE audit_row SET digest = '00' WHERE number = {facts['row']}")
    assert "the log does not have the row it names any more" in page(signed)


@pytest.mark.parametrize("who", ["teacher", "support", "office"])
def test_nobody_else_has_a_report_signed(term: World, who: str) -> None:
    """Asked of the action itself; the pages are nobody else's either."""
    today = term.now.date()
    report = make_report(between(today, today, timezone.get_current_timezone()), term.now)
    given: dict[str, Any] = {"body": b"%PDF", "kind": "pdf", "report": report, "now": term.now}
    with pytest.raises(NotAllowed):
        sign_report(by=term.staff[who], **given)
    assert not Row.objects.filter(kind="oversight.report.signed").exists()
    assert verify_log.check_report(sign_report(by=term.staff["governor"], **given))


def test_a_report_of_another_school_is_told_apart(term: World, visits: Visits, keys: Any) -> None:
    governor = visits.by_role("governor")
    theirs = governor.post("/report/report.csv", {"span": "week"}).content
    (keys / "log_key").unlink()
    signing.public_key("log_key", may_make_file=True)
    answer = governor.post("/report/check", {"report": SimpleUploadedFile("r", theirs)})
    assert answer.status_code == 400 and "another key" in answer.content.decode()


def test_taking_a_report_is_in_the_log_and_brings_a_checkpoint_but_not_with_every_press(
    term: World, visits: Visits
) -> None:
    governor = visits.by_role("governor")
    for _ in range(3):
        assert governor.post("/report/report.csv").status_code == 200
    assert Row.objects.filter(kind="oversight.report.signed").count() == 3
    assert Row.objects.filter(kind="audit.checkpoint.signed").count() == 1
    assert Letter.objects.filter(kind="log").count() == 1
    term.later(hours=2)
    visits.by_role("governor").post("/report/report.csv")
    assert Row.objects.filter(kind="audit.checkpoint.signed").count() == 2
    assert verify()[1] is None


def test_without_the_key_there_is_a_sentence_and_no_file(term: World, visits: Visits, keys: Any) -> None:
    governor = visits.by_role("governor")
    governor.post("/report/report.csv")
    (keys / "log_key").unlink()
    answer = governor.post("/report/report.csv")
    assert answer.status_code == 503 and b"cannot be signed" in answer.content
    assert Row.objects.filter(kind="oversight.report.signed").count() == 1
    assert governor.get("/report/").status_code == governor.get("/report/log/").status_code == 200


def test_nothing_is_signed_over_a_log_that_does_not_hold(term: World, visits: Visits) -> None:
    """Else whoever rewrote a row takes a report, and the checkpoint that comes with it covers the row."""
    governor = visits.by_role("governor")
    sql("UPDATE audit_row SET kind='x' WHERE number=2")
    for kind in ("csv", "pdf"):
        answer = governor.post(f"/report/report.{kind}", {"span": "week"})
        assert answer.status_code == 409 and b"row 2 was changed" in answer.content
    assert not Checkpoint.objects.exists()
    assert not Row.objects.filter(kind="oversight.report.signed").exists()
    told = Letter.objects.filter(kind="log")
    assert {letter.subject for letter in told} == {"Circletime's log does not hold"}
    assert told.count() == len({letter.to for letter in told}) == 3, "governor, head and lead, once that day"


def test_a_letter_of_another_school_is_no_alarm(term: World, visits: Visits, keys: Any) -> None:
    governor = visits.by_role("governor")
    governor.post("/report/report.csv")
    letter = Letter.objects.get(kind="log").text
    (keys / "log_key").unlink()
    signing.public_key("log_key", may_make_file=True)
    answer = governor.post("/report/log/", {"checkpoint": letter})
    assert answer.status_code == 400
    assert "signed with another key than this school" in Page(answer).words()
    assert "The letter" not in Page(answer).words(), "neither that it fits nor that it does not"


def test_no_spreadsheet_runs_what_stands_in_a_report(term: World, visits: Visits) -> None:
    School.objects.update(name='=HYPERLINK("http://evil.example","x")')
    SchoolClass.objects.filter(pk=term.oak.pk).update(name="@SUM(1)")
    data = visits.by_role("governor").post("/report/report.csv", {"span": "week"}).content
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0][1].startswith("'=HYPERLINK")
    assert all(not cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row)
    assert {row[0] for row in rows[2:-1]} == {clause.number for clause in CLAUSES}
    page = visits.by_role("governor").get(f"/report/?{WEEK}").content.decode()
    assert "&quot;http://evil.example" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-11-20&to=2026-11-19", "Choose a last day that is not before the first."),
        ("from=yesterday&to=2026-11-19", "Say from which day"),
        ("from=2026-11-20", "Say to which day"),
        ("from=0001-01-01&to=9999-12-31", "at most three years"),
    ],
)
def test_days_that_cannot_be_are_told_beside_their_field(
    term: World, visits: Visits, query: str, said: str
) -> None:
    answer = visits.by_role("dsl").get(f"/report/?{query}")
    assert answer.status_code == 400 and said in answer.content.decode()
    typed = dict(part.split("=") for part in query.split("&"))
    assert visits.by_role("dsl").post("/report/report.csv", typed).status_code == 400


@pytest.mark.parametrize(
    "query", ["span=eternity", "back=-1", "back=99", "span=week&back=" + "9" * 400, "span=year&back=3"]
)
def test_odd_addresses_show_some_period(term: World, visits: Visits, query: str) -> None:
    assert visits.by_role("governor").get(f"/report/?{query}").status_code == 200
    assert visits.by_role("governor").get(f"/report/clauses/T2/?{query}").status_code == 200


def test_the_log_is_searched_compared_and_taken_away(term: World, visits: Visits) -> None:
    governor = visits.by_role("governor")
    governor.post("/report/report.csv")
    letter = Letter.objects.get(kind="log").text
    page = governor.get("/report/log/?find=meetings.guest.removed").content.decode()
    assert page.count("meetings.guest.removed") == 2, "the field, and the one row"
    fits = governor.post("/report/log/", {"checkpoint": letter})
    assert "The letter fits" in fits.content.decode()
    odd = governor.post("/report/log/", {"checkpoint": "hello"})
    assert odd.status_code == 400 and "Paste the whole checkpoint" in odd.content.decode()
    assert ">hello</textarea>" in odd.content.decode()
    sql("UPDATE audit_row SET kind='x' WHERE number = 2")
    changed = governor.post("/report/log/", {"checkpoint": letter}).content.decode()
    assert "row 2 was changed" in changed and "The letter fits" not in changed
    sql("UPDATE audit_row SET digest='00' WHERE number > 2")
    assert "The letter does not fit" in governor.post("/report/log/", {"checkpoint": letter}).content.decode()
    for odd in ("find=%00", "find=" + "x" * 900, "before=0", "before=9999999999999999999", "before=-1"):
        assert governor.get(f"/report/log/?{odd}").status_code == 200


def test_the_export_is_checked_by_the_script(term: World, visits: Visits, tmp_path: Path) -> None:
    governor = visits.by_role("governor")
    answer = governor.post("/report/log/export")

    async def read() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(run(read))
    rows = Row.objects.count()
    assert verify_log.check_file(str(path)).startswith(f"{rows} rows, none changed")
    assert Row.objects.latest("number").kind == "oversight.log.exported", "the taking itself is in it"
    assert governor.get("/report/log/verify_log.py").content.startswith(b"#!/usr/bin/env python3")


def test_a_report_asks_the_database_a_fixed_number_of_times(term: World, visits: Visits) -> None:
    governor = visits.by_role("governor")
    governor.get(f"/report/?{WEEK}")
    with CaptureQueriesContext(connection) as asked:
        governor.get(f"/report/?{WEEK}")
    few = len(asked)
    for _ in range(3):
        meeting, host = term.live()
        term.come_in(meeting, host, "Chloé")
        lifecycle.end(by=host, now=term.later(minutes=2))
        term.later(minutes=30)
    governor.get(f"/report/?{WEEK}")  # the first page in a while notes that somebody was here
    with CaptureQueriesContext(connection) as asked:
        governor.get(f"/report/?{WEEK}")
    assert len(asked) == few < 52
