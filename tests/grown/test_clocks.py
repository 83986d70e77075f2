"""Machines whose clocks differ keep the time of the database's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from circletime.core import time
from circletime.health.checks import machine


class Skewed(datetime):
    """A machine whose clock is half a minute ahead."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(UTC) + timedelta(seconds=30)


@pytest.fixture(autouse=True)
def afterwards() -> Iterator[None]:
    yield
    time._ahead = timedelta(0)


def test_a_clock_that_is_ahead_is_put_right_and_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    time.follow_database()
    assert time.ahead() == timedelta(0), "a clock that agrees is kept"
    monkeypatch.setattr(time, "datetime", Skewed)
    assert time.now() - datetime.now(UTC) > timedelta(seconds=29)
    time.follow_database()
    assert abs(time.now() - datetime.now(UTC)) < timedelta(seconds=1)
    found = machine.clock(time.now())
    assert not found.fine and "differ by 30 seconds" in found.says
