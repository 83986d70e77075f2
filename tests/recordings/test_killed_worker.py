"""kill -9 of a real worker at each step of destruction, then two workers at once: it ends once."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recordings.s3 import Server, serving
from tests.recordings.test_retention import ROOT

GONE = {
    "state": "destroyed",
    "key": 0,
    "own": [],
    "files": [],
    "certificates": 1,
    "kinds": [
        "recordings.key.destroyed",
        "recordings.recording.destroyed",
        "recordings.certificate.signed",
    ],
    "log": None,
    "vault": [],
}
HERE = "circletime.recordings."
STEPS = [
    pytest.param("circletime.core.keyfiles.destroy", "before", marks=pytest.mark.soak),
    ("circletime.core.keyfiles.destroy", "after"),
    pytest.param(HERE + "store.remove", "before", marks=pytest.mark.soak),
    (HERE + "actions.certificates.sign", "after"),
    pytest.param(HERE + "actions.retention.forget_old_pages", "before", marks=pytest.mark.soak),
    pytest.param(HERE + "store.sizes", "before", marks=pytest.mark.soak),
    pytest.param(HERE + "actions.retention._note", "after", marks=pytest.mark.soak),
    pytest.param(HERE + "store.remove", "after", marks=pytest.mark.soak),
    pytest.param(HERE + "actions.certificates.sign", "before", marks=pytest.mark.soak),
    pytest.param(HERE + "actions.retention._finish", "after", marks=pytest.mark.soak),
]
STORED = [
    (HERE + "bucket.Bucket.remove", "before"),
    pytest.param(HERE + "bucket.Bucket.sizes", "before", marks=pytest.mark.soak),
    pytest.param(HERE + "bucket.Bucket.remove", "after", marks=pytest.mark.soak),
]


def run(var: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"CIRCLETIME_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"} | more
    command = [sys.executable, "-m", "tests.recordings.killed", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """An installation as it stands before the day."""
    var = tmp_path_factory.mktemp("made") / "var"
    told = run(var, "make")
    assert told.returncode == 0, told.stderr
    return var


def killed_and_ended(var: Path, step: str, when: str, **more: str) -> dict[str, object]:
    told = run(var, "destroy", step, when, **more)
    assert told.returncode == -signal.SIGKILL, told.stderr
    told = run(var, "finish", **more)
    assert told.returncode == 0 and "database is locked" not in told.stderr, told.stderr
    return json.loads(told.stdout.splitlines()[-1])


@pytest.mark.parametrize(("step", "when"), STEPS)
def test_it_ends_once(made: Path, tmp_path: Path, step: str, when: str):
    shutil.copytree(made, tmp_path / "var")
    left = killed_and_ended(tmp_path / "var", step, when)
    assert left.pop("parts") == 3 and left == GONE


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.mark.parametrize(("step", "when"), STORED)
def test_it_ends_once_in_a_store(store: Server, tmp_path: Path, step: str, when: str):
    told = run(tmp_path / "var", "make", **store.env)
    assert told.returncode == 0 and len(store.files()) == 3, told.stderr
    left = killed_and_ended(tmp_path / "var", step, when, **store.env)
    assert left.pop("parts") == 3 and left == GONE and store.files() == []
