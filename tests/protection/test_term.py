"""A rehearsed term, of which in the end nobody is known any more; every figure of it is as before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from circletime.audit.queries import head, verify
from circletime.dispatch.models import Delivery
from circletime.documents.models import LimitSet
from circletime.meetings.models import Expected, Seat
from circletime.oversight.evidence.period import between
from circletime.oversight.evidence.report import make_report
from circletime.oversight.models import Incident
from circletime.oversight.rehearsal.term import rehearse
from circletime.oversight.rules.incidents import State as IncidentState
from circletime.people.factory import invent_school
from circletime.people.models import Adult, Household, Pupil, User
from circletime.policy.limits import Limit
from circletime.protection.tasks import keep_no_longer
from circletime.recordings.models import Hold, Recording, Vigil
from circletime.recordings.rules import State

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
WEEKS = 2
TODAY = {"C4", "R1"}
"""Who has read what is counted as it is today, and says so."""


@pytest.fixture
def term(db: None, settings: Any, tmp_path: Any) -> None:
    settings.KEYS, settings.VAULT, settings.DEMO = tmp_path / "keys", tmp_path / "vault", True
    invent_school(now=NOW, classes=2, pupils=4, password="a-long-enough-password")
    rehearse(weeks=WEEKS, now=NOW)
    # As if each had had its day; the rehearsal leaves the last ones to come.
    Hold.objects.filter(released_at=None).update(released_at=NOW, release_reason="Looked at")
    Incident.objects.filter(closed_at=None).update(
        state=IncidentState.CLOSED, outcome="Seen to", closed_at=NOW, closed_by=User.objects.earliest("pk")
    )
    Recording.objects.update(state=State.DESTROYED, destroyed_at=NOW, wrapped_key=b"")


def figures(now: datetime) -> dict[str, Any]:
    monday = timezone.localtime(NOW).date() - timedelta(days=3 + 7 * WEEKS)
    period = between(monday, monday + timedelta(days=7 * WEEKS - 1), timezone.get_current_timezone())
    return {each.clause.number: each.figure for each in make_report(period, now).findings}


def run(now: datetime) -> dict[str, int]:
    Vigil.objects.update_or_create(pk=1, defaults={"at": now, "row": head()[0]})
    return keep_no_longer(now, at_most=10_000)


def differing(before: dict[str, Any], now: datetime) -> list[str]:
    after = figures(now)
    return [number for number in before if before[number] != after[number] and number not in TODAY]


@pytest.mark.parametrize("order", ["people first", "registers first"])
def test_nobody_is_known_any_more_and_no_figure_is_another(term: None, order: str) -> None:
    later = NOW + timedelta(days=7 * 366)
    before = figures(later)
    assert before["C2"].of and before["P7"].of and before["R2"].of and before["T12"].of and before["P6"].of
    assert all(before[number].bad for number in ("P3", "P4", "R4", "R6", "R7", "S3", "T11"))
    if order == "people first":
        # Everybody left so long ago, while registers are kept much longer.
        Pupil.objects.update(left_at=NOW)
        User.objects.update(is_active=False, off_at=NOW)
        early = NOW + timedelta(days=3 * 365 - 60)
        keep_for_a_year(early)
        seen = figures(early)
        counts = run(early)
        assert counts["children"] > 4 and "sheets" not in counts and "registers" not in counts
        assert differing(seen, early) == []
        assert not Pupil.objects.exists() and not Adult.objects.exists()
    counts = run(later)
    assert differing(before, later) == []
    assert counts["registers"] > 5
    assert not Seat.objects.exclude(pupil=None, adult=None, user=None).exists()
    assert not Expected.objects.exclude(pupil=None, adult=None, user=None).exists()
    assert not Delivery.objects.exists()
    assert not Household.objects.filter(erased_at=None).exists() or order == "registers first"
    assert verify()[1] is None


def keep_for_a_year(now: datetime) -> None:
    """The school keeps people for a year only, and what they did for six."""
    by = User.objects.earliest("pk")
    for limit, months in (
        (Limit.LEAVERS, 12),
        (Limit.COLLEAGUES, 12),
        (Limit.NOTICES, 72),
        (Limit.REGISTERS, 72),
    ):
        LimitSet.objects.create(limit=limit, value=months, set_by=by, set_at=now)
