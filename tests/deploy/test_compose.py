"""compose.yaml: there is no container engine here, so each container's command runs as a plain process.

The containers of Circletime share one network and one volume, as processes of one machine do.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import free_ports, wait_for

ROOT = Path(__file__).resolve().parents[2]
OURS = ("app", "media", "worker")
ELSEWHERE = ("CIRCLETIME_DATABASE",)
"""The database's container. Its place is taken by SQLite, in the volume."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, with what the office would have given."""
    text = re.sub(
        r"\$\{CIRCLETIME_NAME[^}]*\}", "meet.larkfield.example", (ROOT / "compose.yaml").read_text()
    )
    text = re.sub(r"\$\{CIRCLETIME_NODE_IP[^}]*\}", "127.0.0.1", text)
    found: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return found


@pytest.fixture(scope="module")
def running(
    compose: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, Path, dict[str, subprocess.Popen[bytes]]]]:
    """The commands of the containers, as processes: a port, the volume, and the processes."""
    var, port = tmp_path_factory.mktemp("data"), free_ports(4)
    env = {name: value for name, value in os.environ.items() if not name.startswith("CIRCLETIME_")}
    env |= {"PORT": str(port), "CIRCLETIME_VAR": str(var), "CIRCLETIME_BIN": str(ROOT / "var" / "bin")}
    parts = {}
    try:
        for name in OURS:
            given = compose["services"][name]["environment"]
            env |= {key: value for key, value in given.items() if not key.startswith(ELSEWHERE)}
            command = [sys.executable, "-m", "circletime.pages.cli", *compose["services"][name]["command"]]
            with (var / f"{name}.out").open("wb") as out:
                parts[name] = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
            if name == OURS[0]:  # on PostgreSQL they wait for each other while tables are made
                wait_for(lambda: b"running" in (var / "app.out").read_bytes(), 120, "the pages are served")
        for name in OURS:
            wait_for(
                lambda n=name: "All parts are running" in (var / f"{n}.out").read_text(), 60, f"{name} runs"
            )
        yield port, var, parts
    finally:
        for part in parts.values():
            part.send_signal(signal.SIGTERM)  # as the engine does
        for part in parts.values():
            part.wait(40)


def test_each_container_is_healthy_by_its_own_check(
    compose: dict[str, Any], running: tuple[int, Path, dict[str, subprocess.Popen[bytes]]]
) -> None:
    port, var, _ = running
    for name in OURS:
        kind, *check = compose["services"][name]["healthcheck"]["test"]
        check = [each.replace("/var/lib/circletime", str(var)) for each in check]
        check = [each.replace(":8000/", f":{port}/").replace(":8001/", f":{port + 1}/") for each in check]
        command = ["sh", "-c", *check] if kind == "CMD-SHELL" else [sys.executable, *check[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (name, done.stderr)


def test_a_container_that_is_told_to_stop_does(
    running: tuple[int, Path, dict[str, subprocess.Popen[bytes]]], compose: dict[str, Any]
) -> None:
    _, var, parts = running
    parts["worker"].send_signal(signal.SIGTERM)
    assert parts["worker"].wait(40) == 0
    kind, check = compose["services"]["worker"]["healthcheck"]["test"]
    sick = ["sh", "-c", check.replace("/var/lib/circletime", str(var)).replace("10 seconds", "0 seconds")]
    assert kind == "CMD-SHELL" and subprocess.run(sick, check=False).returncode != 0


def test_nothing_runs_as_root_or_may_gain_rights(compose: dict[str, Any]) -> None:
    image = (ROOT / "deploy" / "Containerfile").read_text()
    assert re.search(r"^USER (?!0|root)", image, re.MULTILINE)
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"] and service["read_only"], name
        assert name in OURS or service["user"].partition(":")[0] not in ("0", "root"), name
        assert "privileged" not in service and service["healthcheck"], name


def test_only_the_front_is_open_to_the_outside(compose: dict[str, Any]) -> None:
    open_to_all = {name for name, service in compose["services"].items() if "ports" in service}
    assert open_to_all == {"front"}
    assert (
        compose["services"]["database"]["networks"] == ["inside"]
        and compose["networks"]["inside"]["internal"]
    )
    # No signal to the media server from outside, and no password in the file.
    assert not any("8001" in str(port) for port in compose["services"]["front"]["ports"])
    assert "PASSWORD:" not in (ROOT / "compose.yaml").read_text()
