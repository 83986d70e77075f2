"""What the dashboard and the rules ask Prometheus for is what Circletime says, and what it says is shown."""

import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from prometheus_client.parser import text_string_to_metric_families

from circletime.audit.actions import record
from circletime.core import time
from circletime.core.measure import ACTION_SECONDS
from circletime.health import tasks
from circletime.health.checks.every import Check
from circletime.health.rules.finding import Finding, Subject
from circletime.recordings.actions import capture
from tests.health.test_watching import ask
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = {"histogram_quantile", "sum", "by", "rate", "increase", "max", "or", "and"}
NOT_OURS = {"up"}
"""Prometheus' own."""


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "deploy/grafana/circletime.json").read_text())
    return found


def queries() -> list[str]:
    shown = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    rules = (ROOT / "deploy/circletime_rules.yml").read_text()
    return shown + re.findall(r"^ *expr: (.*)$", rules, re.MULTILINE)


def names_in(query: str) -> set[str]:
    """What a query asks for: its words without functions, labels and spans of time."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\bby \([^)]*\)", "", query)
    return set(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", bare)) - FUNCTIONS - NOT_OURS


def labels_in(query: str) -> set[str]:
    return {label for inside in re.findall(r"\bby \(([^)]*)\)", query) for label in inside.split(", ")}


@pytest.fixture
def said(alive: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Every name that is said when everything is there to be told, with its labels."""
    monkeypatch.setattr(time, "now", lambda: alive.now)
    monkeypatch.setattr(capture, "recorder", lambda: SimpleNamespace(list=dict))
    settings.WATCH_TOKEN = "an-invented-token-of-a-watcher"
    ends = (alive.now + timedelta(days=60)).timestamp()
    shown = Finding(Subject.CERTIFICATE, True, "Fine.", "", ends)
    tasks.look_around(alive.now, [Check(Subject.CERTIFICATE, lambda now: shown)])
    with transaction.atomic():
        record("backup.data.taken", by="test", subject="backup", now=alive.now)
    ACTION_SECONDS.labels("hand").observe(0.01)
    text = ask("metrics", token=settings.WATCH_TOKEN).content.decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_query_asks_for_what_is_said(said: dict[str, set[str]]) -> None:
    every = queries()
    assert len(every) > 15
    for query in every:
        names = names_in(query)
        assert names and names <= set(said), query
        assert labels_in(query) <= set().union(*(said[name] for name in names)), query
        assert query.count("(") == query.count(")")


def test_a_legend_names_a_label_that_is_there(said: dict[str, set[str]]) -> None:
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                there = set().union(*(said[name] for name in names_in(target["expr"])))
                assert label in there, target["expr"]


def test_everything_that_is_said_is_shown(said: dict[str, set[str]]) -> None:
    """But what comes with every process, and what a histogram has beside its buckets."""
    shown = {name for query in queries() for name in names_in(query)}
    ours = {name for name in said if name.startswith("circletime_")}
    beside = {name for name in ours if name.endswith(("_sum", "_count", "_created"))}
    assert ours - beside - shown == set()


def test_panels_do_not_lie_over_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        mine = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not mine & taken, panel["title"]
        taken |= mine
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(numbers) == len(set(numbers))
