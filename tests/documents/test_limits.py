"""Limits: stricter by headteacher or safeguarding lead, looser only as the board adopted (T2, T3, T9, C7)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from circletime.audit.queries import list_kinds
from circletime.core.errors import NotAllowed, Refused
from circletime.documents import limits
from circletime.documents.actions.adopt import adopt
from circletime.documents.actions.limits import set_limit
from circletime.documents.models import LimitSet
from circletime.documents.queries import review_of
from circletime.documents.rules.kinds import Kind
from circletime.meetings.actions import door, lifecycle
from circletime.meetings.actions.schedule import schedule
from circletime.meetings.models import Meeting
from circletime.meetings.rules import Kind as MeetingKind
from circletime.meetings.rules import Purpose, Recording
from circletime.policy.limits import Limit
from circletime.recordings.actions.capture import ensure_row
from tests.documents.papers import Papers
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World


def put(world: World, value: int, *, limit: Limit = Limit.FAMILIES, who: str = "headteacher") -> LimitSet:
    return set_limit(limit=limit, value=value, by=world.staff[who], now=world.now)


def board_adopts(world: World, papers: Papers) -> None:
    version = papers.publish(Kind.VIDEO, of=(), gates=())
    adopt(
        version=version,
        met_on=world.now.date(),
        minute="9",
        signatories="Dr Mistry",
        by=world.staff["governor"],
        now=world.now,
    )


@pytest.mark.parametrize("limit", list(Limit))
def test_a_looser_value_posted_by_the_headteacher_is_refused(
    world: World, visits: Visits, limit: Limit
) -> None:
    head = visits.by_role("headteacher")
    for value in (limit.facts.value + 1, limit.facts.most):
        answer = head.post(reverse("policy-limits"), {"limit": limit.value, "value": str(value)})
        assert answer.status_code == 403 and "as the board adopted" in Page(answer).alerts()[0]
    assert limits.holds(limit) == limit.facts.value and not LimitSet.objects.exists()


@pytest.mark.parametrize(
    "value", ["", "0", "-5", "4", "61", "99999999", "15.5", "1e1", "\u0661\u0665", "' or 1=1"]
)
def test_a_value_that_is_none_is_refused_beside_its_field(visits: Visits, value: str) -> None:
    answer = visits.by_role("headteacher").post(
        reverse("policy-limits"), {"limit": "families", "value": value}
    )
    assert answer.status_code in (400, 403) and len(Page(answer).alerts()) == 1
    assert not LimitSet.objects.exists()


def test_nobody_else_makes_it_stricter(world: World) -> None:
    for who in ("teacher", "support", "office", "slt", "governor"):
        with pytest.raises(NotAllowed):
            put(world, 15, who=who)


def test_a_stricter_value_holds_at_once_for_what_is_planned_already(world: World) -> None:
    planned = world.plan(minutes=20)
    put(world, 10, who="dsl")
    lifecycle.open_waiting_room(meeting=planned, by="test", now=world.now)
    host = door.enter_as_host(meeting=planned, by=world.teacher, confirmed=True, key="", now=world.now)
    lifecycle.recording_changed(meeting=planned, to=Recording.ON, by="test", now=world.now)
    live = lifecycle.start(meeting=planned, by=host, now=world.now)
    assert live.ends_at == world.now + timedelta(minutes=10)
    assert list_kinds("limit:families") == ["documents.limit.set"]


def test_no_meeting_is_planned_longer_than_the_school_has_it(world: World) -> None:
    put(world, 15)
    with pytest.raises(Refused) as refusal:
        world.plan(minutes=16)
    assert refusal.value.field == "minutes" and "1 to 15 minutes" in str(refusal.value)
    assert world.plan(minutes=15).minutes == 15
    put(world, 30, limit=Limit.STAFF)
    with pytest.raises(Refused):
        schedule(
            kind=MeetingKind.STAFF,
            purpose=Purpose.STAFF,
            starts_at=world.now,
            minutes=31,
            by=world.teacher,
            now=world.now,
        )


def test_a_running_meeting_keeps_its_end(world: World) -> None:
    meeting, _ = world.live()
    put(world, 5)
    assert Meeting.objects.get(pk=meeting.pk).ends_at == meeting.ends_at


def test_recordings_are_kept_as_long_as_the_school_has_it_and_no_longer(world: World) -> None:
    put(world, 14, limit=Limit.KEPT)
    made = ensure_row(world.plan(), "test", world.now)
    assert made.destroy_on == world.now.date() + timedelta(days=14)


def test_reviews_come_as_often_as_the_school_has_it(world: World, papers: Papers) -> None:
    version = papers.publish(Kind.VIDEO)
    put(world, 2, limit=Limit.REVIEW)
    review = review_of(version, world.now)
    assert (review.due_on.isoformat(), review.every) == ("2027-01-24", "Every 2 months")


def test_with_the_boards_adoption_it_becomes_looser_once(world: World, papers: Papers) -> None:
    put(world, 15)
    world.later(hours=1)
    with pytest.raises(Refused):
        put(world, 20)
    board_adopts(world, papers)
    world.later(hours=1)
    made = put(world, 20)
    assert made.adoption is not None and limits.holds(Limit.FAMILIES) == 20
    world.later(hours=1)
    with pytest.raises(Refused) as refusal:
        put(world, 25)
    assert refusal.value.code == "looser", "one adoption makes one limit looser once"


def test_an_old_adoption_allows_nothing(world: World, papers: Papers) -> None:
    board_adopts(world, papers)
    world.later(days=120)
    with pytest.raises(Refused):
        put(world, 25)


def test_no_board_goes_beyond_what_the_program_can_have(world: World, papers: Papers) -> None:
    board_adopts(world, papers)
    with pytest.raises(Refused) as refusal:
        put(world, 61)
    assert refusal.value.code == "value"


def test_everybody_reads_what_holds_and_since_when(world: World, visits: Visits) -> None:
    put(world, 15)
    page = Page(visits.by_role("teacher").get(reverse("policy-limits")))
    assert "A meeting with pupils or parents lasts at most 15 minutes" in page.words()
    assert "set by Mrs Sunderland" in page.words() and "Change" not in " ".join(page.buttons())
