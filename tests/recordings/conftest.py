"""A school, a vault and a key file of each test's own."""

from pathlib import Path

import pytest

from circletime.people.models import User
from tests.recordings.school import make_school


@pytest.fixture(autouse=True)
def own_vault(tmp_path: Path, settings):
    """The vault and the keys stand apart, as on a real machine."""
    settings.VAULT, settings.KEYS = tmp_path / "vault", tmp_path / "keys"
    settings.VAULT.mkdir()
    return settings.VAULT


@pytest.fixture
def staff(db, settings) -> dict[str, User]:
    """Staff by role, whose passwords are hashed quickly: nothing here is about passwords."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return make_school()
