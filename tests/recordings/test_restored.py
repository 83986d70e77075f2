"""A backup of last week brings no recording back (T9). Each case is a process with files of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recordings.restored import CASES
from tests.recordings.test_retention import ROOT


def run(case: str, var: Path) -> None:
    env = os.environ | {"CIRCLETIME_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", "tests.recordings.restored", case]
    told = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert told.returncode == 0 and told.stdout.endswith("as it should be\n"), told.stdout + told.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A school whose first recording can be watched."""
    folder = tmp_path_factory.mktemp("school")
    run("make", folder / "var")
    return folder / "var"


OFTEN = "with_keys"
"""What is tried for every change."""


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(one, marks=[] if one == OFTEN else [pytest.mark.soak])
        for one in sorted(set(CASES) - {"make"})
    ],
)
def test_a_restored_backup_brings_nothing_back(case: str, made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "var")
    run(case, tmp_path / "var")
