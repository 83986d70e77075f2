"""Before its time, after it, and without the leader nothing is shown (T10)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from circletime.access.actions import viewing as actions
from circletime.access.models import (
    Attendance,
)
from circletime.audit.queries import list_kinds
from tests.access.viewing.conftest import SENT, dark
from tests.access.viewings import (
    STARTS,
)


def test_before_its_time_the_link_binds_nothing_and_shows_nothing(viewing):
    viewing.link()
    assert b"Watch on this device" not in viewing.see().content
    assert viewing.bind().status_code == 200 and not viewing.session.browser_hash
    assert viewing.post("open").status_code == 409
    assert dark(viewing)


def test_before_the_leader_opens_it_is_dark(viewing):
    viewing.clock.now = STARTS
    viewing.link()
    viewing.bind()
    assert viewing.state() == "waiting" and b"Waiting for the member of staff" in viewing.see().content
    assert dark(viewing)
    viewing.say(0)
    assert viewing.state() == "waiting" and dark(viewing)


def test_a_program_that_looks_at_links_binds_nothing(viewing):
    viewing.clock.now = STARTS
    viewing.link()
    for _ in range(3):
        assert viewing.see(Client()).status_code == 200
    assert not viewing.session.browser_hash
    assert viewing.bind().status_code == 302


@pytest.mark.parametrize(("away", "lit"), [(10.0, True), (10.1, False), (11, False), (3000, False)])
def test_absent_for_ten_seconds_pauses_it_and_refuses_each_byte(viewing, away, lit):
    viewing.begin()
    viewing.say(0, playing=True)
    viewing.clock.later(seconds=away)
    assert (viewing.piece(10).status_code in SENT) == lit
    assert viewing.state() == ("on" if lit else "over" if away > 1800 else "away")


def test_who_comes_back_finds_it_paused(viewing):
    viewing.begin()
    viewing.say(5, playing=True)
    viewing.clock.later(seconds=12)
    back = viewing.say(9, playing=True)
    assert back.json()["playing"] is False
    assert viewing.parent.get(reverse("see-state", args=[viewing.secret])).json()["playing"] is False
    viewing.clock.later(seconds=1)
    assert viewing.say(9, playing=True).json()["playing"] is True
    assert Attendance.objects.filter(leader=True).count() == 2
    assert "access.viewing.leader_back" in list_kinds(viewing.session.subject)


def test_after_the_end_nothing_is_left(viewing):
    viewing.begin()
    viewing.post("close")
    assert dark(viewing) and viewing.state() == "over"
    assert viewing.say(0).status_code == 410 and viewing.post("open").status_code == 410
    assert dark(viewing)
    assert (
        viewing.leader.get(viewing.address("supervised-film", viewing.row.recording.public_id)).status_code
        == 404
    )


def test_its_time_ends_it_whoever_is_there(viewing):
    viewing.begin()
    viewing.clock.later(minutes=29, seconds=59)
    viewing.say(0)
    assert viewing.state() == "on"
    viewing.clock.later(seconds=1)
    assert dark(viewing) and viewing.state() == "over" and viewing.say(0).status_code == 410
    assert actions.close_late(session=viewing.session, now=viewing.clock.now)
    assert not actions.close_late(session=viewing.session, now=viewing.clock.now)
    assert viewing.session.closed_by is None


def test_a_clock_that_is_set_back_shows_nothing(viewing):
    viewing.begin()
    for back in (timedelta(seconds=5), timedelta(minutes=5), timedelta(days=1)):
        was = viewing.clock.now
        viewing.clock.now -= back
        assert dark(viewing) and viewing.state() != "on"
        viewing.clock.now = was
    viewing.post("close")
    viewing.clock.now -= timedelta(minutes=5)
    assert dark(viewing) and viewing.state() == "over"
