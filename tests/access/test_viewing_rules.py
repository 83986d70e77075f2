"""When a film may be seen, and how far: the rules, attacked with every moment that could be wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circletime.access.rules import redaction, viewing
from circletime.access.rules.viewing import Light, Play, Standing, light, may_fetch, place
from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import Role

STARTS = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def at(**span: float) -> datetime:
    return STARTS + timedelta(**span)


OPEN = Standing(STARTS, at(minutes=45), at(minutes=1), None, at(minutes=10), going_on=True)


def test_it_is_light_while_the_leader_is_there_and_no_longer():
    assert light(OPEN, at(minutes=10)) == Light.ON
    assert light(OPEN, at(minutes=10, seconds=10)) == Light.ON
    assert light(OPEN, at(minutes=10, seconds=10.1)) == Light.AWAY


@pytest.mark.parametrize(
    ("change", "now", "is_"),
    [
        ({}, at(minutes=-16), Light.EARLY),
        ({"opened_at": None, "seen_at": None}, at(minutes=-15), Light.WAITING),
        ({"opened_at": None}, at(minutes=10), Light.WAITING),
        ({"seen_at": None}, at(minutes=10), Light.AWAY),
        ({"closed_at": at(minutes=9)}, at(minutes=10), Light.OVER),
        ({"going_on": False}, at(minutes=10), Light.OVER),
        ({"seen_at": at(minutes=45)}, at(minutes=45), Light.OVER),
        ({}, at(minutes=9, seconds=57), Light.AWAY),  # the clock was set back
        ({"closed_at": at(minutes=9)}, at(minutes=-10), Light.OVER),
    ],
)
def test_it_is_dark_at_every_other_moment(change, now, is_):
    assert light(replace(OPEN, **change), now) == is_


@given(st.floats(-1e4, 1e5), st.floats(0, 1e4), st.booleans(), st.integers(-5, 10**6))
def test_no_piece_is_far_from_where_the_leader_is(later, where, playing, number):
    play = Play(where, playing, STARTS)
    now = at(seconds=later)
    there = place(play, now)
    assert where <= there <= where + 10
    if may_fetch(number, 1, play, now):
        assert there - 5 <= number <= there + viewing.AHEAD


def test_a_paused_film_stays_and_a_playing_one_stops_when_nobody_is_there():
    assert place(Play(30, False, STARTS), at(seconds=8)) == 30
    assert place(Play(30, True, STARTS), at(seconds=8)) == 38
    assert place(Play(30, True, STARTS), at(seconds=3600)) == 40
    assert place(Play(30, True, STARTS), at(seconds=-3600)) == 30
    assert place(Play(30, True, None), at(seconds=8)) == 30


@pytest.mark.parametrize("said", [-0.1, float("nan"), float("inf"), -float("inf"), 62.0])
def test_a_place_that_is_none_is_refused(said):
    with pytest.raises(Refused):
        viewing.check_place(said, 60)
    assert viewing.check_place(60.4, 60) == 60.4


@pytest.mark.parametrize(
    ("before", "says", "later", "shown"),
    [
        (Play(10, True, STARTS), 12, 2, (10, 12)),
        (Play(10, True, STARTS), 11.2, 2, (10, 11.2)),  # it stood still for a moment
        (Play(10, True, STARTS), 300, 2, (10, 12)),  # they went on to another place
        (Play(10, True, STARTS), 3, 2, (10, 12)),
        (Play(10, False, STARTS), 12, 2, None),
        (Play(10, True, STARTS), 10, 0, None),
        (Play(10, True, STARTS), 900, 900, (10, 20)),
    ],
)
def test_what_was_shown_is_what_was_played(before, says, later, shown):
    assert viewing.shown(before, says, at(seconds=later)) == shown


def test_a_secret_is_kept_as_its_hash_and_never_the_same():
    made = [viewing.new_secret() for _ in range(50)]
    assert len(set(made)) == 50 and all(len(one) >= 43 for one in made)
    assert viewing.fits(made[0], viewing.hashed(made[0])) and not viewing.fits(
        made[1], viewing.hashed(made[0])
    )
    assert not viewing.fits("", "") and not viewing.fits(made[0], "")


def test_a_copy_is_begun_again_within_the_hour_and_not_once_it_was_taken():
    assert viewing.can_begin_again(None, None, STARTS)
    assert viewing.can_begin_again(STARTS, None, at(minutes=60))
    assert not viewing.can_begin_again(STARTS, None, at(minutes=60, seconds=1))
    assert not viewing.can_begin_again(STARTS, None, at(minutes=-1))
    assert not viewing.can_begin_again(STARTS, at(minutes=1), at(minutes=2))


@pytest.mark.parametrize(
    ("text", "seconds"), [("3:07", 187), (" 0:00 ", 0), ("1:02:03", 3723), ("75:30", 4530)]
)
def test_a_clock_is_read(text, seconds):
    assert redaction.read_clock(text, field="begins") == seconds


@pytest.mark.parametrize(
    "text", ["", "7", "3:7", "3:60", "-1:00", "3.07", "a:bb", "1:2:3:4", "٣:٠٧", "9999:00"]
)
def test_what_is_no_clock_is_said_beside_its_field(text):
    with pytest.raises(Refused) as refused:
        redaction.read_clock(text, field="ends")
    assert refused.value.field == "ends" and refused.value.status == 400


@pytest.mark.parametrize(
    ("begins", "ends", "picture", "sound", "field"),
    [
        (61, 70, True, True, "begins"),
        (5, 5, True, True, "ends"),
        (9, 5, True, True, "ends"),
        (1, 2, False, False, "what"),
    ],
)
def test_a_mark_that_leaves_nothing_out_is_refused(begins, ends, picture, sound, field):
    with pytest.raises(Refused) as refused:
        redaction.check_mark(begins, ends, 60, picture=picture, sound=sound)
    assert refused.value.field == field
    redaction.check_mark(0, 61, 60, picture=True, sound=False)


@pytest.mark.parametrize("role", list(Role))
def test_only_leaders_approve_and_never_who_made_it(role):
    may = role in (Role.SLT, Role.DSL, Role.HEADTEACHER)
    assert redaction.can_approve({role}, 1, [2, 3]) == may
    assert not redaction.can_approve({role, Role.DSL}, 1, [1])
    with pytest.raises(NotAllowed):
        redaction.check_approve({role}, 1, [1, 2])


@pytest.mark.parametrize("role", list(Role))
def test_only_the_safeguarding_lead_signs_a_copy_off(role):
    assert redaction.can_sign_off({role}, 1, [2]) == (role == Role.DSL)
    with pytest.raises(NotAllowed):
        redaction.check_sign_off({role, Role.DSL}, 1, [1])


def test_a_digest_is_of_the_cut_and_of_nothing_else():
    one, other = {"keep": ["a"], "others": "x"}, {"others": "x", "keep": ["a"]}
    assert redaction.digest(one) == redaction.digest(other) != redaction.digest(one | {"keep": ["a", "b"]})
