"""A film's maker or its worker may die at any step: nothing is lost, shown, or left behind."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.recordings.maker_killed import CASES, STEPS
from tests.recordings.test_retention import ROOT

OFTEN = {"half of it written", "worker_killed"}
"""What is killed for every change; the others take minutes more."""


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


def _some(those: Iterable[str], often: set[str]) -> list[ParameterSet]:
    """All of them; those that are not `often` only in `make soak`."""
    return [pytest.param(one, marks=[] if one in often else [pytest.mark.soak]) for one in those]


@pytest.mark.parametrize("step", _some(STEPS, OFTEN))
def test_a_maker_that_is_killed_leaves_nothing_to_see_and_its_film_is_made_again(
    step: str, var: Path
) -> None:
    assert run(var, "at", step).returncode == -signal.SIGKILL
    goes_well(var, "again", step)


@pytest.mark.parametrize("case", _some(sorted(set(CASES) - {"make", "at", "again"}), OFTEN))
def test_a_full_disk_a_dead_worker_and_too_many_workers(case: str, var: Path) -> None:
    goes_well(var, case)
