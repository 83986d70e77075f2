"""OWASP's list is whole, and what it says of this program can be looked up."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from circletime.pages.drawn import CHAPTERS, STANDING
from tests.architecture.named import ROOT, missing

ASKED = {
    "V1": (2, 9, 11, 3, 2),
    "V2": (3, 3, 4, 1),
    "V3": (0, 2, 4, 6, 5, 0, 2),
    "V4": (3, 1, 2, 4),
    "V5": (1, 3, 2, 3),
    "V6": (3, 12, 4, 4, 5, 3, 0, 4),
    "V7": (3, 4, 2, 5, 2, 2),
    "V8": (2, 3, 1, 1),
    "V9": (3, 4),
    "V10": (2, 2, 4, 11, 5, 2, 3),
    "V11": (2, 3, 3, 4, 1, 1),
    "V12": (3, 2, 4),
    "V13": (1, 5, 2, 5),
    "V14": (2, 4, 3),
    "V15": (3, 3, 7),
    "V16": (1, 5, 4, 3, 3),
    "V17": (1, 4, 2),
}
"""How many requirements of levels 1 and 2 each section of version 5.0.0 begins with. Those of level 3 come
after them in each of its sections."""

ROWS = list(csv.DictReader((ROOT / "docs" / "asvs.csv").open(newline="")))


def numbers() -> Iterator[str]:
    for chapter, sections in ASKED.items():
        for section, count in enumerate(sections, 1):
            yield from (f"{chapter}.{section}.{number}" for number in range(1, count + 1))


def test_every_requirement_is_there_once_and_in_order() -> None:
    assert list(ASKED) == list(CHAPTERS)
    assert [row["number"] for row in ROWS] == list(numbers())
    assert len(ROWS) == 253


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["number"])
def test_what_is_said_can_be_looked_up(row: dict[str, str]) -> None:
    assert row["asks"] and row["state"] in STANDING
    tests = row["tests"].split()
    assert bool(tests) if row["state"] == "tested" else bool(row["why"]), "a test, or a reason"
    assert [one for one in tests if missing(one)] == []


def ours(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in (".ts", ".tsx", ".js") and not file.name.endswith((".test.ts", ".test.tsx")):
                yield file


SCRIPTS = ("room/src", "circletime/pages/static/js", "circletime/access/copy")


def test_no_script_of_ours_writes_html() -> None:
    """Nor listens to other windows, nor runs text."""
    files = list(ours(*SCRIPTS))
    assert len(files) > 10
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet"
        r"|\beval\(|new Function|postMessage"
    )
    assert [(file.name, found[0]) for file in files if (found := forbidden.search(file.read_text()))] == []


def test_browsers_keep_only_which_device_was_chosen() -> None:
    kept = re.compile(r"(?:localStorage|sessionStorage|indexedDB|caches)[.\[(][^;\n]*")
    found = [line for file in ours(*SCRIPTS) for line in kept.findall(file.read_text())]
    assert found and all("sessionStorage" in line and "circletime-${kind}" in line for line in found), found


def test_nothing_follows_a_redirect() -> None:
    """httpx follows none unless told. Our parts' health, and allauth's way to the school's accounts, do."""
    follows = re.compile(
        r"follow_redirects=True|^(?:import|from) (?:requests|urllib\.request)\b", re.MULTILINE
    )
    found = [file.name for file in (ROOT / "circletime").rglob("*.py") if follows.search(file.read_text())]
    assert sorted(found) == ["processes.py", "school_account.py"]
