"""Incidents: who may not, first; then that each reaches the right people and is not closed silently (C6)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from circletime.audit.models import Row
from circletime.audit.queries import verify
from circletime.core.errors import NotAllowed, Refused
from circletime.meetings.models import Meeting
from circletime.meetings.rules import State as MeetingState
from circletime.notices.models import Letter
from circletime.notices.rules import Kind as LetterKind
from circletime.notices.rules import can_read_letter
from circletime.oversight.actions import incidents as actions
from circletime.oversight.models import Incident
from circletime.oversight.queries import incidents as queries
from circletime.people.models import RoleGrant, User
from circletime.people.rules import Role
from circletime.recordings.actions.holds import release_hold
from circletime.recordings.actions.retention import destroy
from circletime.recordings.models import Hold, Recording
from circletime.recordings.queries import is_held
from tests.recordings.school import BEGAN, make_meeting, make_recording, make_seat
from tests.world import World


@pytest.fixture
def held(world: World, tmp_path: Any, settings: Any) -> Meeting:
    """A meeting of Oak that was recorded, ten minutes long, three hours ago."""
    settings.VAULT, settings.KEYS = tmp_path / "vault", tmp_path / "keys"
    settings.VAULT.mkdir()
    meeting = make_meeting(world.staff, state=MeetingState.ENDED, seconds=600)
    make_seat(meeting, "Ben")
    make_recording(meeting, [])
    return meeting


@pytest.fixture
def report(world: World) -> Callable[..., Incident]:
    def made(**changed: Any) -> Incident:
        facts: dict[str, Any] = {
            "kind": "behaviour",
            "pupil": world.pupil("Ben"),
            "what": "Ben drew on the wall",
            "happened_at": world.now,
            "by": world.teacher,
            "now": world.now,
        }
        return actions.report(**facts | changed)

    return made


Report = Callable[..., Incident]


def kinds() -> list[str]:
    found = Row.objects.filter(kind__startswith="oversight.incident").order_by("number")
    return [row.kind.removeprefix("oversight.incident.") for row in found]


def tried(world: World, incident: Incident, by: User) -> dict[str, Callable[[], Any]]:
    who: dict[str, Any] = {"incident": incident, "by": by, "now": world.now}
    return {
        "take": lambda: actions.take(owner=world.staff["slt"], **who),
        "step": lambda: actions.add_step(text="Rang the parents", **who),
        "keep": lambda: actions.keep_recording(**who),
        "decide": lambda: actions.decide_commissioner(answer="told", at=world.now, note="Told them", **who),
        "close": lambda: actions.close(outcome="All is well", **who),
        "reopen": lambda: actions.reopen(reason="There is more", **who),
    }


class TestAttacks:
    def test_a_governor_reports_none_and_sees_none(self, world: World, report: Report) -> None:
        governor = world.staff["governor"]
        with pytest.raises(NotAllowed):
            report(by=governor)
        report()
        assert not queries.list_incidents(governor).exists()

    def test_a_stranger_reports_nothing_of_a_meeting_that_is_not_theirs(
        self, world: World, report: Report, held: Meeting
    ) -> None:
        with pytest.raises(NotAllowed):
            report(by=world.stranger, meeting=held, keep=True)
        assert not Hold.objects.exists() and not Incident.objects.exists() and not Letter.objects.exists()

    @pytest.mark.parametrize("who", ["teacher_ash", "support", "office", "governor", "slt"])
    def test_nobody_else_does_anything_with_it(
        self, who: str, world: World, report: Report, held: Meeting
    ) -> None:
        incident = report(meeting=held, kind="breach")
        before = Row.objects.count()
        assert queries.get_incident(world.staff[who], incident.public_id) is None
        for verb, act in tried(world, incident, world.staff[who]).items():
            with pytest.raises(NotAllowed):
                act()
            assert Row.objects.count() == before, verb

    def test_who_reported_it_adds_to_it_and_does_no_more(
        self, world: World, report: Report, held: Meeting
    ) -> None:
        incident = report(meeting=held, kind="breach")
        for verb, act in tried(world, incident, world.teacher).items():
            if verb == "step":
                act()
                continue
            with pytest.raises(NotAllowed):
                act()

    def test_whom_it_is_about_neither_hears_of_it_nor_answers_it(self, world: World, report: Report) -> None:
        dsl = world.staff["dsl"]
        incident = report(staff=dsl, pupil=None, kind="concern", what="A remark about a child")
        assert {each.to for each in Letter.objects.all()} == {world.staff["headteacher"].email}
        assert queries.get_incident(dsl, incident.public_id) is None and queries.count_waiting(dsl) == 0
        for act in tried(world, incident, dsl).values():
            with pytest.raises(NotAllowed):
                act()
        with pytest.raises(Refused) as refused:
            actions.take(incident=incident, owner=dsl, by=world.staff["headteacher"], now=world.now)
        assert refused.value.field == "owner"

    def test_about_the_only_one_who_answers_it_is_not_taken(self, world: World, report: Report) -> None:
        RoleGrant.objects.filter(role=Role.DSL).delete()
        with pytest.raises(Refused, match="chair of governors"):
            report(staff=world.staff["headteacher"], kind="concern")
        assert not Incident.objects.exists()

    def test_a_lost_role_is_a_lost_view(self, world: World, report: Report) -> None:
        incident = report()
        actions.take(incident=incident, owner=world.staff["slt"], by=world.staff["dsl"], now=world.now)
        RoleGrant.objects.filter(user__in=[world.staff["slt"], world.teacher]).delete()
        for user in (world.staff["slt"], world.teacher):
            assert queries.get_incident(User.objects.get(pk=user.pk), incident.public_id) is None

    def test_it_is_given_to_no_teacher(self, world: World, report: Report) -> None:
        for owner in (None, world.teacher, world.staff["office"], world.staff["governor"]):
            with pytest.raises(Refused) as refused:
                actions.take(incident=report(), owner=owner, by=world.staff["dsl"], now=world.now)
            assert refused.value.field == "owner"

    def test_the_database_has_none_that_was_closed_without_outcome(
        self, world: World, report: Report
    ) -> None:
        incident = report()
        for changed in ({"state": "closed"}, {"state": "taken"}, {"outcome": "well"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Incident.objects.filter(pk=incident.pk).update(**changed)

    def test_no_name_leaves_the_page(self, world: World, report: Report) -> None:
        incident = report(staff=world.support, somebody="Granny Ruth")
        actions.take(incident=incident, owner=world.staff["slt"], by=world.staff["dsl"], now=world.now)
        actions.add_step(incident=incident, text="Rang Ruth", by=world.staff["slt"], now=world.now)
        actions.close(incident=incident, outcome="Ben is well", by=world.staff["dsl"], now=world.now)
        said = [each.subject + each.text for each in Letter.objects.all()]
        rows = [
            f"{row.kind} {row.subject} {row.data}" for row in Row.objects.filter(kind__contains="incident")
        ]
        assert len(said) == 4 and len(rows) == 4
        for text in said + rows:
            for word in ("Ben", "Ruth", "wall", world.support.name, world.teacher.name, "Oak"):
                assert word not in text


class TestReport:
    def test_it_reaches_headteacher_and_safeguarding_lead_at_once(self, world: World, report: Report) -> None:
        incident = report()
        letters = list(Letter.objects.all())
        assert {each.to for each in letters} == {world.staff[w].email for w in ("headteacher", "dsl")}
        for each in letters:
            assert each.kind == LetterKind.INCIDENT and each.due_at == world.now
            assert reverse("incident", args=[incident.public_id]) in each.text
        assert not can_read_letter({Role.OFFICE}, LetterKind.INCIDENT)
        assert kinds() == ["reported"] and verify()[1] is None
        for who in ("headteacher", "dsl"):
            assert queries.count_waiting(world.staff[who]) == 1
        assert queries.count_waiting(world.teacher) == 0

    def test_what_is_wrong_stands_beside_its_field(self, world: World, report: Report) -> None:
        for field, changed in {
            "kind": {"kind": "nonsense"},
            "what": {"what": " "},
            "somebody": {"pupil": None},
            "happened_at": {"happened_at": None},
            "known_at": {"kind": "breach", "known_at": world.now + timedelta(days=1)},
        }.items():
            with pytest.raises(Refused) as refused:
                report(**changed)
            assert refused.value.field == field
        assert not Incident.objects.exists() and not Letter.objects.exists()

    def test_register_and_minute_stand_beside_it(self, world: World, report: Report, held: Meeting) -> None:
        incident = report(meeting=held, happened_at=BEGAN + timedelta(seconds=452))
        found = queries.attached_to(incident, world.teacher, world.now)
        assert found is not None and found.minute == "7:32" and found.watchable and not found.held
        assert "Ben" in found.there and "Ben" in [row.label for row in found.register]
        late = queries.attached_to(report(meeting=held), world.teacher, world.now)
        assert late is not None and late.minute == "" and late.there == []
        assert queries.attached_to(incident, world.stranger, world.now) is None

    def test_it_is_reported_while_the_meeting_goes_on(self, world: World, report: Report) -> None:
        meeting, host = world.live()
        world.come_in(meeting, host, "Ben")
        world.later(minutes=3)
        found = queries.attached_to(report(meeting=meeting), world.teacher, world.now)
        assert found is not None and found.minute == "3:00" and set(found.there) == {host.label, "Ben"}


class TestHold:
    def test_the_recording_is_kept_until_it_is_closed(
        self, world: World, report: Report, held: Meeting
    ) -> None:
        recording = Recording.objects.get(meeting=held)
        incident = report(meeting=held, keep=True)
        assert is_held(recording) and kinds() == ["reported", "kept"]
        hold = Hold.objects.get()
        with pytest.raises(Refused, match="an incident"):
            release_hold(hold=hold, reason="Not needed", by=world.staff["dsl"], now=world.now)
        world.later(days=40)
        dsl = world.staff["dsl"]
        incident = actions.take(incident=incident, owner=dsl, by=dsl, now=world.now)
        hold.refresh_from_db()
        assert hold.review_on > world.now.date() + timedelta(days=50)
        actions.close(incident=incident, outcome="Talked with the family", by=dsl, now=world.now)
        assert not is_held(recording)
        actions.reopen(incident=incident, reason="It happened again", by=dsl, now=world.now)
        assert not is_held(recording), "its day is over"

    def test_opened_again_it_is_kept_again(self, world: World, report: Report, held: Meeting) -> None:
        dsl = world.staff["dsl"]
        incident = report(meeting=held, keep=True)
        actions.take(incident=incident, owner=dsl, by=dsl, now=world.now)
        actions.close(incident=incident, outcome="Talked with the family", by=dsl, now=world.now)
        actions.reopen(incident=incident, reason="It happened again", by=dsl, now=world.now)
        assert is_held(Recording.objects.get(meeting=held))

    def test_a_recording_that_is_gone_stops_no_report(
        self, world: World, report: Report, held: Meeting
    ) -> None:
        recording = Recording.objects.get(meeting=held)
        world.later(days=31)
        destroy(recording=recording, by="test", now=world.now)
        incident = report(meeting=held, keep=True)
        assert [step.entry for step in incident.steps.all()] == ["reported", "not kept"]
        with pytest.raises(Refused, match="no recording"):
            actions.keep_recording(incident=incident, by=world.staff["dsl"], now=world.now)

    def test_it_may_be_asked_later_and_once(self, world: World, report: Report, held: Meeting) -> None:
        incident = report(meeting=held)
        actions.keep_recording(incident=incident, by=world.staff["headteacher"], now=world.now)
        with pytest.raises(Refused, match="kept already"):
            actions.keep_recording(incident=incident, by=world.staff["dsl"], now=world.now)
        assert Hold.objects.count() == 1


class TestSteps:
    def test_from_the_report_to_the_outcome_and_back(self, world: World, report: Report) -> None:
        dsl, slt, incident = world.staff["dsl"], world.staff["slt"], report()
        with pytest.raises(Refused, match="Say first who"):
            actions.close(incident=incident, outcome="All is well", by=dsl, now=world.now)
        actions.take(incident=incident, owner=slt, by=dsl, now=world.now)
        assert Letter.objects.filter(to=slt.email).count() == 1 and queries.count_waiting(slt) == 1
        actions.add_step(incident=incident, text="Rang the family", by=slt, now=world.now)
        with pytest.raises(NotAllowed):
            actions.close(incident=incident, outcome="All is well", by=slt, now=world.now)
        with pytest.raises(Refused) as refused:
            actions.close(incident=incident, outcome=" ", by=dsl, now=world.now)
        assert refused.value.field == "outcome"
        closed = actions.close(incident=incident, outcome="Talked it over", by=dsl, now=world.now)
        assert not closed.is_open and queries.count_waiting(slt) == 0
        assert Letter.objects.filter(to=world.teacher.email).count() == 1
        with pytest.raises(Refused, match="Open it again first"):
            actions.add_step(incident=incident, text="And then", by=dsl, now=world.now)
        opened = actions.reopen(incident=incident, reason="It happened again", by=dsl, now=world.now)
        assert opened.is_open and opened.owner == slt and opened.outcome == ""
        assert Letter.objects.filter(to=world.staff["headteacher"].email).count() == 2
        assert [step.entry for step in incident.steps.all()] == [
            "reported",
            "taken",
            "note",
            "closed",
            "reopened",
        ]
        assert kinds() == ["reported", "taken", "step", "closed", "reopened"] and verify()[1] is None

    def test_a_breach_counts_from_when_it_was_known_and_is_decided_first(
        self, world: World, report: Report
    ) -> None:
        known = world.now - timedelta(hours=20)
        incident = report(kind="breach", known_at=known, happened_at=known)
        assert "told by 26 November 2026 at 16:00" in " ".join(Letter.objects.earliest("pk").text.split())
        dsl = world.staff["dsl"]
        actions.take(incident=incident, owner=dsl, by=dsl, now=world.now)
        with pytest.raises(Refused, match="Information Commissioner"):
            actions.close(incident=incident, outcome="All is well", by=dsl, now=world.now)
        with pytest.raises(Refused) as refused:
            actions.decide_commissioner(
                incident=incident, answer="told", at=known - timedelta(1), note="IC-1", by=dsl, now=world.now
            )
        assert refused.value.field == "at"
        actions.decide_commissioner(
            incident=incident, answer="told", at=world.now, note="By telephone, IC-1", by=dsl, now=world.now
        )
        actions.close(incident=incident, outcome="All is well", by=dsl, now=world.now)
        assert kinds() == ["reported", "taken", "commissioner", "closed"]
