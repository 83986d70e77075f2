"""Migrations that the release before survives: each newer than the last release only adds (ADR 48)."""

from pathlib import Path

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

import circletime
from circletime.core.versions import is_older
from tests.architecture.additive import troubles

RELEASED = Path(__file__).parent / "released.txt"
"""The migrations of the last release, 0.1.0. At a release: write those there are, and its number, anew."""
VERSION, *NAMES = RELEASED.read_text().split()
OURS = {one.label for one in apps.get_app_configs() if one.name.startswith("circletime.")}


def ours() -> MigrationLoader:
    return MigrationLoader(None, ignore_no_migrations=True)


def test_every_migration_since_the_last_release_only_adds() -> None:
    loader, found = ours(), []
    for app, name in sorted(key for key in loader.disk_migrations if key[0] in OURS):
        if f"{app}.{name}" not in NAMES:
            before = loader.project_state((app, name), at_end=False)
            found += troubles(loader.disk_migrations[app, name], before)
    assert found == [], "add in one release, take away in a later one (CONTRIBUTING.md)"


def test_no_released_migration_is_gone() -> None:
    """Who comes from that release has made them, and could not go on."""
    there = {f"{app}.{name}" for app, name in ours().disk_migrations}
    assert sorted(set(NAMES) - there) == []


def test_what_is_taken_away_was_unused_for_a_whole_release() -> None:
    for one in ours().disk_migrations.values():
        since = getattr(one, "unused_since", "")
        assert not since or not is_older(circletime.VERSION, since), f"{one}: {since} is still to come"


SEAT = [
    ("id", models.BigAutoField(primary_key=True)),
    ("label", models.CharField(max_length=120)),
    ("gone_at", models.DateTimeField(null=True)),
]
TEXT = models.CharField(max_length=12, default="")
KEPT = models.CharField(max_length=12, default="", db_default="")


def said(*operations: migrations.operations.base.Operation, unused_since: str = "") -> list[str]:
    """What is said of a migration with these operations, of a table of seats."""
    made = type("Migration", (migrations.Migration,), {"operations": list(operations)})(
        "0002_made_up", "meetings"
    )
    if unused_since:
        made.unused_since = unused_since
    return troubles(made, ProjectState({("meetings", "seat"): ModelState("meetings", "Seat", SEAT)}))


@pytest.mark.parametrize(
    "operation",
    [
        migrations.CreateModel("Sticker", SEAT),
        migrations.AddField("seat", "mood", KEPT),
        migrations.AddField("seat", "mood_at", models.DateTimeField(null=True)),
        migrations.AddField("seat", "friends", models.ManyToManyField("meetings.Seat")),
        migrations.AddIndex("seat", models.Index(fields=["label"], name="seat_label")),
        migrations.AlterField("seat", "label", models.CharField(max_length=200)),
        migrations.AlterModelOptions("seat", {}),
        migrations.AlterField("seat", "label", models.CharField(max_length=120, help_text="For all to see.")),
        migrations.AlterField("seat", "label", models.CharField(max_length=120, db_default="")),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("seat", "label")]),
    ],
    ids=lambda one: one.describe(),
)
def test_what_adds_is_let_through(operation: migrations.operations.base.Operation) -> None:
    assert said(operation) == []


TAKES_AWAY = [
    migrations.RemoveField("seat", "label"),
    migrations.RenameField("seat", "label", "name"),
    migrations.DeleteModel("Seat"),
    migrations.RenameModel("Seat", "Chair"),
    migrations.AlterModelTable("seat", "chairs"),
    migrations.AddField("seat", "mood", TEXT),
    migrations.AlterField("seat", "label", models.CharField(max_length=60)),
    migrations.AlterField("seat", "label", models.IntegerField()),
    migrations.AlterField("seat", "label", models.CharField(max_length=120, unique=True)),
    migrations.AlterField("seat", "label", models.CharField(max_length=120, null=True)),
    migrations.AlterField("seat", "gone_at", models.DateTimeField()),
    migrations.AddConstraint(
        "seat", models.CheckConstraint(condition=~models.Q(label=""), name="seat_has_a_label")
    ),
    migrations.AlterUniqueTogether("seat", {("label", "gone_at")}),
    migrations.RunSQL("DROP TABLE meetings_seat"),
    migrations.RunPython(migrations.RunPython.noop),
    migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField("seat", "label")]),
]


@pytest.mark.parametrize("operation", TAKES_AWAY, ids=lambda one: one.describe())
def test_what_the_old_code_would_not_survive_is_named(
    operation: migrations.operations.base.Operation,
) -> None:
    (line,) = said(operation)
    assert line.startswith("meetings.0002_made_up: ")
    assert said(operation, unused_since="0.2.0") == [], "unless nothing uses it any more"


def test_a_column_that_the_migration_itself_adds_is_known() -> None:
    longer = migrations.AlterField("seat", "mood", models.CharField(max_length=20, default="", db_default=""))
    assert said(migrations.AddField("seat", "mood", KEPT), longer) == []
