"""A world with a worker that lives, and letters that can be read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from circletime.health import tasks
from circletime.health.rules.finding import Finding, Subject, well, wrong
from circletime.notices.models import Letter
from circletime.notices.rules import Kind
from tests.actions.conftest import world
from tests.world import World

__all__ = ["world"]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any) -> None:
    """Nothing of one test's vault, keys or recorder is there for the next."""
    settings.VAULT, settings.KEYS = tmp_path / "vault", tmp_path / "keys"
    settings.VAULT.mkdir()
    settings.KEYS.mkdir()
    settings.RECORDER_SOCKET = tmp_path / "recorder.sock"


@pytest.fixture
def alive(world: World) -> World:
    """The world, a moment after the worker's sign of life."""
    tasks.beat(world.now)
    return world


def letters() -> list[Letter]:
    """Letters about Circletime itself, the oldest first."""
    return list(Letter.objects.filter(kind=Kind.HEALTH).order_by("pk"))


def says(subject: Subject, fine: bool) -> Callable[..., Finding]:
    """A check that always finds the same."""
    if fine:
        return lambda now: well(subject, "It is well.")
    return lambda now: wrong(subject, "It is not well.", "Mend it.")
