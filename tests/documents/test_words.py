"""A document's words: what becomes a heading or a list, and that nothing else comes of them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circletime.core.errors import Refused
from circletime.documents.rules.difference import Change, difference, is_changed
from circletime.documents.rules.kinds import Kind
from circletime.documents.rules.words import LONGEST, blocks, check_text, tidy
from circletime.documents.starters import starter


def test_headings_lists_and_paragraphs() -> None:
    text = (
        "# One\nFirst line\nsecond line\n\nAnother\n## Two\n- a\n- b\n  goes on\n\n1. first\n2) second\n#none"
    )
    assert [(b.tag, b.lines) for b in blocks(text)] == [
        ("h2", ("One",)),
        ("p", ("First line second line",)),
        ("p", ("Another",)),
        ("h3", ("Two",)),
        ("ul", ("a", "b goes on")),
        ("ol", ("first", "second #none")),
    ]


@given(st.text(max_size=400))
def test_no_word_is_lost_and_none_is_added(text: str) -> None:
    kept = " ".join(line for block in blocks(text) for line in block.lines).split()
    marks = {"#", "##", "###", "-", "*", "•"}
    words = [w for w in text.split() if w not in marks and not w.rstrip(".)").isdecimal()]
    assert [w for w in kept if w not in marks and not w.rstrip(".)").isdecimal()] == words


def test_what_turns_the_reading_order_about_is_taken_out() -> None:
    assert tidy("We \u202edo not\u202c agree\u2066\r\nfor \x00ever\x1b[2J") == "We do not agree\nfor ever[2J"


@pytest.mark.parametrize("text", ["", "   \n ", "too short", "\u202e" * 100])
def test_nothing_is_no_document(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_text(text)
    assert refusal.value.field == "text"


def test_an_enormous_one_is_refused() -> None:
    with pytest.raises(Refused):
        check_text("word " * LONGEST)


def test_what_changed_is_marked_word_by_word() -> None:
    lines = difference(
        "One stays.\n\nWe meet for twenty minutes.", "One stays.\n\nWe meet for fifteen minutes.\nNew."
    )
    told = [[(piece.change, piece.words) for piece in line] for line in lines]
    assert told == [
        [(Change.SAME, "One stays.")],
        [
            (Change.SAME, "We meet for"),
            (Change.GONE, "twenty"),
            (Change.ADDED, "fifteen"),
            (Change.SAME, "minutes."),
        ],
        [(Change.ADDED, "New.")],
    ]
    assert is_changed(lines) and not is_changed(difference("a\nb", "a\n\nb"))


@given(
    st.lists(st.sampled_from(["a b c", "d", "e f", ""])), st.lists(st.sampled_from(["a b d", "d", "e", ""]))
)
def test_both_wordings_can_be_read_out_of_the_difference(old: list[str], new: list[str]) -> None:
    lines = difference("\n".join(old), "\n".join(new))
    for side, words in ((Change.GONE, old), (Change.ADDED, new)):
        read = [piece.words for line in lines for piece in line if piece.change in (Change.SAME, side)]
        assert " ".join(read).split() == " ".join(words).split()


def test_comparing_takes_no_minutes_on_purpose() -> None:
    began = time.monotonic()
    difference("a " * 30_000, "a " * 29_999 + "b")
    difference("\n".join("a" * 30_000), "\n".join("a" * 29_999))
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", [Kind.VIDEO, Kind.CONDUCT])
def test_our_own_wordings_are_documents(kind: Kind) -> None:
    text = check_text(starter(kind))
    assert {block.tag for block in blocks(text)} == {"h2", "p", "ul"}
