"""A rehearsed term, and the report held against what the rehearsal itself counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from circletime.audit.queries import verify
from circletime.core.errors import Refused
from circletime.meetings.models import MediaOrder
from circletime.oversight.evidence.figure import Figure, Verdict, clock, rough
from circletime.oversight.evidence.period import between
from circletime.oversight.evidence.report import make_report
from circletime.oversight.rehearsal.tally import Tally
from circletime.oversight.rehearsal.term import check_rehearse, rehearse
from circletime.people.factory import invent_school

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
WEEKS = 6
"""More than 30 days, so that recordings are destroyed within it."""


@pytest.fixture
def played(db: None, settings: Any, tmp_path) -> tuple[Tally, dict[str, Figure]]:  # type: ignore[no-untyped-def]
    settings.KEYS, settings.VAULT, settings.DEMO = tmp_path / "keys", tmp_path / "vault", True
    invent_school(now=NOW, classes=2, pupils=4, password="a-long-enough-password")
    tally = rehearse(weeks=WEEKS, now=NOW)
    monday = timezone.localtime(NOW).date() - timedelta(days=3 + 7 * WEEKS)
    period = between(monday, monday + timedelta(days=7 * WEEKS - 1), timezone.get_current_timezone())
    report = make_report(period, NOW)
    return tally, {each.clause.number: each.figure for each in report.findings}


def test_the_report_says_what_the_rehearsal_counted(played: tuple[Tally, dict[str, Figure]]) -> None:
    tally, found = played
    assert verify()[1] is None
    assert not MediaOrder.objects.exists(), "no room was told of anything"
    assert tally.held > 15 and tally.ended_late and tally.broken_off and tally.not_started and tally.removed
    assert tally.untold and tally.next_planned

    def came_to(number: str, of: int, bad: int) -> None:
        assert (found[number].of, found[number].bad) == (of, bad), number

    families, staff = tally.with_families, tally.with_staff
    came_to("C1", tally.held, 0)
    came_to("T1", tally.held, 0)
    came_to("T2", len(families), tally.ended_late)
    assert f"longest {clock(max(families))}" in found["T2"].sentence
    came_to("T3", len(staff), 0)
    assert f"longest {clock(max(staff))}" in found["T3"].sentence
    came_to("T5", tally.held, 0)
    assert f"switched it on in {tally.shared:,} of them" in found["T5"].sentence
    came_to("T6", tally.held, 0)
    came_to("T7", tally.guests_in, 0)
    came_to("T8", tally.held, tally.recorder_lost)
    came_to("T9", tally.recordings_due, 0)
    assert f"{tally.recordings_kept} are kept by a hold" in found["T9"].sentence
    came_to("T10", tally.requests, tally.requests_late)
    came_to("T12", tally.broken_off, tally.broken_off - tally.next_planned)
    came_to("R2", tally.with_letters, tally.untold)
    assert found["T4"].bad == tally.untold, "of each of those meetings, one household was not reached"
    assert f"{rough(tally.letters_failed).capitalize()} letters failed" in found["T4"].sentence
    assert tally.teaching and tally.told_by_hand
    came_to("R5", tally.teaching, 0)
    came_to("S1", tally.hosts_in, 0)
    came_to("C2", tally.children_in, 0)
    came_to("P7", tally.children_in, 0)
    came_to("P1", tally.came, tally.silent)
    came_to("P2", tally.turns, 0)
    came_to("P6", tally.removed + tally.sent_back + tally.cameras_off, 0)
    assert found["P5"].bad == tally.cameras_noticed
    came_to("R3", tally.knocked + tally.asked_again, tally.asked_again - tally.answered)
    assert f"were asked again {rough(tally.asked_again)} times" in found["R3"].sentence
    assert f"{rough(tally.notes)} notes" in found["R8"].sentence
    paused = tally.paused
    assert (f"{paused:,} times a room was paused" in found["T1"].sentence) == bool(paused)
    came_to("C5", tally.days_signed - 1, 0)  # on the first morning the log was empty
    assert found["T2"].verdict == Verdict.EXCEPTIONS, "the machine was late once"
    what_only_people_keep(tally, found)


def what_only_people_keep(tally: Tally, found: dict[str, Figure]) -> None:
    """What had been accepted before somebody came in, and what got out all the same."""
    seen = tally.addresses_seen + tally.links_seen
    assert tally.unread and tally.hosts_unread and tally.adults_knocked and tally.without_address
    assert tally.pictures and tally.passwords and tally.addresses_seen and tally.links_seen and tally.burned
    assert tally.alarms_answered == seen - 1, "nobody looked at the last one"

    def came_to(number: str, of: int, bad: int, lapses: int) -> None:
        assert (found[number].of, found[number].bad) == (of + lapses, bad + lapses), number

    families, unread = tally.knocked + tally.adults_knocked, tally.unread + tally.adults_unread
    came_to("P3", tally.knocked, tally.unread, tally.pictures)
    came_to("R6", families, unread, tally.pictures)
    came_to("S2", tally.hosts_in, 0, tally.pictures)
    came_to("P4", tally.knocked, tally.unread, seen + tally.passwords)
    came_to("R7", families, unread, seen + tally.passwords)
    came_to("S3", tally.hosts_in, tally.hosts_unread, tally.addresses_seen + tally.passwords)
    for number in ("P4", "R7", "T11"):
        assert f"{seen} alarms said" in found[number].sentence, number
    assert "Incidents that staff reported (a picture of a meeting got out): fewer" in found["P3"].sentence
    came_to("R4", tally.with_children, tally.without_address, 0)
    assert f"{tally.teaching:,} for teaching. Today 2 of 2 classes" in found["R4"].sentence
    assert found["T11"].bad == seen
    assert f"{tally.burned} of them by making it anew" in found["T11"].sentence
    reported = tally.pictures + tally.passwords
    assert (found["C6"].of, found["C6"].bad) == (reported, 0)


@pytest.mark.parametrize(
    ("weeks", "people", "invented"), [(12, True, False), (0, False, False), (99, True, True)]
)
def test_a_real_school_is_left_alone(weeks: int, people: bool, invented: bool) -> None:
    with pytest.raises(Refused):
        check_rehearse(weeks=weeks, people=people, invented=invented)


def test_nothing_is_played_on_a_real_schools_data(db: None, settings: Any) -> None:
    invent_school(now=NOW, classes=1, pupils=1, password="a-long-enough-password")
    settings.DEMO = False
    with pytest.raises(Refused, match="real school"):
        rehearse(weeks=1, now=NOW)
    assert verify() == (0, None)
