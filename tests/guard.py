"""The database's own guards of log and certificates, taken off and put back as the migrations do."""

from importlib import import_module

from django.db import connection

SQLITE: list[str] = [
    *import_module("circletime.audit.migrations.0002_guard").SQLITE,
    *import_module("circletime.audit.migrations.0004_checkpoint_guard").SQLITE,
    *import_module("circletime.recordings.migrations.0004_certificate_guard").SQLITE,
]


def drop_guard() -> None:
    """What somebody with the database in their hands would do first."""
    with connection.cursor() as cursor:
        for table in ("audit_row", "audit_checkpoint", "recordings_certificate"):
            for verb in ("update", "delete", "replace"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")


def put_guard() -> None:
    """As it stands in service."""
    with connection.cursor() as cursor:
        for statement in SQLITE:
            cursor.execute(statement)
