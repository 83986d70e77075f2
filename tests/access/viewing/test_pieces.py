"""Ranges, places and numbers that are made up get nothing more (T10)."""

import pytest

from tests.access.viewing.conftest import SENT, dark
from tests.access.viewings import (
    SECONDS,
)


@pytest.mark.parametrize(
    "header",
    [
        "bytes=0-",
        "bytes=0-99999999999999999999",
        "bytes=5-1",
        "bytes=-1",
        "lines=1-2",
        "bytes=" + "0-1," * 2000 + "5-6",
        "x" * 4000,
    ],
)
def test_a_range_gets_no_more_than_the_one_piece(viewing, header):
    viewing.begin()
    plain = viewing.piece(0).content
    answer = viewing.piece(0, headers={"Range": header})
    assert answer.status_code == 200 and answer.content == plain and "Accept-Ranges" not in answer


@pytest.mark.parametrize("number", [3, 20, 29, 30, 10**6, 10**30])
def test_nothing_is_sent_from_further_on_than_the_leader_is(viewing, number):
    viewing.begin()
    assert dark(viewing, number)
    assert viewing.piece(2).status_code in SENT


def test_asked_for_many_times_it_sends_no_more(viewing):
    viewing.begin()
    got = {number for number in range(SECONDS) if viewing.piece(number).status_code in SENT}
    assert got == {0, 1, 2}
    viewing.say(20)
    got = {number for number in range(SECONDS) if viewing.piece(number).status_code in SENT}
    assert got == set(range(15, 23))


@pytest.mark.parametrize("number", ["-1", "1.5", "x", "1%00", "0x1", ""])
def test_a_number_that_is_none_is_no_address(viewing, number):
    viewing.begin()
    address = f"/see/{viewing.secret}/{viewing.film.public_id}/{number}"
    assert viewing.parent.get(address).status_code == 404


@pytest.mark.parametrize("at", ["-1", "nan", "inf", "1e9", "", "x", "31.5"])
def test_a_place_that_is_none_moves_nothing(viewing, at):
    viewing.begin()
    assert viewing.say(at).status_code == 400
    assert viewing.session.at == 0


@pytest.mark.parametrize("secret", ["x", "x" * 43, "%00", "..", "' or 1=1"])
def test_a_guessed_link_is_nothing(viewing, secret):
    viewing.begin()
    assert viewing.parent.get(f"/see/{secret}").status_code == 404
    assert viewing.parent.post(f"/see/{secret}").status_code == 404
    assert viewing.parent.get(f"/take/{secret}").status_code == 404
