"""A plugin for pytest, loaded into each run in the copy: the program is the copy's, and what failed is told.

Without the first, a run might break the copy and test the program that is installed.
"""

import json
import os
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

COPY, TOLD = "CIRCLETIME_COPY", "CIRCLETIME_TOLD"
NOT_THE_COPY = 90
"""The exit status when something else than the copy was loaded."""

_told: list[dict[str, str]] = []


def pytest_sessionstart() -> None:
    copy = Path(os.environ[COPY]).resolve()
    for name in ("circletime", "config", "tests"):
        loaded = Path(import_module(name).__file__ or "").resolve()
        if copy not in loaded.parents:
            pytest.exit(f"{name} is {loaded}, not the copy's", returncode=NOT_THE_COPY)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, Any, Any]:
    report = yield
    error = call.excinfo
    _told.append(
        {
            "test": item.nodeid,
            "when": report.when,
            "outcome": report.outcome,
            "error": error.typename if error is not None else "",
            "says": str(error.value)[:200] if error is not None else "",
        }
    )
    return report


def pytest_sessionfinish() -> None:
    Path(os.environ[TOLD]).write_text(json.dumps(_told))
