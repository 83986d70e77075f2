"""Who may not erase, and what stands against it, first; then that nothing is left, and the log holds."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from circletime.access.actions import ending
from circletime.access.actions.log import log_case
from circletime.access.models import Case
from circletime.audit.models import Row
from circletime.audit.queries import verify
from circletime.core.errors import NotAllowed, Refused
from circletime.documents.models import Acceptance
from circletime.meetings.models import Expected, Happening, Seat
from circletime.oversight.actions import incidents
from circletime.people.actions import note_restriction
from circletime.people.actions.pupils import pupil_leaves
from circletime.people.actions.staff import switch_off, switch_on
from circletime.people.models import Adult, Household, Pupil, RosterBefore, RosterImport, RosterSaid, User
from circletime.protection.actions.erasing import erase_person
from circletime.protection.queries.people import Person, goes_with
from circletime.protection.queries.standing import against
from circletime.recordings.actions.holds import place_hold
from circletime.recordings.models import Recording
from tests.protection.conftest import Held, everything
from tests.protection.test_retention import incident, report
from tests.web.page import Page
from tests.web.visits import Visits


def erase(held: Held, person: Person, *, by: str = "dsl", **changed: Any) -> dict[str, int]:
    told: dict[str, Any] = {"ground": "asked", "confirmed": True, "handed_on": False}
    return erase_person(person=person, by=held.world.staff[by], now=held.world.now, **told | changed)


@pytest.fixture
def left(oak_met: Held) -> Held:
    """Ben has left the school."""
    pupil_leaves(pupil=oak_met.ben, by=oak_met.world.staff["office"], now=oak_met.world.now)
    oak_met.ben.refresh_from_db()
    return oak_met


@pytest.mark.parametrize("role", ["teacher", "support", "office", "slt", "governor"])
def test_nobody_else_erases_or_exports(role: str, left: Held, visits: Visits) -> None:
    with pytest.raises(NotAllowed):
        erase(left, left.ben, by=role)
    client = visits.by_role(role)
    for address in ("protection-person", "protection-export"):
        where = reverse(address, args=["child", left.ben.pk])
        assert client.post(where, {"verb": "erase", "ground": "asked", "sure": "yes"}).status_code == 403
    assert Pupil.objects.filter(pk=left.ben.pk).exists()


def test_it_takes_a_ground_and_a_tick(left: Held) -> None:
    for changed in ({"ground": ""}, {"ground": "whatever"}, {"confirmed": False}):
        with pytest.raises(Refused):
            erase(left, left.ben, **changed)
    assert Pupil.objects.filter(pk=left.ben.pk).exists()


def refused(held: Held, person: Person) -> str:
    rows = Row.objects.count()
    with pytest.raises(Refused) as refusal:
        erase(held, person)
    assert Row.objects.count() == rows and type(person)._default_manager.filter(pk=person.pk).exists()
    return str(refusal.value)


class TestWhatStandsAgainstIt:
    def test_they_are_still_here(self, oak_met: Held) -> None:
        assert "Write down first that they have left" in refused(oak_met, oak_met.ben)
        assert "Write down first that they have left" in refused(oak_met, oak_met.bruno)
        assert "Switch the account off first" in refused(oak_met, oak_met.world.teacher)

    def test_a_meeting_that_is_not_over(self, left: Held) -> None:
        left.met.state = "live"
        left.met.save()
        assert "a meeting that is not over" in refused(left, left.ben)

    def test_a_hold(self, left: Held) -> None:
        kept = Recording.objects.create(
            meeting=left.met, wrapped_key=b"k", state="stopped", made_at=left.world.now,
            destroy_on=(left.world.now + timedelta(days=30)).date(),
        )  # fmt: skip
        assert against(goes_with(left.ben), left.world.now.date()) == [], "a recording goes on its own day"
        place_hold(
            recordings=[kept], reason="A complaint", review_on=(left.world.now + timedelta(days=9)).date(),
            by=left.world.staff["dsl"], now=left.world.now,
        )  # fmt: skip
        assert "kept by a hold" in refused(left, left.ben)

    def test_an_open_request(self, left: Held) -> None:
        ask(left)
        assert "is not answered yet" in refused(left, left.ben)

    def test_an_open_incident(self, left: Held) -> None:
        incident(left, "behaviour", closed=False)
        assert "An incident that concerns Ben Onlyben is not closed" in refused(left, left.ben)

    def test_a_roster_that_is_being_brought_in(self, left: Held) -> None:
        RosterImport.objects.create(made_at=left.world.now, file_name="roster.zip", state="ready")
        assert "A roster is being brought in" in refused(left, left.ben)

    def test_a_restriction_that_protects_a_child_who_is_here(self, oak_met: Held) -> None:
        world = oak_met.world
        note_restriction(
            pupil=oak_met.amara, adult=oak_met.ada, household=None, what="An order of the court",
            since=world.now.date(), until=None, by=world.staff["dsl"], now=world.now,
        )  # fmt: skip
        Adult.objects.filter(pk=oak_met.ada.pk).update(left_at=world.now)
        oak_met.ada.refresh_from_db()
        assert "protects a child who is at the school" in refused(oak_met, oak_met.ada)

    def test_a_safeguarding_concern_is_handed_on_first_and_by_the_safeguarding_lead(self, left: Held) -> None:
        concern = incident(left, "concern", closed=True)
        with pytest.raises(NotAllowed):
            erase(left, left.ben, by="headteacher", handed_on=True)
        assert "Hand it on first" in refused(left, left.ben)
        erase(left, left.ben, handed_on=True)
        concern.refresh_from_db()
        assert concern.pupil is None and "Onlyben" not in concern.what

    def test_nobody_erases_themselves(self, oak_met: Held) -> None:
        with pytest.raises(NotAllowed):
            erase(oak_met, oak_met.world.staff["dsl"])


def ask(held: Held) -> Case:
    world = held.world
    return log_case(
        pupil=held.ben, asker_name=held.bruno.name, asker_email=held.bruno.email, relation="parent",
        channel="spoken", words="Ben Onlyben's turn", asked_on=world.now.date(), by=world.staff["slt"],
        now=world.now,
    )  # fmt: skip


def test_nothing_is_left_of_a_child_and_the_log_holds(left: Held) -> None:
    world, ben = left.world, left.ben
    ending.withdraw(case=ask(left), reason="Ben Onlyben moved", by=world.staff["slt"], now=world.now)
    incident(left, "behaviour", closed=True)
    RosterSaid.objects.create(source="x", kind="pupil", source_id="b-1", words={"first_name": "Onlyben"})
    Pupil.objects.filter(pk=ben.pk).update(source_id="b-1")
    made = RosterImport.objects.create(made_at=world.now, file_name="roster.zip", state="applied")
    RosterBefore.objects.create(
        roster_import=made, model="pupil", rows=[[ben.pk, {"last_name": "Onlyben"}, {}]]
    )
    before, seats = report(left), Seat.objects.count()
    counts = erase(left, ben)
    assert report(left) == before and Seat.objects.count() == seats
    assert counts["people"] == 2 and counts["requests"] == counts["incidents"] == counts["households"] == 1
    for word in ("Onlyben", "Bruno Other", "bruno@home.example"):
        assert [line for line in everything().splitlines() if word in line] == []
    assert not Seat.objects.filter(label="Ben").exists() and not Expected.objects.filter(label="Ben").exists()
    assert not Household.objects.filter(name="Other").exists()
    row = Row.objects.get(kind="protection.person.erased")
    assert row.subject == f"pupil:{ben.pk}" and '"ground":"asked"' in row.data and "Ben" not in row.data
    assert verify()[1] is None


@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite's file only")
def test_what_is_erased_is_overwritten_in_the_file(left: Held) -> None:
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_other_families_stay_whole(left: Held) -> None:
    erase(left, left.ben)
    assert Seat.objects.filter(pupil=left.amara, label="Amara").exists()
    assert Expected.objects.filter(pupil=left.amara).exists()
    assert Adult.objects.filter(pk=left.ada.pk, email="ada@home.example").exists()


def test_an_adult_with_another_child_stays(left: Held) -> None:
    home = left.ben.households.get()
    left.amara.households.add(home)
    erase(left, left.ben)
    assert Adult.objects.filter(pk=left.bruno.pk).exists() and Household.objects.filter(pk=home.pk).exists()


def test_the_host_s_words_about_them_are_gone(left: Held) -> None:
    assert Happening.objects.filter(text__contains="Onlyben").exists()
    erase(left, left.ben)
    assert not Happening.objects.filter(text__contains="Onlyben").exists()


def test_an_adult_alone(left: Held) -> None:
    Adult.objects.filter(pk=left.ada.pk).update(left_at=left.world.now)
    left.ada.refresh_from_db()
    before = report(left)
    erase(left, left.ada)
    assert report(left) == before
    assert not Adult.objects.filter(pk=left.ada.pk).exists()
    assert Pupil.objects.filter(pk=left.amara.pk).exists()
    assert "ada@home.example" not in everything()


def test_an_account(oak_met: Held) -> None:
    world = oak_met.world
    Acceptance.objects.all().delete()
    switch_off(user=world.teacher, by=world.staff["headteacher"], now=world.now)
    world.teacher.refresh_from_db()
    erase(oak_met, world.teacher)
    gone = User.objects.get(pk=world.teacher.pk)
    assert gone.name == "A colleague who left" and gone.email.endswith("@erased.invalid")
    with pytest.raises(Refused):
        switch_on(user=gone, by=world.staff["headteacher"], now=world.now)
    with pytest.raises(Refused):
        erase(oak_met, gone)
    assert verify()[1] is None


def test_the_page_says_what_goes_and_erases(left: Held, visits: Visits) -> None:
    client = visits.by_role("headteacher")
    where = reverse("protection-person", args=["child", left.ben.pk])
    assert where in Page(client.get(reverse("people-pupil", args=[left.ben.pk]))).addresses()
    shown = client.get(where).content.decode()
    assert "Bruno Other" in shown and "Stays:" in shown and "It cannot be done now" not in shown
    answer = client.post(where, {"verb": "erase", "ground": "asked"})
    assert answer.status_code == 400 and "Tick that you know" in answer.content.decode()
    answer = client.post(where, {"verb": "erase", "ground": "asked", "sure": "yes"})
    assert answer.status_code == 302 and client.get(where).status_code == 404
    assert client.get(reverse("register", args=[left.met.public_id])).status_code == 200
    assert client.get(reverse("people")).status_code == 200


def test_the_page_says_what_stands_against_it(oak_met: Held, visits: Visits) -> None:
    incidents.report(
        kind="behaviour", meeting=oak_met.met, pupil=oak_met.ben, what="Ben cried",
        happened_at=oak_met.world.now, by=oak_met.world.teacher, now=oak_met.world.now,
    )  # fmt: skip
    where = reverse("protection-person", args=["child", oak_met.ben.pk])
    answer = visits.by_role("dsl").post(where, {"verb": "erase", "ground": "asked", "sure": "yes"})
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "still belongs to the school" in shown and 'value="erase"' not in shown


def test_the_page_offers_nothing_that_would_be_refused(left: Held, visits: Visits) -> None:
    incident(left, "concern", closed=True)
    where = reverse("protection-person", args=["child", left.ben.pk])
    shown = visits.by_role("headteacher").get(where).content.decode()
    assert "Only the safeguarding lead can say" in shown and 'value="erase"' not in shown
    client = visits.by_role("dsl")
    assert "handed_on" in client.get(where).content.decode()
    typed = {"verb": "erase", "ground": "no need", "sure": "yes"}
    assert client.post(where, typed).status_code == 400
    assert client.post(where, typed | {"handed_on": "yes"}).status_code == 302
