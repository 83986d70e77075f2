"""The order of two lanes of tests: whole files, longest first, so that both end at about the same time."""

import pytest

FIRST = (
    "tests/actions/test_machine.py",
    "tests/recordings/test_whole.py",
    "tests/recorder/",
    "tests/recordings/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest first; within a file, and among the rest, the order stays."""

    def place(item: pytest.Item) -> int:
        return next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=place)
