"""Whether the PostgreSQL server that the data is in is one that this program can rely on."""

import time

import psycopg
from django.conf import settings
from django.db import connection

from config import database

OLDEST = 14
"""The oldest PostgreSQL that Django 5.2 speaks to."""
APART = 2.0
"""Seconds that the database's clock may differ from ours."""

_ABOUT = """SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),
    pg_is_in_recovery(), COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
    extract(epoch FROM clock_timestamp())::float, current_setting('log_statement'),
    current_setting('log_min_error_statement'), current_setting('log_error_verbosity'),
    current_setting('log_min_duration_statement')"""
_QUIET = """In PostgreSQL's own log there would be children's names. Switch that off for our account: ALTER
    ROLE … SET log_statement = 'none', SET log_min_error_statement = 'panic',
    SET log_error_verbosity = 'terse', SET log_min_duration_statement = -1, each as a command of its own."""


def troubles() -> list[str]:
    """What keeps this program from working with the server, each a sentence; nothing where there is none."""
    return _look()[0]


def worries() -> list[str]:
    """What should be put right there, though everything works."""
    return _look()[1]


def _look() -> tuple[list[str], list[str]]:
    if connection.vendor != "postgresql":
        return [], []
    try:
        # Not through the pool, which waits, and does not say why it gets no connection.
        with psycopg.connect(**connection.get_connection_params()) as asked:
            about = asked.execute(_ABOUT).fetchone()
    except psycopg.Error as trouble:
        why = " ".join(str(trouble).split())
        return [f"The database does not answer ({why}). Look at CIRCLETIME_DATABASE."], []
    version, encoding, copy, encrypted, clock, *told = about or (0, "", False, False, 0.0)
    troubles = {
        f"The database is PostgreSQL {version}. Circletime needs {OLDEST} or newer.": version < OLDEST,
        f"The database keeps {encoding}. Make it anew with the encoding UTF8.": encoding != "UTF8",
        "This PostgreSQL is a copy that only reads. Let CIRCLETIME_DATABASE name the one that writes.": copy,
    }
    worries = {
        "The clock of the database's machine and this one's differ. Set both right (timedatectl).": abs(
            clock - time.time()
        )
        > APART,
        "What goes to the database's machine is not encrypted. Switch TLS on in PostgreSQL.": not encrypted
        and _should_be_encrypted(),
        " ".join(_QUIET.split()): _tells_names(*told),
    }
    return [words for words, so in troubles.items() if so], [words for words, so in worries.items() if so]


def _should_be_encrypted() -> bool:
    """Unless somebody wrote into the address that it need not be, as within one machine's own network."""
    known = settings.DATABASES["default"]
    return database.is_away(known) and known["OPTIONS"].get("sslmode") != "disable"


def _tells_names(every: str, errors: str, verbosity: str, slow: str) -> bool:
    """Whether statements, or rows that errors quote, would be written into the server's log."""
    quiet = (
        every in ("none", "ddl") and errors in ("fatal", "panic") and verbosity == "terse" and slow == "-1"
    )
    return not quiet
