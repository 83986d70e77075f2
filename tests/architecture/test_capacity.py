"""docs/capacity.md says what docs/figures.md has measured, and what it calls a check is one."""

import re

from bench import capacity
from bench.report import PAGE

APART = re.compile(r"(?m)^(\| one node \| 3 \| 10 \| \d+ \| )([\d.]+)")


def test_the_page_is_drawn_from_the_figures_as_they_are() -> None:
    """Whoever measures anew draws it again: make capacity."""
    assert capacity.OUT.read_text() == capacity.draw(PAGE.read_text())


def test_the_measured_point_that_shows_the_error_is_not_fitted() -> None:
    page = PAGE.read_text()
    other, times = APART.subn(r"\g<1>9.9", page)
    assert times == 1
    assert capacity.fit(other)[0] == capacity.fit(page)[0]
    assert capacity.fit(other)[1]["LiveKit, cores"] == "9.9"


def test_each_class_costs_the_same_and_what_is_there_at_rest_is_counted_once() -> None:
    model = capacity.fit(PAGE.read_text())[0]
    seven, eight, nine = (sum(model.cores(classes).values()) for classes in (7, 8, 9))
    assert round(eight - seven, 6) == round(nine - eight, 6) > 0
    assert eight < 8 * sum(model.cores(1).values())
    assert model.mib(7) < model.mib(14) < 2 * model.mib(7)
