"""Tests in lanes: whole files, longest first, so that all end at about the same time.

The tables are made once, by all migrations, and copied by each lane; what else a lane would make like the
others is made once and kept beside them (`shared`).
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

SHARED = "TESTS_SHARED"
"""Names the folder of what the lanes of one run share; not set where there are no lanes."""

FIRST = (
    "tests/adversary/test_in_the_room.py",
    "tests/e2e/",
    "tests/web/test_addresses.py",
    "tests/recorder/",
    "tests/adversary/",
    "tests/grown/",
    "tests/backup/",
    "tests/recordings/",
    "tests/actions/test_machine.py",
    "tests/faults/",
    "tests/deploy/",
)


def shared() -> Path | None:
    """The folder that the lanes share, if these are lanes."""
    return Path(os.environ[SHARED]) if SHARED in os.environ else None


def copy_tables(to: Path | str) -> bool:
    """Put the tables made for these lanes, with nothing in them, at a path; False where a database of this
    kind is not copied."""
    from django.conf import settings

    folder = shared()
    made = folder / "tables" / "db.sqlite3" if folder else None
    if made is None or not made.exists() or "sqlite" not in settings.DATABASES["default"]["ENGINE"]:
        return False
    shutil.copy(made, to)
    return True


def begin() -> None:
    """In a process with a database of its own and nothing in it: its tables, copied where there are some."""
    from django.conf import settings

    from circletime.pages.tables import make_tables

    if not copy_tables(settings.DATABASES["default"]["NAME"]):
        make_tables()


def make_tables(env: dict[str, str]) -> None:
    """Make the tables where these settings say."""
    code = "import django; django.setup(); from circletime.pages.tables import make_tables; make_tables()"
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"} | env
    subprocess.run([sys.executable, "-c", code], env=env, check=True)


def pytest_configure(config: pytest.Config) -> None:
    """Before the lanes begin."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="circletime-lanes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[SHARED] = str(folder)
    if not os.environ.get("CIRCLETIME_DATABASE"):
        (folder / "tables").mkdir()
        make_tables({"CIRCLETIME_VAR": str(folder / "tables")})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest first; within a file, and among the rest, the order stays."""

    def place(item: pytest.Item) -> int:
        return next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=place)
