"""Meetings are drawn by lot, by a draw that anybody can repeat, and what was found is kept (C5)."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from circletime.audit import queries as audit
from circletime.audit.actions import record
from circletime.audit.models import Row
from circletime.core.errors import NotAllowed, Refused
from circletime.meetings.models import Meeting
from circletime.meetings.rules import SeatRole
from circletime.meetings.rules import State as MeetingState
from circletime.notices.models import Letter
from circletime.oversight import tasks
from circletime.oversight.actions.checkpoints import watch_log
from circletime.oversight.actions.monitoring import draw_meetings, write_finding
from circletime.oversight.models import Draw, DrawnMeeting
from circletime.oversight.rules import monitoring as rules
from circletime.people.rules import Role
from tests.fake_media import FakeMedia
from tests.recordings.school import make_meeting, make_seat
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World, make_world

DECEMBER = date(2026, 12, 1)


@pytest.fixture
def held(world: World) -> list[Meeting]:
    """Nine meetings of November, one before and one after."""
    made = []
    for day in (*range(1, 10), -1, 30):
        meeting = make_meeting(world.staff, state=MeetingState.ENDED, seconds=600)
        at = datetime(2026, 11, 1, 9, 0, tzinfo=UTC) + timedelta(days=day)
        Meeting.objects.filter(pk=meeting.pk).update(live_at=at, ended_at=at + timedelta(minutes=10))
        made.append(world.fresh(meeting))
    return made


@pytest.fixture
def december(world: World, held: list[Meeting]) -> World:
    world.now = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)
    return world


@pytest.fixture
def drawn(december: World) -> list[DrawnMeeting]:
    tasks.draw_due(december.now)
    return list(DrawnMeeting.objects.all())


class TestRules:
    def test_months(self) -> None:
        assert rules.month_of(date(2026, 12, 31)) == DECEMBER
        assert rules.month_before(date(2026, 1, 1)) == date(2025, 12, 1)
        assert rules.month_before(DECEMBER) == date(2026, 11, 1)
        assert rules.month_after(DECEMBER) == date(2027, 1, 1)
        assert rules.month_after(date(2026, 11, 1)) == DECEMBER

    def test_a_ticket_is_what_a_shell_says(self) -> None:
        assert rules.ticket("seed", "one") == hashlib.sha256(b"seed:one").hexdigest()
        assert rules.drawn_of("seed", ["b", "a"]) == rules.drawn_of("seed", ["a", "b"])
        assert len(rules.drawn_of("seed", map(str, range(99)))) == 4

    @pytest.mark.parametrize("role", Role)
    def test_who_looks(self, role: Role) -> None:
        assert rules.can_look({role}, hosted=False) == (role in (Role.DSL, Role.HEADTEACHER))
        assert not rules.can_look({role}, hosted=True)

    def test_late_is_after_the_month(self) -> None:
        assert not rules.is_late(DECEMBER, None, date(2026, 12, 31))
        assert rules.is_late(DECEMBER, None, date(2027, 1, 1))
        assert not rules.is_late(DECEMBER, date(2026, 12, 31), date(2027, 2, 1))
        assert rules.is_late(DECEMBER, date(2027, 1, 1), date(2027, 2, 1))


class TestAttacks:
    @pytest.mark.parametrize("who", ["teacher", "support", "office", "governor", "slt"])
    def test_nobody_else_says_what_was_found(
        self, who: str, december: World, drawn: list[DrawnMeeting]
    ) -> None:
        with pytest.raises(NotAllowed):
            write_finding(
                drawn=drawn[0], found="good", note="All well", by=december.staff[who], now=december.now
            )
        assert not DrawnMeeting.objects.exclude(found="").exists()

    def test_nobody_looks_at_their_own(self, december: World, drawn: list[DrawnMeeting]) -> None:
        dsl = december.staff["dsl"]
        Meeting.objects.filter(pk=drawn[0].meeting_id).update(host=dsl)
        make_seat(drawn[1].meeting, dsl.name, role=SeatRole.HOST, user=dsl)
        who: dict[str, Any] = {"found": "good", "note": "All well", "now": december.now}
        for own in drawn[:2]:
            own = DrawnMeeting.objects.get(pk=own.pk)
            with pytest.raises(NotAllowed, match="hosted"):
                write_finding(drawn=own, by=dsl, **who)
            write_finding(drawn=own, by=december.staff["headteacher"], **who)

    def test_what_was_found_is_not_written_over(self, december: World, drawn: list[DrawnMeeting]) -> None:
        who: dict[str, Any] = {"drawn": drawn[0], "by": december.staff["dsl"], "now": december.now}
        for field, wrong in {"found": {"found": "x", "note": "All well"}, "note": {"note": ""}}.items():
            with pytest.raises(Refused) as refused:
                write_finding(**{"found": "good"} | wrong | who)
            assert refused.value.field == field
        write_finding(found="better", note="The sound was low", **who)
        with pytest.raises(Refused, match="already"):
            write_finding(found="good", note="All well", **who)
        assert DrawnMeeting.objects.get(pk=drawn[0].pk).found == "better"
        row = Row.objects.get(kind="oversight.draw.looked")
        assert "sound" not in row.data and drawn[0].meeting.public_id in row.data
        with pytest.raises(IntegrityError), transaction.atomic():
            DrawnMeeting.objects.filter(pk=drawn[1].pk).update(found="good")

    def test_two_who_look_in_the_same_moment(self, transactional_db: None, media: FakeMedia) -> None:
        """Each in a thread and a transaction of their own, begun together; the first one's word stays."""
        world, begun = make_world(media, pupils=1), Barrier(2)
        meeting = make_meeting(world.staff, state=MeetingState.ENDED, seconds=600)
        at = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)
        Meeting.objects.filter(pk=meeting.pk).update(live_at=at, ended_at=at + timedelta(minutes=10))
        now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
        tasks.draw_due(now)
        drawn = DrawnMeeting.objects.get()

        def press(who: str) -> str:
            begun.wait()
            try:
                write_finding(drawn=drawn, found="good", note=f"Seen by {who}", by=world.staff[who], now=now)
                return who
            except Refused:
                return ""
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            nobody, first = sorted(pool.map(press, ("dsl", "headteacher")))
        drawn.refresh_from_db()
        assert nobody == "" and drawn.note == f"Seen by {first}" and drawn.looked_by == world.staff[first]
        assert Row.objects.filter(kind="oversight.draw.looked").count() == 1

    def test_a_governor_repeats_the_draw_and_reads_no_finding(
        self, december: World, visits: Visits, drawn: list[DrawnMeeting]
    ) -> None:
        write_finding(
            drawn=drawn[0], found="better", note="Low sound", by=december.staff["dsl"], now=december.now
        )
        page = Page(visits.by_role("governor").get(reverse("monitoring")))
        assert drawn[0].meeting.public_id in page.words() and "Looked at" in page.words()
        for word in ("Oak", "Low sound", "Something to do better"):
            assert word not in page.words()
        address = reverse("monitored", args=[drawn[0].public_id])
        assert visits.by_role("governor").get(address).status_code == 403
        assert visits.by_role("slt").get(reverse("monitoring")).status_code == 403


class TestDraw:
    def test_anybody_can_repeat_it(self, december: World, held: list[Meeting], visits: Visits) -> None:
        midnight = datetime(2026, 12, 1, tzinfo=UTC)
        with transaction.atomic():
            record("test.before", by="test", subject="log", now=midnight - timedelta(seconds=1))
            row, digest = audit.head()
            record("test.later", by="test", subject="log", now=midnight)
        tasks.draw_due(december.later(days=9))
        draw = Draw.objects.get()
        assert (draw.month, draw.row, draw.digest) == (DECEMBER, row, digest) and row > 0
        november = [each.public_id for each in held[:9]]
        tickets = {hashlib.sha256(f"{digest}:{each}".encode()).hexdigest(): each for each in november}
        expected = [tickets[each] for each in sorted(tickets)[:4]]
        assert [each.meeting.public_id for each in draw.meetings.all()] == expected
        words = Page(visits.by_role("governor").get(reverse("monitoring"))).words()
        assert digest in words and all(each in words for each in (*tickets, *november))

    def test_it_is_drawn_once_a_month_and_told(self, december: World, drawn: list[DrawnMeeting]) -> None:
        tasks.draw_due(december.later(days=20))
        assert Draw.objects.count() == 1 and len(drawn) == 4
        letter = Letter.objects.get(kind="monitoring")
        assert letter.to == december.staff["dsl"].email and "before the end of December" in letter.text
        with pytest.raises(IntegrityError), transaction.atomic():
            draw_meetings(month=DECEMBER, by="test", now=december.now)

    def test_without_a_meeting_nothing_is_drawn(self, world: World) -> None:
        tasks.draw_due(world.now)
        assert not Draw.objects.exists()

    def test_fewer_than_four_are_all_drawn(self, december: World, held: list[Meeting]) -> None:
        Meeting.objects.filter(pk__in=[each.pk for each in held[2:]]).update(live_at=None)
        tasks.draw_due(december.now)
        assert DrawnMeeting.objects.count() == 2


class TestPages:
    @pytest.fixture
    def open_it(self, visits: Visits, drawn: list[DrawnMeeting]) -> Callable[..., Any]:
        address = reverse("monitored", args=[drawn[0].public_id])

        def ask(who: str, **said: Any) -> Any:
            client = visits.by_role(who)
            return client.post(address, {"verb": "find", **said}) if said else client.get(address)

        return ask

    def test_what_was_found_is_kept_and_counted(
        self, december: World, open_it: Callable[..., Any], visits: Visits, settings: Any, tmp_path: Any
    ) -> None:
        answer = open_it("dsl", found="good", note="")
        assert answer.status_code == 400 and Page(answer).said_beside("note")
        assert Page(answer).value("found") == "good"
        assert open_it("dsl", found="good", note="Turns for all").status_code == 302
        assert "As the policy asks: Turns for all" in Page(open_it("headteacher")).words()
        assert open_it("headteacher", found="better", note="Not so good").status_code == 403
        settings.KEYS = tmp_path
        with transaction.atomic():
            record("test.row", by="test", subject="log", now=december.now)
        watch_log(now=december.now)
        days = {"from": "2026-12-01", "to": "2026-12-31"}
        words = Page(visits.by_role("governor").get(reverse("report-clause", args=["C5"]), days)).words()
        assert "1 of 4 meetings that were drawn were looked at" in words

    def test_the_end_of_the_month_is_said(
        self, december: World, open_it: Callable[..., Any], visits: Visits
    ) -> None:
        index = reverse("monitoring")
        assert "Not looked at yet" in Page(visits.by_role("dsl").get(index)).words()
        december.now = datetime(2027, 1, 1, 8, 0, tzinfo=UTC)
        assert Page(visits.by_role("governor").get(index)).words().count("Not looked at by the end") == 4
        assert open_it("dsl", found="good", note="Late, but well").status_code == 302
        assert "after the end of the month" in Page(visits.by_role("dsl").get(index)).words()
        assert "It was later" in Page(open_it("dsl")).words()

    def test_the_host_is_told_that_somebody_else_looks(
        self, december: World, open_it: Callable[..., Any], drawn: list[DrawnMeeting]
    ) -> None:
        Meeting.objects.filter(pk=drawn[0].meeting_id).update(host=december.staff["dsl"])
        assert "You hosted this meeting" in Page(open_it("dsl")).words()
        assert open_it("dsl", found="good", note="I was good").status_code == 403
