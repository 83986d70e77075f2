"""What only PostgreSQL can do, and several people at once who do it: see `tests.postgres`."""

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from tests.actions.conftest import world

__all__ = ["world"]

NEED_POSTGRES = (
    "test_clocks.py",
    "test_line.py",
    "test_races.py",
    "test_workers.py",
    "test_processes.py",
    "test_pages.py",
)
collect_ignore = [] if os.environ.get("CIRCLETIME_DATABASE") else list(NEED_POSTGRES)

Works = Callable[..., list[Any]]


class Beside(threading.Thread):
    """Somebody at the same time, with a connection of their own; `answer` is what came or was raised."""

    def __init__(self, what: Callable[[], Any], begin: threading.Barrier | None = None) -> None:
        super().__init__(daemon=True)
        self.what, self.begin, self.answer = what, begin, None
        self.start()

    def run(self) -> None:
        try:
            if self.begin is not None:
                self.begin.wait(30)
            self.answer = self.what()
        except BaseException as raised:
            self.answer = raised
        finally:
            connections.close_all()


@pytest.fixture
def at_once() -> Works:
    """Do these in threads that begin together; answers what each answered or raised."""

    def do(*works: Callable[[], Any]) -> list[Any]:
        begin = threading.Barrier(len(works))
        threads = [Beside(work, begin) for work in works]
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), "two wait for each other"
        return [thread.answer for thread in threads]

    return do
