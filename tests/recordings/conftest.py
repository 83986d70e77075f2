"""A school, a vault and a key file of each test's own."""

from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from circletime.core import time
from circletime.people.models import User
from tests.recordings.school import BEGAN, make_school


@pytest.fixture(autouse=True)
def own_vault(tmp_path: Path, settings):
    """The vault and the keys stand apart, as on a real machine."""
    settings.VAULT, settings.KEYS = tmp_path / "vault", tmp_path / "keys"
    settings.VAULT.mkdir()
    return settings.VAULT


@pytest.fixture(autouse=True)
def in_the_meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the day of the meetings, whatever day the test is run; the clock goes on from there."""
    started = monotonic()
    monkeypatch.setattr(time, "now", lambda: BEGAN + timedelta(seconds=monotonic() - started))


@pytest.fixture
def staff(db, settings) -> dict[str, User]:
    """Staff by role, whose passwords are hashed quickly: nothing here is about passwords."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return make_school()
