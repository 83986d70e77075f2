"""The tables of this version, and whether an older version that still runs can do with them."""

from circletime.core.versions import is_older, numbers


def make_tables() -> None:
    """Bring the database to what this version needs."""
    from django.core.management import call_command

    from circletime.core.alone import waiting_for

    with waiting_for("migrate"):  # two machines may start at once
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)


def too_old(running: str) -> str:
    """Why the `running` version cannot go on with the tables of this one; nothing when it can.

    A migration that takes away what older code uses says in `unused_since` from which version on nothing
    does (CONTRIBUTING.md).
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    needed = [getattr(migration, "unused_since", "") for migration, _ in plan]
    over = [version for version in needed if version and is_older(running, version)]
    if not over:
        return ""
    first = max(over, key=numbers)
    return (
        f"It takes away tables that version {running}, which runs, still uses. Upgrade to {first} first, or "
        "start Circletime again while no meeting is held."
    )
