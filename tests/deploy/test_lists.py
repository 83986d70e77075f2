"""deploy/sbom.py, deploy/notices.py and deploy/wheel.py: what a wheel says of itself."""

import json
from pathlib import Path

import pytest

from deploy import sbom, wheel
from deploy.notices import Work


def test_a_list_says_the_same_of_the_same() -> None:
    def made(number: str) -> str:
        found = {
            "serialNumber": f"urn:uuid:{number}",
            "metadata": {"timestamp": number, "tools": [{"name": "npm", "hashes": [number]}]},
            "components": [{"name": "preact", "hashes": ["kept"]}],
        }
        return sbom.tidy(json.dumps(found))

    assert made("1") == made("2")
    assert json.loads(made("1"))["components"] == [{"name": "preact", "hashes": ["kept"]}]


def test_every_licence_goes_with_its_work(tmp_path: Path) -> None:
    work = Work("example.org/queue", "v1.2.0", tmp_path)
    (tmp_path / "README.md").write_text("Nothing of a licence.")
    with pytest.raises(SystemExit, match="No licence was found"):
        work.chapter()
    assert "names its licence: MIT" in Work("queue", "1", tmp_path, "MIT").chapter()
    (tmp_path / "LICENSE").write_text("Do as you like.")
    (tmp_path / "NOTICE.txt").write_text("Made by us.")
    said = work.chapter()
    assert "example.org/queue v1.2.0" in said and "Do as you like." in said and "Made by us." in said
    assert "Nothing of" not in said


def test_a_program_for_another_machine_is_not_packed(tmp_path: Path) -> None:
    program = tmp_path / "recorder"
    program.write_bytes(b"\x7fELF" + bytes(14) + (0xB7).to_bytes(2, "little") + bytes(40))
    wheel.check_machine(program, "aarch64")
    with pytest.raises(SystemExit, match="no program for x86_64"):
        wheel.check_machine(program, "x86_64")
    program.write_bytes(b"#!/bin/sh\n" + bytes(40))
    with pytest.raises(SystemExit):
        wheel.check_machine(program, "aarch64")
