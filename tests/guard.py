"""The database's own guards of log and certificates, taken off and put back as the migrations do."""

from importlib import import_module

from django.db import connection

_MIGRATIONS = [
    import_module("circletime.audit.migrations.0002_guard"),
    import_module("circletime.recordings.migrations.0002_certificate_guard"),
]
SQLITE: list[str] = [statement for migration in _MIGRATIONS for statement in migration.SQLITE]
POSTGRES: list[str] = [
    statement
    for migration in _MIGRATIONS
    for statement in migration.POSTGRES
    if statement.startswith("CREATE TRIGGER")
]
"""The functions they call stay when a guard is taken off."""


def drop_guard() -> None:
    """What somebody with the database in their hands would do first."""
    with connection.cursor() as cursor:
        for table in ("audit_row", "audit_checkpoint", "recordings_certificate"):
            if connection.vendor == "postgresql":
                for name in ("guard", "order"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}")
                continue
            for verb in ("update", "delete", "replace"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")


def put_guard() -> None:
    """As it stands in service."""
    with connection.cursor() as cursor:
        for statement in POSTGRES if connection.vendor == "postgresql" else SQLITE:
            cursor.execute(statement)
