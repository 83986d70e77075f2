"""Spans of seconds: joined, cut to what was sent, read from bytes and from a browser that may lie."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circletime.recordings import spans
from circletime.recordings.rules import Span

moments = st.floats(0, 5000, allow_nan=False)
many = st.lists(st.tuples(moments, moments).map(lambda pair: tuple(sorted(pair))), max_size=30)
PLACES = [100, 250, 250, 400]
"""Four seconds of film; in the third nothing new."""
SIZE = 1000
"""So the index is the first 600 bytes."""


@given(many)
def test_joined_spans_are_in_order_apart_and_lose_nothing(given_spans):
    joined = spans.merged(given_spans)
    assert all(one[1] + spans.NEAR < two[0] for one, two in pairwise(joined))
    for begins, ends in given_spans:
        assert any(first <= begins and ends <= last for first, last in joined)
    assert spans.merged(joined) == joined


def test_they_never_grow_without_end():
    joined = spans.merged((at * 10, at * 10 + 1) for at in range(5000))
    assert len(joined) == spans.MOST
    assert joined[0][0] == 0 and joined[-1][1] == 49991


@given(many, many)
def test_what_is_within_is_in_what_was_allowed(told, sent):
    allowed = spans.merged(sent)
    for begins, ends in spans.within(told, sent):
        assert any(first <= begins and ends <= last for first, last in allowed)
    assert spans.within(told, []) == []


@pytest.mark.parametrize(
    ("first", "last", "seconds"),
    [
        (0, 599, None),
        (0, 600, (0, 1)),
        (699, 699, (0, 1)),
        (700, 700, (1, 2)),
        (600, 849, (0, 2)),
        (850, 850, (3, 4)),
        (0, 999, (0, 4)),
        (999, 999, (3, 4)),
    ],
)
def test_bytes_are_the_seconds_they_hold(first, last, seconds):
    assert spans.of_bytes(Span(first, last), SIZE, PLACES, 4) == seconds


@given(st.integers(0, 999), st.integers(0, 999))
def test_no_byte_of_a_second_is_handed_out_without_its_second(one, other):
    first, last = sorted((one, other))
    found = spans.of_bytes(Span(first, last), SIZE, PLACES, 4)
    for second, ends in enumerate(PLACES):
        begins = PLACES[second - 1] if second else 0
        touched = first - 600 < ends and last - 600 >= begins and ends > begins
        if touched:
            assert found is not None and found[0] <= second and second + 1 <= found[1]


def test_a_film_of_before_is_taken_to_be_even():
    assert spans.of_bytes(Span(0, 999), SIZE, [], 60) == (0, 60)
    assert spans.of_bytes(Span(500, 509), SIZE, [], 60) == (30, 31)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "{}",
        "[[1]]",
        "[[1, 2, 3]]",
        "[[2, 1]]",
        "[[-1, 2]]",
        "[[0, NaN]]",
        "[[0, Infinity]]",
        '[["0", "1"]]',
        "[[true, false]]",
        "[[null, 1]]",
        "[" + "[0, 1]," * 300 + "[0, 1]]",
    ],
)
def test_what_is_no_list_of_spans_is_refused(text):
    with pytest.raises(ValueError):
        spans.read_told(text)


def test_what_is_one_is_read():
    assert spans.read_told("[[0, 5.04], [4, 9], [30, 31]]") == [(0, 9), (30, 31)]
    assert spans.read_told("[]") == []
