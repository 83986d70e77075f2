"""What a migration may do while code of the release before goes on: add, and take nothing away.

The old code writes rows without knowing a new column, so the database itself has to have a value for it. It
reads and writes every column that it knows, so none may go, get another name, or take less than before.
"""

from collections.abc import Iterator

from django.db.migrations import operations as ops
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field, ManyToManyField

HARMLESS = (
    ops.CreateModel,
    ops.AddIndex,
    ops.RemoveIndex,
    ops.RenameIndex,
    ops.AlterModelOptions,
    ops.AlterModelManagers,
)
OF_PYTHON_ALONE = {
    "choices",
    "default",
    "help_text",
    "verbose_name",
    "validators",
    "error_messages",
    "blank",
    "related_name",
}
"""What stands in a field's declaration and not in the database."""


def troubles(migration: Migration, before: ProjectState) -> list[str]:
    """What this migration does that the code of the release before would not survive, each a sentence.

    A migration with `unused_since` takes away what no code uses since that version: while meetings run, an
    upgrade from an older one is refused.
    """
    if getattr(migration, "unused_since", ""):
        return []
    found, state = [], before.clone()
    for one in migration.operations:
        found += [
            f"{migration.app_label}.{migration.name}: {line}" for line in _of(one, migration.app_label, state)
        ]
        one.state_forwards(migration.app_label, state)
    return found


def _of(one: Operation, app: str, state: ProjectState) -> Iterator[str]:
    if isinstance(one, HARMLESS):
        return
    if isinstance(one, ops.SeparateDatabaseAndState):
        for inner in one.database_operations:
            yield from _of(inner, app, state)
    elif isinstance(one, ops.AddField):
        yield from _added(one.model_name, one.name, one.field)
    elif isinstance(one, ops.AlterField):
        was = state.models[app, one.model_name_lower].fields[one.name]
        yield from _altered(one.model_name, one.name, was, one.field)
    else:
        yield f"{one.describe()}: the old code would not survive it, or nobody can tell"


def _added(model: str, name: str, field: Field) -> Iterator[str]:
    if isinstance(field, ManyToManyField) or field.null or field.has_db_default():
        return
    yield f"{model}.{name}: the old code writes rows without it, so it needs null=True or a db_default"


def _altered(model: str, name: str, was: Field, now: Field) -> Iterator[str]:
    (_, kind_was, _, before), (_, kind_now, _, after) = was.deconstruct(), now.deconstruct()
    changed = {each for each in before.keys() | after.keys() if before.get(each) != after.get(each)}
    changed -= OF_PYTHON_ALONE
    if kind_was != kind_now:
        yield f"{model}.{name}: it becomes another kind of field"
    elif changed == {"max_length"} and _longer(before.get("max_length"), after.get("max_length")):
        return
    elif changed == {"db_default"} and now.has_db_default():
        return
    elif changed:
        yield f"{model}.{name}: {', '.join(sorted(changed))} changes, and may take less than before"


def _longer(was: int | None, now: int | None) -> bool:
    return now is None or (was is not None and now >= was)
