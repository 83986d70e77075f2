"""deploy/systemd: read by systemd's own program, and shut to what the parts do not need."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "systemd" / "circletime.service"
INSTALLED = "/opt/circletime/bin/circletime"

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a program that is there."""
    here = Path(sys.executable).parent / "circletime"
    assert INSTALLED in UNIT.read_text()
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace(INSTALLED, str(here)))
    return path


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def test_systemd_understands_every_line(unit: Path) -> None:
    done = analyze("verify", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_only_the_network_is_left_open(unit: Path) -> None:
    # Of 10, where 10 is a program that may do everything; in tenths.
    done = analyze("security", "--offline=true", "--threshold=15", unit)
    assert done.returncode == 0, done.stdout


def test_the_unit_names_the_command_that_there_is(unit: Path) -> None:
    (command,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    done = subprocess.run([*command.split(), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "usage: circletime serve" in done.stdout
