"""Every clause names places and tests that are there, and what counts it for the report."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from circletime.oversight.evidence.report import counter
from circletime.policy.clauses import CLAUSES, Clause

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = [
    f"{who}{n}"
    for who, most in (("C", 7), ("T", 12), ("S", 3), ("P", 7), ("R", 8))
    for n in range(1, most + 1)
]


def test_every_clause_of_the_policy_is_there_once():
    assert [clause.number for clause in CLAUSES] == NUMBERS


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.number)
def test_a_clause_is_where_it_says(clause: Clause):
    for place in clause.places:
        if "/" in place:
            assert (ROOT / place).exists(), place
        else:
            module, name = place.split(":")
            assert hasattr(import_module(f"circletime.{module}"), name), place


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.number)
def test_a_clause_is_tested_where_it_says(clause: Clause):
    for test in clause.tests:
        file, *names = test.split("::")
        if not names:
            assert (ROOT / file).exists(), test
            continue
        tree: ast.AST = ast.parse((ROOT / file).read_text())
        for name in names:
            inside = [
                n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name
            ]
            assert inside, f"{test}: there is no {name}"
            tree = inside[0]


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.number)
def test_each_clause_has_a_place_and_a_test(clause: Clause):
    assert clause.places and clause.tests


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.number)
def test_each_clause_has_a_figure(clause: Clause):
    assert clause.number in (inspect.getdoc(counter(clause.evidence)) or ""), clause.evidence
    assert list(inspect.signature(counter(clause.evidence)).parameters) == ["facts"]


def test_every_count_belongs_to_a_clause():
    """Nothing is counted that no clause names."""
    named = {clause.evidence for clause in CLAUSES}
    for module in ("meetings", "children", "families", "accepted", "keeping", "reading", "school"):
        whole = import_module(f"circletime.oversight.evidence.{module}")
        for name, one in inspect.getmembers(whole, inspect.isfunction):
            if one.__module__ == whole.__name__ and not name.startswith("_"):
                assert f"oversight.evidence.{module}:{name}" in named, name


def test_the_code_names_no_clause_that_is_none():
    named = set()
    for file in [*(ROOT / "circletime").rglob("*.py"), *(ROOT / "room/src").rglob("*.ts*")]:
        named |= set(re.findall(r"\b([CTSPR]\d{1,2})\b(?=[,;) .:])", file.read_text()))
    assert named - {f"T{n}" for n in (0,)} <= set(NUMBERS), named - set(NUMBERS)
