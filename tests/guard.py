"""The database's own guard of the log, taken off and put back as the migration does."""

from importlib import import_module

from django.db import connection

SQLITE: list[str] = import_module("circletime.audit.migrations.0002_guard").SQLITE


def drop_guard() -> None:
    """What somebody with the database in their hands would do first."""
    with connection.cursor() as cursor:
        for verb in ("update", "delete"):
            cursor.execute(f"DROP TRIGGER IF EXISTS audit_row_no_{verb}")


def put_guard() -> None:
    """As it stands in service."""
    with connection.cursor() as cursor:
        for statement in SQLITE:
            cursor.execute(statement)
