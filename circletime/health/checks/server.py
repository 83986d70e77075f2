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
    extract(epoch FROM clock_timestamp())::float"""


def troubles() -> list[str]:
    """What is wrong with the server, each a sentence; nothing where the data is in a file."""
    if connection.vendor != "postgresql":
        return []
    try:
        # Not through the pool, which waits, and does not say why it gets no connection.
        with psycopg.connect(**connection.get_connection_params()) as asked:
            about = asked.execute(_ABOUT).fetchone()
    except psycopg.Error as trouble:
        why = " ".join(str(trouble).split())
        return [f"The database does not answer ({why}). Look at CIRCLETIME_DATABASE."]
    version, encoding, copy, encrypted, clock = about or (0, "", False, False, 0.0)
    away = database.is_away(settings.DATABASES["default"])
    found = {
        f"The database is PostgreSQL {version}. Circletime needs {OLDEST} or newer.": version < OLDEST,
        f"The database keeps {encoding}. Make it anew with the encoding UTF8.": encoding != "UTF8",
        "This PostgreSQL is a copy that only reads. Let CIRCLETIME_DATABASE name the one that writes.": copy,
        "The clock of the database's machine and this one's differ. Set both right (timedatectl).": abs(
            clock - time.time()
        )
        > APART,
        "What goes to the database's machine is not encrypted. Switch TLS on in PostgreSQL.": away
        and not encrypted,
    }
    return [words for words, wrong in found.items() if wrong]
