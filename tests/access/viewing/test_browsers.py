"""Other people and other browsers see nothing (T10)."""

from datetime import timedelta

import pytest
from django.test import Client

from circletime.access.actions import checks, redaction
from tests.access.viewing.conftest import dark, signed_in
from tests.access.viewings import (
    Viewing,
    invite,
    make_film,
    second_leader,
)


@pytest.mark.parametrize(
    "who", ["second", "dsl", "headteacher", "teacher", "office", "governor", "anonymous"]
)
def test_nobody_elses_page_opens_it_or_keeps_it_open(viewing, staff, who):
    viewing.begin()
    other = Client() if who == "anonymous" else signed_in(second_leader() if who == "second" else staff[who])
    viewing.clock.later(seconds=10.5)
    for answer in (
        viewing.say(0, client=other),
        *(viewing.post(what, other) for what in ("open", "close", "longer")),
    ):
        assert answer.status_code in ((302,) if who == "anonymous" else (403,))
    assert dark(viewing)
    film = viewing.address("supervised-film", viewing.row.recording.public_id)
    assert other.get(film).status_code in (302, 403)
    assert viewing.session.closed_at is None


def test_the_address_copied_to_another_browser_shows_nothing_and_is_noticed(viewing):
    viewing.begin()
    thief = Client()
    for answer in (viewing.see(thief), viewing.bind(thief)):
        assert answer.status_code == 404 and b"There is nothing to see here" in answer.content
    assert viewing.state(thief) == "over" and dark(viewing, client=thief)
    thief.cookies["viewing"] = "x" * 43
    assert viewing.see(thief).status_code == 404 and dark(viewing, client=thief)
    assert viewing.say(0).json()["strangers"] == 3
    assert viewing.piece(0).status_code == 200


def test_a_link_is_burned_and_a_new_one_is_another(viewing):
    viewing.begin()
    old = viewing.secret
    assert viewing.post("burn").status_code == 302
    assert viewing.see().status_code == 404 and dark(viewing)
    answer = viewing.post("link")
    assert old.encode() not in answer.content and b"/see/" in answer.content
    assert viewing.see().status_code == 404
    viewing.link()
    assert viewing.see(Client()).status_code == 200 and dark(viewing)


def test_only_a_hash_of_the_link_is_kept(viewing):
    viewing.begin()
    session = viewing.session
    kept = " ".join(str(getattr(session, field.attname)) for field in session._meta.concrete_fields)
    assert viewing.secret not in kept and viewing.parent.cookies["viewing"].value not in kept
    cookie = viewing.parent.cookies["viewing"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and viewing.secret in cookie["path"]
    assert b"/see/" not in viewing.leader.get(viewing.address("supervised")).content


def test_a_leader_is_in_one_viewing_at_a_time(viewing, staff, checked, amara):
    viewing.begin()
    case = checks.identify(case=checked(asker_name="Kofi Boateng"), by=staff["slt"], now=viewing.clock.now)
    row = case.recordings.get()
    made = make_film(row, staff["slt"], viewing.clock.now)
    redaction.approve(case_recording=row, film=made.public_id, by=staff["dsl"], now=viewing.clock.now)
    starts = viewing.clock.now
    viewing.clock.now -= timedelta(days=1, minutes=5)
    second = Viewing(
        invite(case, staff["slt"], viewing.clock.now, starts),
        row,
        made,
        viewing.leader,
        Client(),
        viewing.clock,
    )
    viewing.clock.now = starts
    answer = second.post("open")
    assert answer.status_code == 409 and b"Close that one first" in answer.content
    viewing.post("close")
    assert second.post("open").status_code == 302
