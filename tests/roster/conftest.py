"""Bringing exports in, in an empty school."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from circletime.people.roster import reader
from circletime.people.roster.apply import apply
from circletime.people.roster.models import RosterImport
from circletime.people.roster.plan import Plan
from tests.roster.exports import School

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

Bring = Callable[..., Plan]


@pytest.fixture
def school() -> School:
    return School()


@pytest.fixture
def bring(tmp_path: Path, db: None) -> Bring:
    """Read it, plan it and do it."""
    count = 0

    def bring_in(what: School | Path, mapping: str = "", confirmed: bool = True) -> Plan:
        nonlocal count
        count += 1
        now = NOW + timedelta(days=count)
        path = what.write(tmp_path, f"{count}.zip") if isinstance(what, School) else what
        made = RosterImport.objects.create(made_at=now, file_name=path.name)
        plan = reader.plan_roster(path, now, mapping)
        apply(plan=plan, to=made, confirmed=confirmed, by="test", now=now)
        return plan

    return bring_in


@pytest.fixture
def look(tmp_path: Path, db: None) -> Bring:
    """Read it and plan it."""

    def plan(what: School | Path, mapping: str = "") -> Plan:
        return reader.plan_roster(what.write(tmp_path) if isinstance(what, School) else what, NOW, mapping)

    return plan
