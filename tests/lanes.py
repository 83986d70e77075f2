"""The order of the tests in lanes: whole files, longest first, so that all end at about the same time."""

import pytest

FIRST = (
    "tests/e2e/test_request.py",
    "tests/recorder/",
    "tests/adversary/test_in_the_room.py",
    "tests/web/test_addresses.py",
    "tests/e2e/test_languages.py",
    "tests/e2e/test_unnamed.py",
    "tests/actions/test_machine.py",
    "tests/e2e/",
    "tests/adversary/",
    "tests/recordings/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest first; within a file, and among the rest, the order stays."""

    def place(item: pytest.Item) -> int:
        return next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=place)
