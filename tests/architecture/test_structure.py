"""What the import contracts cannot say: which way the tables point, and what every action is given."""

import importlib
import inspect
import pkgutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps

import circletime

CONTRACTS = tomllib.loads((Path(circletime.__path__[0]).parent / "pyproject.toml").read_text())["tool"][
    "importlinter"
]
LAYERS = [set(layer.split(" | ")) for layer in reversed(CONTRACTS["contracts"][0]["layers"])]
"""From below to above; what stands beside another is in one set with it."""


def modules(last: str) -> Iterator[ModuleType]:
    """Every module of the program whose name, or whose package's name, is `last`."""
    for found in pkgutil.walk_packages(circletime.__path__, "circletime."):
        if last in found.name.split(".")[2:]:
            yield importlib.import_module(found.name)


def actions() -> list[Callable[..., object]]:
    """Every public action that changes rows in a transaction of its own."""
    found = []
    for module in modules("actions"):
        for name, one in inspect.getmembers(module, inspect.isfunction):
            atomic = hasattr(one, "__wrapped__")
            if one.__module__ == module.__name__ and not name.startswith("_") and atomic:
                if "contextmanager" not in inspect.getsource(one).split("def ")[0]:
                    found.append(one)
    return found


def domain(one: type) -> str:
    return one.__module__.split(".")[1]


def height(one: type) -> int:
    """How far up its domain stands."""
    return next(number for number, layer in enumerate(LAYERS) if domain(one) in layer)


def test_tables_point_downwards():
    wrong = []
    for model in apps.get_models():
        if not model.__module__.startswith("circletime."):
            continue
        for field in model._meta.get_fields():
            other = getattr(field, "related_model", None)
            if (
                not field.auto_created
                and isinstance(other, type)
                and other.__module__.startswith("circletime.")
            ):
                if domain(other) != domain(model) and height(other) >= height(model):
                    wrong.append(f"{model.__name__}.{field.name} points up to {other.__name__}")
    assert wrong == []


def test_no_table_is_reached_from_below():
    """A reverse name such as `user.recordings` would be a way up; related_name="+" shuts it."""
    wrong = [
        f"{model.__name__} reaches {field.related_model.__name__} as {field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.auto_created
        and field.is_relation
        and not field.concrete
        and model.__module__.startswith("circletime.")
        and isinstance(field.related_model, type)
        and field.related_model.__module__.startswith("circletime.")
        and domain(field.related_model) != domain(model)
    ]
    assert wrong == []


def test_the_actions_are_found():
    names = {one.__name__ for one in actions()}
    assert {
        "knock",
        "admit",
        "give_turn",
        "abort",
        "schedule",
        "begin_viewing",
        "change_class_password",
    } <= names
    assert len(names) > 35


WITHOUT_TIME = {"page_closed", "asked_for_place", "shape_reported", "next_attempt"}
"""Bookkeeping that is no act of anybody's: a page was closed, a place was asked for, a report was passed on,
a number was taken."""


@pytest.mark.parametrize("action", actions(), ids=lambda a: f"{a.__module__.split('.')[1]}.{a.__name__}")
def test_an_action_is_told_the_time(action: Callable[..., object]):
    given = inspect.signature(action).parameters
    if action.__name__ in WITHOUT_TIME:
        assert "now" not in given
        return
    assert "now" in given, "an action never reads the clock"
    assert given["now"].default is inspect.Parameter.empty


def test_only_core_reads_the_clock():
    """Rules, actions and queries take the time; views, tasks and the worker ask `core.time` for it."""
    wrong = []
    for last in ("rules", "models", "queries", "actions"):
        for module in modules(last):
            source = Path(module.__file__ or "").read_text()
            wrong += [
                f"{module.__name__}: {word}" for word in ("datetime.now(", "timezone.now(") if word in source
            ]
    assert wrong == []
