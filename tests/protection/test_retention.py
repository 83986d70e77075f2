"""What was kept long enough goes, with nothing that a report counts; what is still needed stays."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from circletime.audit.models import Row
from circletime.audit.queries import verify
from circletime.dispatch.models import Delivery, Notice
from circletime.documents.actions.limits import set_limit
from circletime.meetings.models import Expected, Happening, Meeting, Seat
from circletime.meetings.queries import register
from circletime.notices.tasks import empty_old
from circletime.oversight.actions import incidents
from circletime.oversight.evidence.period import between
from circletime.oversight.evidence.report import make_report
from circletime.oversight.models import Incident
from circletime.people.actions.pupils import pupil_leaves
from circletime.people.actions.staff import switch_off
from circletime.people.models import Adult, Household, Pupil, User
from circletime.policy.limits import Limit
from circletime.protection import tasks
from circletime.protection.actions.retention import empty_meeting
from circletime.protection.tasks import keep_no_longer
from tests.protection.conftest import Held, everything, years_pass
from tests.web.visits import Visits
from tests.world import World


def report(held: Held) -> list[object]:
    """What every clause comes to for the days of the meetings."""
    day = timezone.localtime(held.met.starts_at).date()
    period = between(day - timedelta(days=2), day + timedelta(days=2), timezone.get_current_timezone())
    made = make_report(period, held.world.now)
    # Who has read what is counted as it is today, and says so.
    return [each.figure for each in made.findings if each.clause.number not in ("C4", "R1")]


def test_nothing_goes_before_its_time(oak_met: Held) -> None:
    years_pass(oak_met.world, 0.9)
    before = everything()
    assert keep_no_longer(oak_met.world.now) == {}
    assert all(line in everything() for line in before.splitlines() if "Onlyben" in line)


def test_registers_and_sheets_lose_their_names_and_no_figure_changes(oak_met: Held) -> None:
    years_pass(oak_met.world, 3.1)
    before, rows = report(oak_met), register(oak_met.met, oak_met.world.now)
    counts = keep_no_longer(oak_met.world.now)
    assert counts["registers"] >= 2 and counts["sheets"] >= 2
    assert report(oak_met) == before
    assert not Seat.objects.exclude(pupil=None, adult=None, user=None).exists()
    assert not Expected.objects.exclude(pupil=None, adult=None, user=None).exists()
    assert not Delivery.objects.exists()
    assert not Happening.objects.filter(text__contains="Onlyben").exists()
    again = register(Meeting.objects.get(pk=oak_met.met.pk), oak_met.world.now)
    assert sorted((r.role, r.came, r.turns, r.minutes) for r in again) == sorted(
        (r.role, r.came, r.turns, r.minutes) for r in rows
    )
    assert not {r.label for r in again} & {r.label for r in rows}
    assert verify()[1] is None


def test_sheets_go_before_registers_and_no_figure_changes(oak_met: Held) -> None:
    years_pass(oak_met.world, 1.2)
    before = report(oak_met)
    assert set(keep_no_longer(oak_met.world.now)) == {"sheets"}
    assert report(oak_met) == before
    assert not Delivery.objects.exists() and "host_email': 'lark" not in everything()
    assert Notice.objects.filter(emptied_at=None).count() == 0
    assert Seat.objects.exclude(pupil=None).exists()


def test_a_child_under_a_wrong_label_still_shows(oak_met: Held) -> None:
    Seat.objects.filter(pupil=oak_met.ben).update(label="Benjamin")
    years_pass(oak_met.world, 3.1)
    before = report(oak_met)
    keep_no_longer(oak_met.world.now)
    assert report(oak_met) == before


def test_once_a_day_and_a_missed_day_is_made_up_for(oak_met: Held) -> None:
    years_pass(oak_met.world, 3.1)
    assert keep_no_longer(oak_met.world.now)
    assert keep_no_longer(oak_met.world.now) == {}
    rows = Row.objects.filter(kind="protection.retention.ran")
    assert rows.count() == 1 and '"registers":' in rows.get().data
    years_pass(oak_met.world, 0.01)
    keep_no_longer(oak_met.world.now)
    assert rows.count() == 2


def test_it_goes_on_where_there_is_more_than_one_go(oak_met: Held) -> None:
    years_pass(oak_met.world, 3.1)
    for _ in range(20):
        keep_no_longer(oak_met.world.now, at_most=1)
    assert not Seat.objects.exclude(pupil=None).exists()
    assert Row.objects.filter(kind="protection.retention.goes_on").exists()
    assert Row.objects.filter(kind="protection.retention.ran").count() == 1


def test_a_clock_that_leapt_empties_nothing(oak_met: Held) -> None:
    oak_met.world.later(days=4 * 365)
    assert keep_no_longer(oak_met.world.now) == {}
    assert Seat.objects.exclude(pupil=None).exists()


def test_a_school_may_keep_things_shorter(oak_met: Held) -> None:
    set_limit(limit=Limit.REGISTERS, value=6, by=oak_met.world.staff["headteacher"], now=oak_met.world.now)
    years_pass(oak_met.world, 0.6)
    assert "registers" in keep_no_longer(oak_met.world.now)
    assert not Seat.objects.exclude(pupil=None).exists()


def incident(held: Held, kind: str, *, closed: bool) -> Incident:
    world = held.world
    made = incidents.report(
        kind=kind, meeting=held.met, pupil=held.ben, what="Ben Onlyben cried", happened_at=world.now,
        by=world.teacher, now=world.now,
    )  # fmt: skip
    if closed:
        dsl = world.staff["dsl"]
        incidents.take(incident=made, owner=dsl, by=dsl, now=world.now)
        incidents.close(incident=made, outcome="Spoke with Ben Onlyben", by=dsl, now=world.now)
    return made


def test_an_open_incident_keeps_its_meeting(oak_met: Held) -> None:
    incident(oak_met, "behaviour", closed=False)
    years_pass(oak_met.world, 3.1)
    keep_no_longer(oak_met.world.now)
    assert Meeting.objects.get(pk=oak_met.met.pk).emptied_at is None
    assert Meeting.objects.get(pk=oak_met.off.pk).emptied_at is not None


def test_closed_incidents_lose_their_words_and_the_log_its_salts(oak_met: Held) -> None:
    made, concern = incident(oak_met, "behaviour", closed=True), incident(oak_met, "concern", closed=True)
    years_pass(oak_met.world, 6.1)
    assert keep_no_longer(oak_met.world.now)["incidents"] == 1
    made.refresh_from_db()
    concern.refresh_from_db()
    assert made.pupil is None and "Onlyben" not in made.what + made.outcome
    assert not made.steps.filter(text__contains="Onlyben").exists()
    assert concern.pupil == oak_met.ben and concern.what == "Ben Onlyben cried"
    assert verify()[1] is None


def test_a_leaver_goes_with_the_family_and_the_figures_stay(oak_met: Held) -> None:
    world = oak_met.world
    pupil_leaves(pupil=oak_met.ben, by=world.staff["office"], now=world.now)
    years_pass(world, 2.9)
    keep_no_longer(world.now)
    assert Pupil.objects.filter(pk=oak_met.ben.pk).exists()
    years_pass(world, 0.2)
    before = report(oak_met)
    assert keep_no_longer(world.now)["children"] == 1
    assert report(oak_met) == before
    assert not Pupil.objects.filter(pk=oak_met.ben.pk).exists()
    assert not Adult.objects.filter(pk=oak_met.bruno.pk).exists()
    assert not Household.objects.filter(name="Other").exists()
    for word in ("Onlyben", "Bruno Other", "bruno@home.example"):
        assert word not in everything()
    assert Pupil.objects.filter(pk=oak_met.amara.pk).exists()
    assert verify()[1] is None


def test_a_leaver_with_an_incident_that_is_kept_waits_for_it(oak_met: Held) -> None:
    world = oak_met.world
    incident(oak_met, "behaviour", closed=True)
    pupil_leaves(pupil=oak_met.ben, by=world.staff["office"], now=world.now)
    years_pass(world, 3.1)
    assert keep_no_longer(world.now)["waiting"] == 1
    assert Pupil.objects.filter(pk=oak_met.ben.pk).exists()
    years_pass(world, 3.1)
    assert keep_no_longer(world.now)["children"] == 1


def test_an_account_keeps_its_number_and_nothing_else(oak_met: Held) -> None:
    world = oak_met.world
    name, email = world.teacher.name, world.teacher.email
    switch_off(user=world.teacher, by=world.staff["headteacher"], now=world.now)
    years_pass(world, 6.1)
    empty_old(world.now)
    before = report(oak_met)
    assert keep_no_longer(world.now)["accounts"] == 1
    assert report(oak_met) == before
    gone = User.objects.get(pk=world.teacher.pk)
    assert gone.erased_at and not gone.has_usable_password() and gone.roles == frozenset()
    assert [line for line in everything().splitlines() if name in line or email in line] == []


def test_one_that_fails_keeps_nobody_else_waiting(
    oak_met: Held, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*, meeting: Meeting, **told: object) -> bool:
        if meeting.pk == oak_met.met.pk:
            raise ValueError("Ben Onlyben")
        return empty_meeting(meeting=meeting, **told)  # type: ignore[arg-type]

    monkeypatch.setattr(tasks, "empty_meeting", broken)
    years_pass(oak_met.world, 3.1)
    counts = keep_no_longer(oak_met.world.now)
    assert counts["failed"] == 1 and counts["registers"] >= 1
    assert "ValueError" in caplog.text and "Onlyben" not in caplog.text
    monkeypatch.undo()


def test_a_parents_meeting_is_nobodys_any_more(oak_met: Held) -> None:
    home = oak_met.ben.households.get()
    held = Meeting.objects.create(
        kind="parents", purpose="family", school_class=oak_met.world.oak, household=home, state="ended",
        host=oak_met.world.teacher, starts_at=oak_met.met.starts_at, ended_at=oak_met.met.ended_at,
        live_at=oak_met.met.live_at, minutes=20,
    )  # fmt: skip
    years_pass(oak_met.world, 3.1)
    before = report(oak_met)
    keep_no_longer(oak_met.world.now)
    held.refresh_from_db()
    assert held.household is None and held.title == "Oak"
    assert report(oak_met) == before


def test_every_page_about_what_was_emptied_still_opens(oak_met: Held, visits: Visits) -> None:
    made = incident(oak_met, "behaviour", closed=True)
    days = set(Notice.objects.values_list("day", flat=True))
    years_pass(oak_met.world, 6.1)
    keep_no_longer(oak_met.world.now)
    client = visits.by_role("headteacher")
    addresses = [f"{reverse('dispatch')}?day={day}" for day in days]
    addresses += [
        reverse(name, args=[oak_met.met.public_id]) for name in ("meeting", "register", "register-pdf")
    ]
    addresses += [
        reverse("meeting", args=[oak_met.off.public_id]),
        reverse("incident", args=[made.public_id]),
    ]
    addresses += [reverse("protection"), reverse("report"), reverse("dispatch"), reverse("letters")]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert b"Onlyben" not in answer.content


@pytest.mark.parametrize("limit", [each for each in Limit if not each.facts.clause])
def test_each_period_can_be_shortened(world: World, limit: Limit) -> None:
    assert limit.facts.least < limit.facts.value <= limit.facts.most and limit.facts.unit == "months"
