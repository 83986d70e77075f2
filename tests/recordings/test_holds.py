"""Kept beyond their day: by whom, why, until somebody releases them; and never by anybody else (T9)."""

import json
from datetime import date, timedelta

import pytest

from circletime.audit.queries import entries, list_kinds
from circletime.core.errors import NotAllowed, Refused
from circletime.meetings.rules import State
from circletime.recordings import queries, tasks
from circletime.recordings.actions import holds
from circletime.recordings.models import Certificate, Hold, Recording
from circletime.recordings.rules import State as Stands
from tests.recordings.school import BEGAN, days_pass, make_meeting, make_recording
from tests.recordings.test_retention import DAY

REVIEW = date(2026, 12, 10)
WHY = "A parent asked to see it"


def make(staff) -> Recording:
    return make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])


@pytest.fixture
def pair(staff) -> list[Recording]:
    """Two recordings of one day."""
    return [make(staff), make(staff)]


@pytest.fixture(autouse=True)
def the_worker_is_there(db) -> None:
    days_pass(DAY)


def place(recordings, by, **more) -> Hold:
    given = {"reason": WHY, "review_on": REVIEW, "now": BEGAN} | more
    return holds.place_hold(recordings=recordings, by=by, **given)


def states(*recordings: Recording) -> list[str]:
    found = []
    for recording in recordings:
        recording.refresh_from_db()
        found.append(recording.state)
    return found


@pytest.mark.parametrize("role", ["teacher", "support", "office", "governor", "headteacher"])
def test_only_senior_leaders_and_the_safeguarding_lead_keep_and_release(staff, pair, role):
    with pytest.raises(NotAllowed):
        place(pair, staff[role])
    hold = place(pair, staff["slt"])
    with pytest.raises(NotAllowed):
        holds.release_hold(hold=hold, reason="I want it gone", by=staff[role], now=BEGAN)
    with pytest.raises(NotAllowed):
        holds.review_hold(hold=hold, review_on=REVIEW, by=staff[role], now=BEGAN)
    assert queries.is_held(pair[0]) and queries.is_held(pair[1])


def test_the_held_one_of_a_day_stays_and_the_other_goes(staff, pair):
    kept, other = pair
    hold = place([kept], staff["dsl"])
    assert tasks.destroy_due(DAY) == tasks.Run(destroyed=1, left=0, kept=1)
    assert states(kept, other) == [Stands.STOPPED, Stands.DESTROYED]
    assert queries.key_of(kept) and queries.may_be_seen(kept, DAY)
    assert queries.vault_verify() == (1, [])
    # Released after its day: gone at the next run, and nobody sees it before that.
    later = DAY + timedelta(days=3)
    holds.release_hold(hold=hold, reason="The case is closed", by=staff["slt"], now=later)
    assert not queries.may_be_seen(kept, later)
    assert tasks.destroy_due(later).destroyed == 1
    assert states(kept) == [Stands.DESTROYED]
    assert json.loads(kept.certificate.text)["was_held"] is True
    assert list_kinds(kept.subject) == [
        "recordings.recording.held",
        "recordings.recording.released",
        "recordings.key.destroyed",
        "recordings.recording.destroyed",
        "recordings.certificate.signed",
    ]
    assert list_kinds(hold.subject) == ["recordings.hold.placed", "recordings.hold.released"]


def test_released_before_its_day_it_is_kept_until_then(staff, pair):
    hold = place(pair, staff["dsl"])
    holds.release_hold(hold=hold, reason="Not needed", by=staff["dsl"], now=BEGAN)
    days_pass(BEGAN + timedelta(days=5))
    assert tasks.destroy_due(BEGAN + timedelta(days=5)) == tasks.Run()
    assert states(*pair) == [Stands.STOPPED] * 2


def test_two_holds_are_two(staff, pair):
    first, second = place(pair, staff["slt"]), place(pair[:1], staff["dsl"])
    holds.release_hold(hold=first, reason="Not needed", by=staff["slt"], now=BEGAN)
    tasks.destroy_due(DAY)
    assert states(*pair) == [Stands.STOPPED, Stands.DESTROYED]
    with pytest.raises(Refused, match="released already"):
        holds.release_hold(hold=first, reason="Not needed", by=staff["slt"], now=BEGAN)
    holds.release_hold(hold=second, reason="Not needed", by=staff["slt"], now=DAY)
    assert tasks.destroy_due(DAY).destroyed == 1


def test_a_hold_that_comes_while_the_worker_runs_is_kept(staff, pair, monkeypatch):
    """What the worker read as due is looked at once more under the lock."""
    waiting = list(queries.due(DAY.date()))
    place(pair, staff["slt"])
    monkeypatch.setattr(
        queries, "due", lambda today: Recording.objects.filter(pk__in=[r.pk for r in waiting])
    )
    assert tasks.destroy_due(DAY).destroyed == 0
    assert states(*pair) == [Stands.STOPPED] * 2


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"review_on": None}, "review_on"),
        ({"review_on": BEGAN.date()}, "review_on"),
        ({"review_on": date(2028, 1, 1)}, "review_on"),
    ],
)
def test_what_does_not_fit_keeps_none(staff, pair, more, field):
    with pytest.raises(Refused) as refused:
        place(pair, staff["slt"], **more)
    assert refused.value.field == field
    assert not Hold.objects.exists() and not queries.is_held(pair[0])


def test_nothing_and_what_is_gone_cannot_be_kept(staff, pair):
    with pytest.raises(Refused, match="at least one"):
        place([], staff["slt"])
    # Its day has come, the worker has not: nobody may keep it any more, or a restored copy could be kept.
    with pytest.raises(Refused, match="has come"):
        place(pair, staff["slt"], now=DAY, review_on=date(2027, 1, 10))
    tasks.destroy_due(DAY)
    with pytest.raises(Refused, match="destroyed already"):
        place(pair, staff["slt"])


def test_a_hold_can_be_placed_by_the_program_where_the_law_asks_for_it(pair):
    hold = place(pair, "system:request")
    assert hold.placed_by is None and queries.is_held(pair[0])


def test_the_review_is_moved_on_and_overdue_is_counted(staff, pair):
    hold = place(pair, staff["slt"])
    assert queries.count_holds(REVIEW) == queries.HoldCount(holds=1, recordings=2, overdue=0)
    late = REVIEW + timedelta(days=1)
    assert queries.count_holds(late) == queries.HoldCount(holds=1, recordings=2, overdue=1)
    assert hold.is_overdue(late)
    place(pair[:1], staff["dsl"], review_on=date(2027, 1, 1))
    assert queries.count_holds(late) == queries.HoldCount(holds=2, recordings=2, overdue=1)
    soon = BEGAN + timedelta(days=17)
    holds.review_hold(hold=hold, review_on=date(2027, 1, 20), by=staff["dsl"], now=soon)
    assert queries.count_holds(late).overdue == 0
    assert states(*pair) == [Stands.STOPPED] * 2 and not Certificate.objects.exists()


def test_no_reason_is_in_the_log(staff, pair):
    hold = place(pair, staff["slt"], reason="About the worry with the pushing")
    holds.release_hold(hold=hold, reason="The worry is gone", by=staff["slt"], now=BEGAN)
    assert "worry" not in "".join(row.data + row.subject for row in entries())
