"""The same for a school whose data is in PostgreSQL, through PostgreSQL's own programs."""

import shutil
from pathlib import Path

import pytest

from tests import postgres
from tests.backup.test_drill import Machine

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(
        postgres.programs() is None or shutil.which("pg_dump") is None, reason="PostgreSQL is not installed"
    ),
]


def test_a_school_on_postgres_comes_back(tmp_path: Path) -> None:
    data, keys = tmp_path / "stick" / "data", tmp_path / "other" / "keys"
    with postgres.server() as server:
        machine = Machine(tmp_path / "var", postgres.database(server))
        machine.case("make")
        assert machine.type("keys", "backup", str(keys))[0] == 0
        writer = machine.start("tests.backup.drill", "write")
        assert writer.stdout is not None and writer.stdout.readline() == "writing\n"
        try:
            status, said = machine.type("backup", str(data))
        finally:
            writer.kill()
            writer.wait()
        assert status == 0 and "11 files of 4 recordings" in said, said
        machine.case("delete_early")
        assert machine.type("keys", "backup", str(keys))[0] == 0

        file = Machine(tmp_path / "file")
        status, said = file.type("restore", str(data))
        assert status == 1 and "This backup is of postgresql, and the settings here say sqlite" in said
        again = Machine(tmp_path / "again", postgres.database(server))
        assert again.type("keys", "restore", str(keys))[0] == 0
        status, said = again.type("restore", str(data))
        assert status == 0 and "The log is whole" in said and "The own key of 1 is not here" in said, said
        assert again.type("audit", "verify")[0] == 0
        again.case("look")
        status, said = again.type("restore", str(data))
        assert status == 1 and "There is a database here already" in said
