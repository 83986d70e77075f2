"""Bringing exports in, in an empty school."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from circletime.people.roster import lookups, reader
from circletime.people.roster.apply import apply
from circletime.people.roster.models import RosterImport, RosterOdd, RosterStaged
from circletime.people.roster.rules import PLANNED, Kind
from circletime.people.roster.staging import Stage
from tests.roster.exports import School

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class Plan:
    """What was planned, as it stood before it was brought in."""

    counts: dict[str, int]
    leaving: int
    rows: list[RosterStaged]
    odd: list[RosterOdd]
    adults: dict[str, list[str]]
    """The adults of each child."""

    def of(self, kind: Kind) -> list[RosterStaged]:
        return [each for each in self.rows if each.kind == kind]


Bring = Callable[..., Plan]


@pytest.fixture
def school() -> School:
    return School()


def begin(path: Path, now: datetime, mapping: str = "") -> Stage:
    """Read it and plan it; the file stays where it is."""
    made = RosterImport.objects.create(made_at=now, file_name=path.name, mapping=mapping)
    return reader.plan_roster(made, path, now)


def seen(stage: Stage) -> Plan:
    rows = list(stage.used(*PLANNED).order_by("pk"))
    return Plan(
        stage.made.counts,
        stage.made.shown["leaving"],
        rows,
        list(RosterOdd.objects.filter(roster_import=stage.made).order_by("pk")),
        lookups.adults_of(stage, [each.source_id for each in rows]),
    )


@pytest.fixture
def bring(tmp_path: Path, db: None) -> Bring:
    """Read it, plan it and do it."""
    count = 0

    def bring_in(what: School | Path, mapping: str = "", confirmed: bool = True) -> Plan:
        nonlocal count
        count += 1
        now = NOW + timedelta(days=count)
        path = what.write(tmp_path, f"{count}.zip") if isinstance(what, School) else what
        stage = begin(path, now, mapping)
        plan = seen(stage)
        apply(stage=stage, confirmed=confirmed, by="test", now=now)
        return plan

    return bring_in


@pytest.fixture
def look(tmp_path: Path, db: None) -> Bring:
    """Read it and plan it."""

    def plan(what: School | Path, mapping: str = "") -> Plan:
        return seen(begin(what.write(tmp_path) if isinstance(what, School) else what, NOW, mapping))

    return plan
