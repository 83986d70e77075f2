"""A film's maker or its worker may die at any step: nothing is lost, shown, or left behind."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recordings.maker_killed import CASES, STEPS
from tests.recordings.test_retention import ROOT


def run(var: Path, *case: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"CIRCLETIME_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", "tests.recordings.maker_killed", *case]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def goes_well(var: Path, *case: str) -> None:
    told = run(var, *case)
    assert told.returncode == 0 and told.stdout.endswith("as it should be\n"), told.stdout + told.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("school")
    goes_well(folder / "var", "make")
    return folder / "var"


@pytest.fixture
def var(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "var")
    return tmp_path / "var"


@pytest.mark.parametrize("step", STEPS)
def test_a_maker_that_is_killed_leaves_nothing_to_see_and_its_film_is_made_again(
    step: str, var: Path
) -> None:
    assert run(var, "at", step).returncode == -signal.SIGKILL
    goes_well(var, "again", step)


@pytest.mark.parametrize("case", sorted(set(CASES) - {"make", "at", "again"}))
def test_a_full_disk_a_dead_worker_and_too_many_workers(case: str, var: Path) -> None:
    goes_well(var, case)
