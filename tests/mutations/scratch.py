"""A copy of the program that may be broken, and what the tests say in it."""

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from tests.mutations.change import ROOT, Mutation
from tests.mutations.here import COPY, TOLD

LINKED = ("var/bin", "room/dist", "room/node_modules")
"""What was built or installed, and is not changed by any mutation."""
ONE_TEST, ALL_TESTS = 600, 3600
"""Seconds; pytest gives each single test less."""
QUICK = ("-q", "--nomigrations", "-p", "no:cacheprovider", "-p", "tests.mutations.here")
"""Tables are made without their history, which takes three times as long as most of these tests."""
NO_FINDING = {"AttributeError", "ImportError", "ModuleNotFoundError", "NameError", "SyntaxError", "TypeError"}
"""A test that fails so has met a program that does not run, not a rule that is gone."""


class Outcome(StrEnum):
    """What became of a mutation."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Verdict:
    """An outcome, and what the test said."""

    outcome: Outcome
    says: str


class Scratch:
    """The copy: every file that git knows, as it is now, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    @contextlib.contextmanager
    def made(cls) -> Iterator[Self]:
        """A fresh copy, gone at the end."""
        with tempfile.TemporaryDirectory(prefix="circletime-mutations-") as made:
            folder = Path(made).resolve()
            listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
            for name in listed.stdout.decode().split("\0"):
                if name and (ROOT / name).is_file():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / name, folder / name)
            for name in LINKED:
                if (ROOT / name).exists():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).symlink_to((ROOT / name).resolve())
            yield cls(folder)

    def failing(self, tests: Sequence[str]) -> list[str]:
        """Those of `tests` that do not pass in the copy as it is."""
        _, told, _ = self._run(tests, ALL_TESTS)
        passed = {one["test"] for one in told if one["when"] == "call" and one["outcome"] == "passed"}
        failed = {one["test"] for one in told if one["outcome"] == "failed"}
        return [
            test
            for test in tests
            if not any(_is_of(one, test) for one in passed) or any(_is_of(one, test) for one in failed)
        ]

    def verdict(self, mutation: Mutation) -> Verdict:
        """Whether the mutation's test fails while the copy is broken so."""
        with self._broken(mutation):
            status, told, last = self._run([mutation.test], ONE_TEST, "-x")
        calls = [one for one in told if one["when"] == "call" and _is_of(one["test"], mutation.test)]
        for one in calls:
            if status != 1 or one["outcome"] != "failed":
                continue
            says = f"{one['error']}: {one['says'].splitlines()[0] if one['says'] else ''}"
            broke = one["error"] in NO_FINDING or one["says"].startswith("Timeout")
            return Verdict(Outcome.NOT_TRIED if broke else Outcome.CAUGHT, says)
        if status == 0 and calls:
            return Verdict(Outcome.SURVIVED, "the test passed")
        return Verdict(Outcome.NOT_TRIED, f"no answer of the test; pytest ended with {status}: {last}")

    @contextlib.contextmanager
    def _broken(self, mutation: Mutation) -> Iterator[None]:
        path = self.folder / mutation.file
        whole = path.read_text()
        broken = mutation.of(whole)
        try:
            _write(path, broken)
            yield
        finally:
            _write(path, whole)

    def _run(self, tests: Sequence[str], seconds: int, *more: str) -> tuple[int, list[dict[str, str]], str]:
        """The exit status, what each test came to, and the last line that was said."""
        told = self.folder / "told.json"
        told.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", *QUICK, *more, *tests]
        env = os.environ | {
            COPY: str(self.folder),
            TOLD: str(told),
            "PYTHONPATH": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "",
        }
        try:
            ran = subprocess.run(
                command,
                cwd=self.folder,
                env=env,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            return -1, [], f"it took longer than {seconds} seconds"
        last = (ran.stdout.strip().splitlines() or [""])[-1][:200]
        return ran.returncode, json.loads(told.read_text()) if told.exists() else [], last


def _is_of(found: str, test: str) -> bool:
    """Whether a test that ran is the named one, with whatever it was given."""
    return found == test or found.startswith(f"{test}[")


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    # Two changes within a second may be of one size, and the compiled file would be taken for the other's.
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
