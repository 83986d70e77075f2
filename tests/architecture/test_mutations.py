"""The list of rules that are broken on purpose fits the program, the tests, and the page of the last run."""

import ast
from functools import lru_cache

import pytest

from circletime.policy.clauses import CLAUSES, Strength
from tests.mutations.change import ROOT, Mutation
from tests.mutations.every import EVERY
from tests.mutations.scratch import Outcome
from tests.mutations.table import read, row

WRITTEN = read()


@lru_cache
def text_of(file: str) -> str:
    return (ROOT / file).read_text()


@lru_cache
def names_in(file: str) -> set[str]:
    """The names of a file's tests, with their class before them."""
    found = set()
    for one in ast.parse(text_of(file)).body:
        if isinstance(one, ast.FunctionDef):
            found.add(one.name)
        elif isinstance(one, ast.ClassDef):
            found |= {f"{one.name}::{each.name}" for each in one.body if isinstance(each, ast.FunctionDef)}
    return found


def test_every_clause_that_is_more_than_somebodys_word_is_broken():
    """Enforced or detected: at least one of its promises is broken on purpose."""
    broken = {number for one in EVERY for number in one.clauses}
    wanted = {c.number for c in CLAUSES if {Strength.ENFORCED, Strength.DETECTED} & set(c.strengths)}
    assert wanted - broken == set()
    assert broken - {clause.number for clause in CLAUSES} == set()


@pytest.mark.parametrize("mutation", EVERY, ids=lambda one: f"{one.clauses[0]}: {one.breaks}")
def test_a_mutation_fits(mutation: Mutation):
    """What it changes is there once, the changed file can be read, and its test is there."""
    changed = mutation.of(text_of(mutation.file))
    assert changed != text_of(mutation.file)
    if mutation.file.endswith(".py"):
        compile(changed, mutation.file, "exec")
    file, name = mutation.test.split("::", 1)
    assert name in names_in(file), mutation.test


def test_no_two_are_the_same():
    assert len({(one.file, one.was, one.becomes) for one in EVERY}) == len(EVERY)
    assert len({row(one) for one in EVERY}) == len(EVERY)


def test_the_page_has_what_came_of_each():
    """`make mutations` writes it; for a few clauses alone: make mutations C="T1 P2"."""
    assert [one.breaks for one in EVERY if row(one) not in WRITTEN] == []
    assert [one.breaks for one in EVERY if not WRITTEN[row(one)].startswith(Outcome.CAUGHT)] == []
