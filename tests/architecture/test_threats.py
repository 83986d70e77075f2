"""docs/threat-model.md names a test for whatever it says stands, and each of them is there."""

import re

import pytest

from tests.architecture.named import ROOT, missing

PAGE = (ROOT / "docs" / "threat-model.md").read_text()
LINE = re.compile(r"^\| \*\*(.+?)\*\* \|", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py::[\w:]+)`")
WHO = {
    "A curious pupil",
    "An older brother or sister",
    "A separated parent with a restriction",
    "A stranger with a leaked link",
    "A member of staff beyond their role",
    "A stolen account of the office",
    "Somebody outside, on the internet",
    "A taken media server",
    "A taken database, or its backup",
    "An administrator who rewrites the log",
}


def test_everybody_is_on_the_page() -> None:
    assert set(LINE.findall(PAGE)) == WHO


@pytest.mark.parametrize("who", sorted(WHO))
def test_what_stands_against_them_is_shown(who: str) -> None:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| **{who}** |"))
    assert len(TEST.findall(line)) >= 2, "a test for what stands"
    assert len(line.strip("|").split(" | ")) == 4, "who, what for, what stands, what is left"


@pytest.mark.parametrize("test", sorted(set(TEST.findall(PAGE))))
def test_a_named_test_is_there(test: str) -> None:
    assert missing(test) == ""


def test_it_is_one_page() -> None:
    assert len(PAGE.split()) < 1400 and len(PAGE.splitlines()) < 70
