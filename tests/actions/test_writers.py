"""The threads of one process write one after the other, in line, and nobody keeps the place (ADR 32)."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from circletime.core.sqlite import base

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite's writers wait this way"),
]


def beside(what: Callable[[], None]) -> threading.Thread:
    """In a thread with a connection of its own."""

    def run() -> None:
        try:
            what()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def is_free() -> bool:
    free = base._line.acquire(timeout=1)
    if free:
        base._line.release()
    return free


def test_who_waits_goes_on_at_the_commit_and_not_when_a_sleep_is_over() -> None:
    began, ended = threading.Event(), []

    def second() -> None:
        began.set()
        with transaction.atomic():
            ended.append(time.monotonic())

    with transaction.atomic():
        thread = beside(second)
        began.wait()
        time.sleep(0.3)
        assert not ended
        committed = time.monotonic()
    thread.join()
    assert committed - 0.05 <= ended[0] < committed + 0.5


def test_a_transaction_that_fails_gives_its_place_back() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        raise RuntimeError("on purpose")
    assert is_free()


def test_a_connection_that_is_closed_in_the_middle_gives_its_place_back() -> None:
    def breaks_off() -> None:
        transaction.set_autocommit(False)
        connection.ensure_connection()
        transaction.atomic().__enter__()

    beside(breaks_off).join()
    assert is_free()


def test_a_begin_that_fails_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(self: object) -> None:
        raise RuntimeError("no transaction")

    monkeypatch.setattr(base.base.DatabaseWrapper, "_start_transaction_under_autocommit", refuses)
    with pytest.raises(RuntimeError), transaction.atomic():
        pass
    assert is_free()


def test_who_waits_too_long_asks_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "WAITS_AT_MOST", 0.05)
    with base._line, transaction.atomic():
        pass
    assert is_free()
