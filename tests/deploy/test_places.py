"""Where the program looks for what was built, and keeps its data, in a clone and as a wheel."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAYS = "from config import places as p; print(p.INSTALLED, p.BASE, p.data(), sep='|')"


def told(folder: Path, **env: str) -> list[str]:
    """What `config.places` says when the packages are in `folder`."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", SAYS],
        env={"PYTHONPATH": str(folder), "HOME": "/home/office", **env},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().split("|")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The packages as a wheel lays them."""
    (tmp_path / "config").mkdir()
    for name in ("__init__.py", "places.py"):
        shutil.copy(ROOT / "config" / name, tmp_path / "config" / name)
    (tmp_path / "circletime" / "built").mkdir(parents=True)
    return tmp_path


def test_a_clone_keeps_everything_in_itself() -> None:
    assert told(ROOT) == ["False", str(ROOT), str(ROOT / "var")]


def test_a_wheel_keeps_its_data_with_the_account(packages: Path) -> None:
    base = str(packages / "circletime" / "built")
    assert told(packages) == ["True", base, "/home/office/.local/share/circletime"]
    assert told(packages, XDG_DATA_HOME="/srv/data") == ["True", base, "/srv/data/circletime"]
    # The standard says that one that is not absolute counts for nothing.
    assert told(packages, XDG_DATA_HOME="data")[2] == "/home/office/.local/share/circletime"


def test_a_folder_it_is_started_in_has_no_say(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("raise SystemExit('this is not the program')")
    from circletime.pages import parts

    for part in parts.build(["app", "worker"]):
        program = [*part.argv[: part.argv.index("-m")], "-c", "import config.places"]
        done = subprocess.run(
            program, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
