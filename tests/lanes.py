"""Two lanes for the whole suite: the tests with many browsers follow one another, the others run beside them.

Tests that drive five browsers at once measure seconds; two such files side by side would measure each other.
What takes longest begins first, so that both lanes end at about the same time.
"""

from typing import Any

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

BROWSERS = ("tests/e2e/", "tests/adversary/")
FIRST = (*BROWSERS, "tests/actions/test_machine.py", "tests/recordings/test_whole.py", "tests/recorder/")


class Lanes(LoadFileScheduling):
    """Whole files go to whichever lane is free; all files with browsers are one."""

    def _split_scope(self, nodeid: str) -> str:
        return "browsers" if nodeid.startswith(BROWSERS) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """Called by pytest-xdist when there is more than one lane."""
    return Lanes(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest first; within a file, and among the rest, the order stays."""

    def place(item: pytest.Item) -> int:
        return next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=place)
