"""No table and no field is forgotten when somebody asks what is kept of them, or is erased."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from circletime.policy.limits import Limit
from circletime.protection.personal import TABLES, Kept, personal, until
from circletime.protection.queries import export

MODELS = {model._meta.label: model for model in apps.get_models(include_auto_created=True)}
PEOPLE = {"people.Pupil", "people.Adult", "people.Household"}
WORDS = (models.CharField, models.TextField, models.JSONField, models.BinaryField)


def to_name(model: type[models.Model]) -> set[str]:
    """The fields that can have words of somebody, or that lead to one of the families."""
    found = set()
    for field in [*model._meta.concrete_fields, *model._meta.local_many_to_many]:
        if isinstance(field, models.ForeignKey | models.ManyToManyField):
            leads = field.related_model._meta.label in PEOPLE and not field.remote_field.parent_link
            found |= {field.name} if leads else set()
        elif isinstance(field, WORDS) and not field.choices:
            found.add(field.name)
    return found


def test_every_table_is_named_once() -> None:
    names = [each.table for each in TABLES]
    assert len(names) == len(set(names))
    assert set(MODELS) - set(names) == set(), "say whose data it has, in circletime/protection/personal.py"
    assert set(names) - set(MODELS) == set()


@pytest.mark.parametrize("kept", TABLES, ids=lambda kept: kept.table)
def test_every_field_is_somebodys_or_nobodys(kept: Kept) -> None:
    named = [*kept.fields, *kept.plain]
    assert len(named) == len(set(named))
    assert to_name(MODELS[kept.table]) == set(named)


@pytest.mark.parametrize("kept", TABLES, ids=lambda kept: kept.table)
def test_what_is_somebodys_says_how_long_and_how_it_goes(kept: Kept) -> None:
    assert bool(kept.whose) == bool(kept.until) == bool(kept.exported) == bool(kept.erased)
    assert kept.whose or not kept.fields


def test_every_part_of_an_export_is_named() -> None:
    """What the table says is exported under a title is a part of the file, and no part is without a table."""
    source = Path(export.__file__).read_text()
    titles = set(re.findall(r'(?:Section|_facts|_counted)\(\s*"([^"]+)"', source))
    said = " ".join(each.exported for each in personal())
    listed = {title for title in titles if title in said}
    assert titles - listed <= {
        "Meetings planned as host",
        "Recordings watched",
        "Incidents",
        "Contact restrictions",
    }


def test_the_page_for_whoever_looks_after_it_says_the_same() -> None:
    """docs/data-protection.md is written by hand: its periods are the ones that hold."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "data-protection.md").read_text()
    for kept in TABLES:
        if isinstance(kept.until, Limit) and not kept.until.facts.clause:
            assert until(kept, lambda limit: limit.facts.value) in page, kept.table


def test_every_period_is_used() -> None:
    used = {each.until for each in TABLES if isinstance(each.until, Limit)}
    assert {limit for limit in Limit if not limit.facts.clause} <= used
