"""The runner itself: it says survived where a test passes, and takes no broken program for a finding."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.mutations.change import ROOT, Mutation
from tests.mutations.here import COPY, NOT_THE_COPY, TOLD
from tests.mutations.scratch import Outcome, Scratch
from tests.mutations.table import NOT_RUN, read, row, write

RULES = "circletime/meetings/rules.py"
CAUGHT = Mutation(
    "T3",
    "staff meet for as long as families do",
    RULES,
    "return limits.MEETING_WITH_STAFF if kind == Kind.STAFF else limits.MEETING_WITH_FAMILIES",
    "return limits.MEETING_WITH_FAMILIES",
    "tests/rules/test_meetings.py::test_staff_may_meet_for_forty_minutes",
)
HARMLESS = replace(CAUGHT, breaks="nothing", becomes=f"{CAUGHT.was}  # as before")
NO_PROGRAM = replace(CAUGHT, breaks="a name", becomes="return nobody_knows_this")


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with Scratch.made() as made:
        yield made


def test_a_rule_that_is_gone_is_caught_and_the_copy_is_whole_again(scratch: Scratch) -> None:
    assert scratch.failing([CAUGHT.test]) == []
    found = scratch.verdict(CAUGHT)
    assert found.outcome == Outcome.CAUGHT and found.says.startswith("Refused: A meeting with staff")
    for folder in (ROOT, scratch.folder):
        assert CAUGHT.was in (folder / RULES).read_text()


def test_what_no_test_notices_is_said_to_survive(scratch: Scratch) -> None:
    assert scratch.verdict(HARMLESS).outcome == Outcome.SURVIVED


def test_a_program_that_does_not_run_is_no_finding(scratch: Scratch) -> None:
    found = scratch.verdict(NO_PROGRAM)
    assert found.outcome == Outcome.NOT_TRIED and "nobody_knows_this" in found.says


def test_a_test_that_is_not_there_is_no_finding(scratch: Scratch) -> None:
    missing = f"{CAUGHT.test}_or_not"
    assert scratch.verdict(replace(CAUGHT, test=missing)).outcome == Outcome.NOT_TRIED
    assert scratch.failing([missing]) == [missing]


def test_another_program_than_the_copy_is_not_tested(tmp_path: Path) -> None:
    env = os.environ | {COPY: str(tmp_path), TOLD: str(tmp_path / "told"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-p", "tests.mutations.here", CAUGHT.test]
    ran = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    assert ran.returncode == NOT_THE_COPY and "not the copy's" in ran.stdout + ran.stderr


@pytest.mark.parametrize("was", ["no such text", "Rights"])
def test_a_text_that_is_not_there_once_is_an_error(was: str) -> None:
    with pytest.raises(ValueError, match="not once"):
        replace(CAUGHT, was=was).of((ROOT / RULES).read_text())


def test_the_page_keeps_what_was_found_before_and_shows_what_survived(tmp_path: Path) -> None:
    page, first, second = tmp_path / "page.md", date(2026, 11, 26), date(2026, 12, 1)
    write([CAUGHT, HARMLESS], {CAUGHT: Outcome.CAUGHT}, first, page)
    assert read(page)[row(CAUGHT)] == "caught, 2026-11-26" and read(page)[row(HARMLESS)] == NOT_RUN
    write([CAUGHT, HARMLESS], {HARMLESS: Outcome.SURVIVED}, second, page)
    assert read(page)[row(CAUGHT)] == "caught, 2026-11-26"
    assert read(page)[row(HARMLESS)] == "survived, 2026-12-01"
    assert "1 of 2 were caught." in page.read_text()
