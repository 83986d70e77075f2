"""Exceptions: nobody grants their own, only from a rule that allows one, and each ends (C6, S1)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from circletime.audit.models import Row
from circletime.core.errors import NotAllowed, Refused
from circletime.notices.models import Letter
from circletime.oversight.actions import exceptions as actions
from circletime.oversight.models import RuleException
from circletime.oversight.queries.exceptions import get_exception, in_force
from circletime.oversight.rules import exceptions as rules
from circletime.oversight.rules.exceptions import Rule, State
from circletime.people.models import RoleGrant
from circletime.people.rules import Role
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World

TODAY = date(2026, 11, 24)
UNTIL = TODAY + timedelta(days=20)

Ask = Callable[..., RuleException]


@pytest.fixture
def ask(world: World) -> Ask:
    def made(who: str = "teacher", **changed: Any) -> RuleException:
        facts = {"rule": "bedroom", "reason": "The flat has one room", "until": UNTIL}
        return actions.ask_exception(**facts | changed, by=world.staff[who], now=world.now)

    return made


def grant(world: World, exception: RuleException, who: str = "dsl", **changed: Any) -> RuleException:
    facts = {"until": UNTIL, "decision": "It cannot be helped"} | changed
    return actions.grant_exception(exception=exception, by=world.staff[who], now=world.now, **facts)


class TestRules:
    def test_where_it_stands(self) -> None:
        stands: dict[State, dict[str, Any]] = {
            State.ASKED: {"granted": None, "until": TODAY},
            State.REFUSED: {"granted": False, "until": TODAY},
            State.GRANTED: {"granted": True, "until": TODAY},
            State.RUN_OUT: {"granted": True, "until": TODAY - timedelta(days=1)},
        }
        for state, facts in stands.items():
            assert rules.state_on(TODAY, **facts, ended=False) == state and state.words
        assert rules.state_on(TODAY, granted=True, until=TODAY, ended=True) == State.ENDED

    @pytest.mark.parametrize("until", [None, TODAY - timedelta(days=1), TODAY + timedelta(days=93)])
    def test_its_last_day_is_near(self, until: date | None) -> None:
        with pytest.raises(Refused) as refused:
            rules.check_until(until, TODAY)
        assert refused.value.field == "until"

    @pytest.mark.parametrize("role", Role)
    def test_who_decides_and_ends(self, role: Role) -> None:
        decides = role in (Role.DSL, Role.HEADTEACHER)
        assert rules.can_decide({role}, own=False) == decides
        assert not rules.can_decide({role}, own=True)
        assert rules.can_end({role}, State.GRANTED, own=False) == decides
        assert rules.can_end({role}, State.GRANTED, own=True)
        assert not rules.can_end({role}, State.RUN_OUT, own=True)


class TestAttacks:
    @pytest.mark.parametrize("who", ["office", "governor"])
    def test_who_hosts_nothing_asks_for_none(self, who: str, ask: Ask) -> None:
        with pytest.raises(NotAllowed):
            ask(who)

    def test_there_is_none_from_another_rule(self, ask: Ask) -> None:
        with pytest.raises(Refused) as refused:
            ask(rule="recording")
        assert refused.value.field == "rule" and not RuleException.objects.exists()

    def test_nobody_grants_their_own(self, world: World, ask: Ask) -> None:
        own = ask("dsl")
        with pytest.raises(NotAllowed, match="themselves"):
            grant(world, own)
        with pytest.raises(IntegrityError), transaction.atomic():
            RuleException.objects.filter(pk=own.pk).update(
                granted=True, decided_by=world.staff["dsl"], decided_at=world.now, decision="For me"
            )
        assert {each.to for each in Letter.objects.all()} == {world.staff["headteacher"].email}
        assert grant(world, own, "headteacher").granted

    @pytest.mark.parametrize("who", ["teacher_ash", "support", "slt", "office", "governor"])
    def test_nobody_else_decides_sees_or_ends_it(self, who: str, world: World, ask: Ask) -> None:
        exception, user = ask(), world.staff[who]
        assert get_exception(user, exception.public_id) is None
        with pytest.raises(NotAllowed):
            grant(world, exception, who)
        with pytest.raises(NotAllowed):
            actions.refuse_exception(exception=exception, decision="No", by=user, now=world.now)
        grant(world, exception)
        with pytest.raises(NotAllowed):
            actions.end_exception(exception=exception, reason="No more", by=user, now=world.now)

    def test_the_only_one_who_could_grant_it_is_told_so(self, world: World, ask: Ask) -> None:
        RoleGrant.objects.filter(role=Role.DSL).delete()
        with pytest.raises(Refused, match="nobody grants their own"):
            ask("headteacher")


class TestItsLife:
    def test_asked_granted_run_out(self, world: World, ask: Ask) -> None:
        exception = ask()
        with pytest.raises(Refused, match="already"):
            ask()
        assert in_force(world.teacher, Rule.BEDROOM, TODAY) is None
        sooner = TODAY + timedelta(days=5)
        grant(world, exception, until=sooner)
        with pytest.raises(Refused, match="already"):
            grant(world, exception)
        with pytest.raises(Refused, match="already"):
            ask()
        assert in_force(world.teacher, Rule.BEDROOM, sooner) == exception
        assert in_force(world.teacher, Rule.BEDROOM, sooner + timedelta(days=1)) is None
        world.later(days=6)
        with pytest.raises(Refused, match="not in force"):
            actions.end_exception(exception=exception, reason="No more", by=world.teacher, now=world.now)
        assert ask().pk != exception.pk

    def test_refused_and_ended_early(self, world: World, ask: Ask) -> None:
        first = ask()
        dsl = world.staff["dsl"]
        actions.refuse_exception(exception=first, decision="There is a study", by=dsl, now=world.now)
        second = grant(world, ask())
        assert in_force(world.teacher, Rule.BEDROOM, TODAY) == second
        actions.end_exception(exception=second, reason="They have moved", by=dsl, now=world.now)
        assert in_force(world.teacher, Rule.BEDROOM, TODAY) is None
        rows = [row for row in Row.objects.order_by("number") if row.kind.startswith("oversight.exception")]
        kinds = [row.kind.rsplit(".", 1)[1] for row in rows]
        assert kinds == ["asked", "refused", "asked", "granted", "ended"]
        said = [row.data for row in rows] + [each.subject + each.text for each in Letter.objects.all()]
        for text in said:
            for word in ("flat", "study", world.teacher.name, "moved"):
                assert word not in text


class TestBedroom:
    def test_the_bedroom_is_not_asked_while_it_holds(self, world: World, visits: Visits, ask: Ask) -> None:
        meeting, teacher = visits.open_meeting(), visits.by_role("teacher")
        address = reverse("meeting", args=[meeting.public_id])
        exception = ask()
        assert "this is not a bedroom" in Page(teacher.get(address)).words()
        grant(world, exception)
        words = Page(teacher.get(address)).words()
        assert "My background is neutral" in words and "bedroom" not in words
        assert "this is not a bedroom" in Page(visits.by_role("support").get(address)).words()
        actions.end_exception(exception=exception, reason="They have moved", by=world.teacher, now=world.now)
        assert "this is not a bedroom" in Page(teacher.get(address)).words()


class TestPages:
    def test_from_asking_to_the_end(self, world: World, visits: Visits) -> None:
        teacher, dsl, index = visits.by_role("teacher"), visits.by_role("dsl"), reverse("exceptions")
        asked = {"verb": "ask", "rule": "bedroom", "reason": "One room", "until": UNTIL.isoformat()}
        for field, wrong in {"rule": "x", "reason": "", "until": "soon"}.items():
            answer = teacher.post(index, asked | {field: wrong})
            page = Page(answer)
            assert answer.status_code == 400 and page.marked() == {field} and page.said_beside(field)
            assert field == "reason" or page.value("reason") == "One room"
        here = teacher.post(index, asked)["Location"]
        assert teacher.post(here, {"verb": "grant", "decision": "For me"}).status_code == 403
        assert "Not decided yet" in Page(dsl.get(index)).words()
        refused = dsl.post(here, {"verb": "grant", "until": UNTIL.isoformat(), "decision": ""})
        assert refused.status_code == 400 and "Say why." in Page(refused).alerts()
        granted = {"verb": "grant", "until": UNTIL.isoformat(), "decision": "It cannot be helped"}
        assert dsl.post(here, granted).status_code == 302
        page = Page(teacher.get(here))
        assert "Granted by" in page.words() and "End it" in page.buttons()
        assert teacher.post(here, {"verb": "end", "reason": "I have moved"}).status_code == 302
        assert "Ended early" in Page(dsl.get(here)).words()
        governor = visits.by_role("governor")
        assert governor.get(index).status_code == 403
        words = Page(governor.get(reverse("report-clause", args=["C6"]))).words()
        assert "Exceptions asked for: 1, of which 1 were granted" in words and world.teacher.name not in words
