"""The command that asks for an upgrade, and what the running program asks a newer version."""

import json
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.db.migrations.executor import MigrationExecutor

from circletime import VERSION
from circletime.core.versions import is_older
from circletime.media.handover import Plan
from circletime.pages import cli, cli_upgrade, parts

pytestmark = pytest.mark.django_db


def test_a_version_is_older_by_its_numbers() -> None:
    assert is_older("0.9.0", "0.10.0") and is_older("0.1.9", "1.0.0")
    assert not is_older("0.2.0", "0.2.0") and not is_older("0.10.0", "0.9.9")


def test_where_nothing_runs_it_says_so(capsys: pytest.CaptureFixture[str], settings, tmp_path) -> None:
    settings.VAR = tmp_path
    (tmp_path / "run").mkdir()
    assert cli.main(["upgrade"]) == 1
    assert capsys.readouterr().err == "Circletime does not run here. Start it, and what is installed runs.\n"


def test_a_newer_version_says_how_its_parts_are_started(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prepare", "--running", "0.0.1", *parts.NAMES]) == 0
    plan = Plan.unpack(capsys.readouterr().out)
    assert plan.version == VERSION and set(plan.told) == {"app", "worker"}
    argv, listen = plan.told["app"]
    assert argv[-3:] == ["part", "app", "1"] and listen is not None


@pytest.mark.parametrize(
    "running, why", [("0.1.0", "Upgrade to 0.3.0 first"), ("0.2.9", "0.3.0"), ("0.3.0", "")]
)
def test_a_version_that_still_uses_what_goes_is_not_followed(
    running: str, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = [(SimpleNamespace(unused_since=since), False) for since in ("0.2.0", "0.3.0")]
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [(SimpleNamespace(), False), *plan])
    made: list[bool] = []
    monkeypatch.setattr(cli_upgrade, "make_tables", lambda: made.append(True))
    assert cli.main(["prepare", "--running", running, "app"]) == (1 if why else 0)
    assert why in capsys.readouterr().err and bool(made) is not bool(why)


def test_tables_that_cannot_be_made_are_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise OperationalError("database is locked\nwith more to say")

    monkeypatch.setattr(cli_upgrade, "make_tables", fails)
    assert cli.main(["prepare", "--running", VERSION, "app"]) == 1
    assert capsys.readouterr().err == "Its tables cannot be made: database is locked.\n"


def test_a_version_is_told_by_the_command_and_to_who_watches(
    capsys: pytest.CaptureFixture[str], client
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"Circletime {VERSION}\n"
    assert client.get("/readyz").json()["version"] == VERSION
    assert "version" not in client.get("/readyz", REMOTE_ADDR="192.0.2.9").json()
    assert "version" not in json.dumps(client.get("/healthz").json())


def test_the_package_has_the_same_version() -> None:
    import tomllib

    from config.places import CLONE

    assert tomllib.loads((CLONE / "pyproject.toml").read_text())["project"]["version"] == VERSION
