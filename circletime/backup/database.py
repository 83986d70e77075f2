"""The database as one file, of one moment, while others go on writing; and back into an empty one."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.db import DatabaseError, connection
from django.db.backends.postgresql.client import DatabaseClient
from django.db.migrations.loader import MigrationLoader

from circletime.backup.rules import Trouble

Ask = Callable[[str], list[tuple[Any, ...]]]

SESSIONS = "django_session"
"""Left empty in a copy: whoever has it would have everybody's open sign-ins."""


@dataclass(frozen=True)
class Facts:
    """What the copy says of itself."""

    school: str
    log_row: int
    log_digest: str
    kept: list[str]
    """The recordings whose files belong to it."""
    migrations: list[str]
    """What was done to its tables so far."""


def engine() -> str:
    """`sqlite` or `postgresql`."""
    return connection.vendor


def is_empty() -> bool:
    """Whether there is no table yet. Raises `Trouble` where nobody answers."""
    try:
        return not connection.introspection.table_names()
    except DatabaseError:
        raise Trouble("The database does not answer.") from None


def copy_into(file: Path) -> Facts:
    """Write the database of this moment into a new file. Raises `Trouble`."""
    if is_empty():
        raise Trouble("There is no database yet, so there is nothing to back up.")
    return _copy_postgres(file) if engine() == "postgresql" else _copy_sqlite(file)


def put_back(file: Path) -> None:
    """Fill the empty database from such a file. Raises `Trouble`; then it is empty again."""
    if engine() == "postgresql":
        _put_back_postgres(file)
    else:
        _put_back_sqlite(file)


def unknown(migrations: list[str]) -> str:
    """A change of the tables that this program knows nothing of, or nothing: a newer one made the backup."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    return next((name for name in migrations if name not in known), "")


def _facts(ask: Ask) -> Facts:
    head = ask("SELECT number, digest FROM audit_head")
    school = ask("SELECT name FROM people_school")
    kept = ask("SELECT public_id FROM recordings_recording WHERE state NOT IN ('destroying', 'destroyed')")
    done = ask("SELECT app, name FROM django_migrations ORDER BY id")
    number, digest = head[0] if head else (0, "")
    return Facts(
        school=school[0][0] if school else "",
        log_row=number,
        log_digest=digest,
        kept=sorted(str(row[0]) for row in kept),
        migrations=[f"{app}.{name}" for app, name in done],
    )


def _copy_sqlite(file: Path) -> Facts:
    here = connection.settings_dict["NAME"]
    try:
        with closing(sqlite3.connect(here)) as source, closing(sqlite3.connect(file)) as copy:
            source.backup(copy)  # in one step: a moment that is whole, and no writer waits for it
            copy.execute(f"DELETE FROM {SESSIONS}")  # noqa: S608  our own name
            copy.commit()
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.execute("VACUUM")
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
            if found != "ok":
                raise Trouble(f"The database is damaged: {found}.")
            return _facts(lambda sql: copy.execute(sql).fetchall())
    except sqlite3.Error as trouble:
        raise Trouble(f"The database could not be copied: {trouble}.") from None


def _put_back_sqlite(file: Path) -> None:
    here = Path(connection.settings_dict["NAME"])
    connection.close()
    draft = here.with_name(f".{here.name}.restoring")
    shutil.copyfile(file, draft)
    draft.chmod(0o600)
    for old in (here, *(here.with_name(here.name + ending) for ending in ("-wal", "-shm"))):
        old.unlink(missing_ok=True)  # an empty one, which looking made
    draft.replace(here)


def _copy_postgres(file: Path) -> Facts:
    # A connection of its own: one of ours would stand in the line of those who write, and keep them waiting.
    with psycopg.connect(**connection.get_connection_params()) as reader:
        reader.isolation_level, reader.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
        reader.execute("SET idle_in_transaction_session_timeout = 0")  # until pg_dump has ended
        moment = reader.execute("SELECT pg_export_snapshot()").fetchall()[0][0]
        facts = _facts(lambda sql: reader.execute(sql).fetchall())
        left_out = [f"--exclude-table-data={SESSIONS}", "--no-owner"]
        _run("pg_dump", ["--format=custom", f"--snapshot={moment}", *left_out, f"--file={file}"], "copied")
    return facts


def _put_back_postgres(file: Path) -> None:
    connection.close()
    _run("pg_restore", ["--single-transaction", "--exit-on-error", "--no-owner", str(file)], "put back")


def _run(program: str, options: list[str], verb: str) -> None:
    """Call PostgreSQL's own program for our database. Raises `Trouble`."""
    if shutil.which(program) is None:
        raise Trouble(
            f"{program} is not installed, which belongs to PostgreSQL: apt install postgresql-client."
        )
    given = connection.settings_dict
    name = given["NAME"]
    # The last word is the database's name, which pg_restore would take for a file's.
    command, env = DatabaseClient.settings_to_cmd_args_env(given, [])
    words, into = command[1:-1], f"--dbname={name}"
    done = subprocess.run(  # noqa: S603
        [program, *words, into, *options],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise Trouble(f"The database could not be {verb}: {said[-1] if said else 'no reason given'}.")
