"""One running installation and one Playwright for the browser tests of a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.harness import Installation, Person, installation, person


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("school")) as running:
        yield running


@pytest.fixture(scope="session")
def tapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the fake cameras' pictures and microphones' voices are."""
    return tmp_path_factory.mktemp("tapes")


Opener = Callable[..., Person]


@contextmanager
def opener(playwright: Playwright, tapes: Path) -> Iterator[Opener]:
    """Opens a browser for a person; all are closed at the end, and none may have had a script error.

    Five browsers on two cores: their cameras take half the pictures a real one takes.
    """
    opened: list[Person] = []

    def open_for(who: str, **how: object) -> Person:
        opened.append(person(playwright, tapes, who, rate=7, **how))  # type: ignore[arg-type]
        return opened[-1]

    yield open_for
    troubles = [f"{one.who}: {trouble}" for one in opened for trouble in one.troubles]
    for one in opened:
        one.close()
    assert troubles == []


@pytest.fixture(scope="module")
def someone(playwright: Playwright, tapes: Path) -> Iterator[Opener]:
    """Browsers that stay open for a whole file."""
    with opener(playwright, tapes) as open_for:
        yield open_for
