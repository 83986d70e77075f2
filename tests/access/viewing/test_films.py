"""No film is sent but the one that was approved, as it was approved (T10)."""

from datetime import timedelta

import pytest

from circletime.access.actions import checks, redaction, stopping
from circletime.access.models import (
    Case,
    Redaction,
    ViewingSession,
)
from circletime.access.queries import redaction as queries
from circletime.recordings.actions import retention
from circletime.recordings.models import Recording
from circletime.recordings.queries import folder_of
from tests.access.conftest import recorded
from tests.access.viewing.conftest import change_mark, dark
from tests.access.viewings import (
    SECONDS,
    STARTS,
    film_bytes,
    make_film,
)
from tests.recordings.school import BEGAN, put_film


def test_no_other_film_is_sent(viewing, staff, checked, amara):
    viewing.begin()
    other = recorded(staff, amara, seconds=SECONDS, began=BEGAN + timedelta(hours=2))
    foreign = make_film(viewing.row, staff["slt"], viewing.clock.now)
    foreign_case = checks.identify(case=checked(), by=staff["slt"], now=viewing.clock.now)
    row = foreign_case.recordings.get(recording=other)
    theirs = make_film(row, staff["slt"], viewing.clock.now)
    redaction.approve(case_recording=row, film=theirs.public_id, by=staff["dsl"], now=viewing.clock.now)
    whole = viewing.row.recording.films.get(kind="whole")
    put_film(whole, film_bytes())
    for film in (foreign, theirs, whole):
        assert viewing.piece(0, film=film.public_id).status_code == 404
    for film in ("x" * 22, "..", "0"):
        assert viewing.piece(0, film=film).status_code == 404
    assert viewing.say(0, recording=other.public_id).status_code == 404
    assert viewing.leader.get(viewing.address("supervised-film", other.public_id)).status_code == 404


def test_by_another_films_address_nothing_is_sent_while_the_approved_one_runs(viewing):
    viewing.begin()
    whole = viewing.row.recording.films.get(kind="whole")
    put_film(whole, film_bytes())
    assert viewing.piece(0).status_code == 200
    for film in (whole.public_id, "x" * 22, "0"):
        assert viewing.piece(0, film=film).status_code == 404
    assert viewing.piece(0).status_code == 200


def test_a_film_that_nobody_approved_is_not_shown(viewing, staff):
    Redaction.objects.update(approved_by=None, approved_at=None, approved_film="", approved_digest="")
    viewing.clock.now = STARTS
    viewing.link()
    viewing.bind()
    answer = viewing.post("open")
    assert answer.status_code == 409 and b"nothing to show" in answer.content
    ViewingSession.objects.update(opened_at=STARTS, seen_at=STARTS, said_at=STARTS, showing=viewing.row)
    assert dark(viewing) and viewing.state() == "waiting"


def change_film(viewing, staff):
    make_film(viewing.row, staff["slt"], viewing.clock.now)


def change_cut(viewing, staff):
    type(viewing.film).objects.filter(pk=viewing.film.pk).update(cut={})


def change_kind_of_seat(viewing, staff):
    viewing.row.recording.meeting.seat_set.exclude(role="host").exclude(
        public_id__in=viewing.row.seats
    ).update(role="host")


@pytest.mark.parametrize("change", [change_mark, change_film, change_cut, change_kind_of_seat])
def test_a_film_that_was_changed_after_its_approval_goes_dark_at_once(viewing, staff, change):
    viewing.begin()
    assert viewing.piece(0).status_code == 200
    change(viewing, staff)
    assert dark(viewing) and viewing.state() == "waiting"
    assert queries.approved_film(viewing.row, viewing.clock.now) is None


def test_a_recording_that_was_destroyed_shows_nothing(viewing, staff):
    viewing.begin()
    case = Case.objects.get()
    case.hold.released_at = viewing.clock.now
    case.hold.released_by = staff["slt"]
    case.hold.save()
    Recording.objects.update(destroy_on=viewing.clock.now.date())
    assert dark(viewing), "its day has come, though the worker has not run"
    retention.destroy(
        recording=viewing.row.recording, by="test", now=viewing.clock.now, today=viewing.clock.now.date()
    )
    assert dark(viewing) and viewing.state() == "waiting"
    assert not folder_of(viewing.row.recording.public_id).exists()


def test_a_request_that_was_stopped_shows_nothing(viewing, staff):
    viewing.begin()
    stopping.stop(case=viewing.row.case, reason="A court order came", by=staff["dsl"], now=viewing.clock.now)
    assert dark(viewing) and viewing.state() == "over" and viewing.say(0).status_code == 410


def test_a_contact_restriction_that_turns_up_shows_nothing(viewing, staff, amara):
    from circletime.people.models import ContactRestriction

    viewing.begin()
    ContactRestriction.objects.create(
        pupil=amara,
        what="An order",
        noted_by=staff["office"],
        noted_at=viewing.clock.now,
        since=viewing.clock.now.date(),
    )
    assert dark(viewing) and viewing.state() == "over"


def test_damaged_bytes_are_not_sent(viewing):
    viewing.begin()
    path = folder_of(viewing.row.recording.public_id) / viewing.film.rest_name
    raw = bytearray(path.read_bytes())
    for at in range(100, len(raw), 5000):
        raw[at] ^= 1
    path.write_bytes(raw)
    assert dark(viewing)
    path.unlink()
    assert dark(viewing)
