"""docs/guessing.md is what the limits come to, and each line is attacked by a test that is there."""

import pytest

from circletime.meetings import throttle
from circletime.pages import guessing
from circletime.pages.drawn import what_guessing_comes_to
from tests.architecture.named import ROOT, missing


@pytest.mark.parametrize("lock", guessing.locks(), ids=lambda lock: lock.what)
def test_each_count_is_a_tests(lock: guessing.Lock) -> None:
    assert missing(lock.test) == ""


def test_the_page_is_drawn_from_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (ROOT / "docs" / "guessing.md").read_text() == what_guessing_comes_to()
    monkeypatch.setattr(throttle, "PER_ADDRESS", throttle.PER_ADDRESS + 1)
    assert (ROOT / "docs" / "guessing.md").read_text() != what_guessing_comes_to()


@pytest.mark.parametrize(("networks", "guesses"), [(1, 8), (2, 16), (7, 56), (8, 60), (9, 61), (1000, 1052)])
def test_the_door_as_a_person_counts_it(networks: int, guesses: int) -> None:
    assert guessing.at_the_door(networks) == guesses
