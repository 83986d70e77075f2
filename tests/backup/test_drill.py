"""A school is backed up while it goes on, lost, and put back; what was destroyed stays destroyed (T9)."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Machine:
    """An installation in a folder, whose commands are typed."""

    var: Path
    database: str = ""
    """A PostgreSQL's address, or nothing for a file."""

    @property
    def env(self) -> dict[str, str]:
        env = os.environ | {"CIRCLETIME_VAR": str(self.var), "DJANGO_SETTINGS_MODULE": "config.settings"}
        return env | {"CIRCLETIME_DATABASE": self.database}

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", *words]
        return subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=subprocess.PIPE, text=True)

    def type(self, *words: str) -> tuple[int, str]:
        """A command of `circletime`; its status and all it says."""
        command = [sys.executable, "-m", "circletime.pages.cli", *words]
        told = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert "Traceback" not in told.stderr, told.stderr
        return told.returncode, told.stdout + told.stderr

    def case(self, name: str, *words: str) -> str:
        """A case of the drill, which has to end well."""
        command = [sys.executable, "-m", "tests.backup.drill", name, *words]
        told = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert told.returncode == 0 and told.stdout.endswith("as it should be\n"), told.stdout + told.stderr
        return told.stdout


@dataclass
class Lost:
    """What is left of the school: two folders, and what is known of it."""

    data: Path
    keys: Path
    rows: int
    early: str
    """The recording that was deleted after the backup."""


def secrets_of(machine: Machine) -> list[bytes]:
    """Every key there is, as its file has it."""
    return [path.read_bytes() for path in (machine.var / "keys").rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    """A school that was backed up while it went on, went on for a while, and is no more."""
    folder = tmp_path_factory.mktemp("school")
    machine, data, keys = Machine(folder / "var"), folder / "stick" / "data", folder / "other" / "keys"
    machine.case("make")
    assert machine.type("keys", "backup", str(keys))[0] == 0
    writer = machine.start("tests.backup.drill", "write")
    assert writer.stdout is not None and writer.stdout.readline() == "writing\n"
    try:
        cut = machine.start("tests.backup.drill", "cut_off", str(data))
        assert cut.wait(60) == -signal.SIGKILL
        assert not list((data / "states").iterdir()), "half a backup is none"
        status, said = machine.type("backup", str(data))
    finally:
        writer.kill()
        writer.wait()
    assert status == 0, said
    # Nine of the three that are over, two of the one that runs; three were read before it was killed, and
    # one of those may be what grows.
    assert re.search(r"11 files of 4 recordings, of which [89] were read now\.", said), said
    for secret in secrets_of(machine):
        assert not [path for path in data.rglob("*") if path.is_file() and secret in path.read_bytes()]
    rows = int(said.partition("with the log up to row ")[2].split(".")[0])
    early = machine.case("delete_early").splitlines()[0]
    assert (keys / "recordings" / early).exists()
    status, said = machine.type("keys", "backup", str(keys))
    assert status == 0 and "1 destroyed in the copy as they were here." in said, said
    assert not (keys / "recordings" / early).exists()
    shutil.rmtree(machine.var)
    yield Lost(data, keys, rows, early)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A new machine."""
    return Machine(tmp_path / "var")


def test_the_whole_school_comes_back_and_what_was_destroyed_does_not(lost: Lost, machine: Machine) -> None:
    status, said = machine.type("keys", "restore", str(lost.keys))
    assert status == 0 and "keys are back." in said, said
    status, said = machine.type("restore", str(lost.data))
    assert status == 0, said
    for words in (
        "All of 11 files are what they were.",
        f"The log is whole: {lost.rows} rows, none changed, dropped or reordered.",
        "4 recordings of ",
        "The own key of 1 is not here",
        "A key that was destroyed comes back from no backup.",
        "Whoever was erased since that moment is there again",
    ):
        assert words in said, said
    status, said_of_log = machine.type("audit", "verify")
    assert status == 0 and "none changed, dropped or reordered" in said_of_log
    machine.case("look")
    status, said = machine.type("retention", "run")
    assert status == 0 and "1 destroyed" in said, said
    machine.case("gone")
    status, said = machine.type("audit", "verify")
    assert status == 0
    found = machine.type("vault", "verify")[1]
    assert lost.early in found and "was destroyed, or the key folder is not whole" in found
    # What is there is never overwritten.
    status, said = machine.type("restore", str(lost.data))
    assert status == 1 and "There is a database here already. Nothing is overwritten" in said
    status, said = machine.type("keys", "restore", str(lost.keys))
    assert status == 0, "the same keys once more change nothing"
    (machine.var / "keys" / "vault_kek").write_text("00" * 32)
    status, said = machine.type("keys", "restore", str(lost.keys))
    assert status == 1 and "There is a key vault_kek in" in said


def test_the_data_alone_opens_nothing(lost: Lost, machine: Machine) -> None:
    status, said = machine.type("restore", str(lost.data))
    assert status == 1 and "The own key of 4 is not here" in said
    assert "The log's checkpoints cannot be checked." in said and "log_key is missing" in said
    machine.case("without_keys")


def test_a_vault_that_is_not_empty_is_left_alone(lost: Lost, machine: Machine) -> None:
    (machine.var / "vault" / "somebody").mkdir(parents=True)
    status, said = machine.type("restore", str(lost.data))
    assert status == 1 and "something in" in said and "Nothing is overwritten" in said
    assert [path.name for path in (machine.var / "vault").iterdir()] == ["somebody"]


def damaged(lost: Lost, tmp_path: Path) -> Path:
    """A copy of the backup, to be spoilt."""
    return Path(shutil.copytree(lost.data, tmp_path / "copy"))


def the_largest(copy: Path) -> Path:
    return max(
        (path for path in (copy / "content").rglob("*") if path.is_file()), key=lambda p: p.stat().st_size
    )


@pytest.mark.parametrize("spoil", ["a byte", "a missing file", "the list", "a cut list"])
def test_a_backup_that_is_not_whole_puts_nothing_back(
    spoil: str, lost: Lost, machine: Machine, tmp_path: Path
) -> None:
    copy = damaged(lost, tmp_path)
    (state,) = (copy / "states").glob("*.json")
    if spoil == "a byte":
        raw = bytearray(the_largest(copy).read_bytes())
        raw[len(raw) // 2] ^= 1
        the_largest(copy).write_bytes(raw)
    elif spoil == "a missing file":
        the_largest(copy).unlink()
    elif spoil == "the list":
        state.write_text(state.read_text().replace('"recordings": 4', '"recordings": 3'))
    else:
        state.write_text(state.read_text()[:-40])
    said = {
        "a byte": "A file of this backup is damaged",
        "a missing file": "A file of this backup is missing",
        "the list": "was changed, or is not whole",
        "a cut list": "cannot be read",
    }[spoil]
    for command in (("restore", str(copy)), ("backup", str(copy), "--check")):
        status, told = machine.type(*command)
        assert status == 1 and said in told, told
    assert not list((machine.var / "vault").iterdir())
    database = machine.var / "db.sqlite3"
    if database.exists():  # looking at it made one
        with sqlite3.connect(database) as looking:
            assert looking.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_a_backup_can_be_looked_at_without_a_machine_of_its_own(lost: Lost, machine: Machine) -> None:
    status, said = machine.type("backup", str(lost.data), "--check")
    assert status == 0 and "11 files of 4 recordings are whole." in said and "1 states are whole." in said


def test_a_backup_of_a_newer_circletime_is_left_alone(lost: Lost, machine: Machine, tmp_path: Path) -> None:
    from dataclasses import replace

    from circletime.backup.rules import read_manifest

    copy = damaged(lost, tmp_path)
    (state,) = (copy / "states").glob("*.json")
    made = read_manifest(state.read_text())
    state.write_text(replace(made, migrations=[*made.migrations, "people.0999_to_come"]).text())
    status, said = machine.type("restore", str(copy))
    assert status == 1 and "made by a newer Circletime (people.0999_to_come)" in said
