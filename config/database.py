"""Where the data is: a file beside the program (SQLite), or PostgreSQL at an address."""

import os
from pathlib import Path
from typing import Any

from config.env import BadSetting

SCHEMES = ("postgres://", "postgresql://")
LOCAL = ("localhost", "127.0.0.1", "::1")
CONNECTIONS = 21
"""The most one process has open: one for each thread of an app that asks. PostgreSQL allows 100 unless told
otherwise; who finds none free waits."""
MOST_PROCESSES = 32
LIMITS = {
    # Who waits in line for longer than this is told so, and asks again (SQLite waits as long).
    "lock_timeout": "10s",
    # A process that was stopped, or whose machine is gone, does not keep the others waiting for ever.
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""PostgreSQL's own names for what holds of each connection."""


def sqlite(file: Path, test: Path) -> dict[str, Any]:
    """A file on this machine, and another for the tests."""
    return {
        "ENGINE": "circletime.core.sqlite",
        "NAME": file,
        "CONN_MAX_AGE": None,  # the threads that answer stay
        "OPTIONS": {
            # IMMEDIATE takes the write lock when a transaction opens, so that lock, check and
            # change see one state; WAL lets pages be read meanwhile.
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            # What is erased is overwritten in the file, whatever the library was built with.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
        },
        # A file also in tests: several processes and threads share it, as in service.
        "TEST": {"NAME": test},
    }


ADDRESS = "CIRCLETIME_DATABASE"


def postgres(address: str) -> dict[str, Any]:
    """PostgreSQL at the `address` that CIRCLETIME_DATABASE has, as postgres://user@host/database.

    What libpq reads in such an address may stand there (`?sslmode=verify-full`). The password may be in a
    file that CIRCLETIME_DATABASE_PASSWORD_FILE names. A server on another machine is spoken to over TLS
    unless the address says otherwise.
    """
    from psycopg import IsolationLevel, ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    # What is wrong is told without the address, which may hold a password.
    if not address.startswith(SCHEMES):
        raise BadSetting(
            f"{ADDRESS} must begin with postgres://, as in postgres://circletime@db.example/circletime."
        )
    try:
        known = conninfo_to_dict(address)
    except ProgrammingError as trouble:
        raise BadSetting(f"{ADDRESS} cannot be read: {str(trouble).strip()}.") from None
    database, port = known.pop("dbname", ""), str(known.pop("port", "") or "")
    if not database:
        raise BadSetting(
            f"{ADDRESS} names no database; it must end in one, as in postgres://db.example/circletime."
        )
    if not all(part.isdecimal() for part in port.split(",") if part):
        raise BadSetting(f"{ADDRESS} has a port that is no number.")
    host = str(known.pop("host", "") or "")
    if is_away({"HOST": host}):
        known.setdefault("sslmode", "require")
    given = known.pop("options", "") or ""
    user, password = known.pop("user", ""), known.pop("password", "")
    return {
        "ENGINE": "circletime.core.postgres",
        "NAME": database,
        "USER": user,
        "PASSWORD": _password() or password,
        "HOST": host,
        "PORT": port,
        # A connection that broke meanwhile is noticed before it is used.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": "circletime",
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
            # Each statement sees what was committed until then, whatever the server's own default is.
            "isolation_level": IsolationLevel.READ_COMMITTED,
            "options": " ".join(
                [*(f"-c {each}={value}" for each, value in LIMITS.items()), str(given)]
            ).strip(),
            "pool": {"min_size": 1, "max_size": CONNECTIONS, "timeout": 10.0},
            **known,
        },
    }


def is_away(known: dict[str, Any]) -> bool:
    """Whether this database is on another machine."""
    hosts = str(known.get("HOST", "")).split(",")
    return any(one and not one.startswith("/") and one not in LOCAL for one in hosts)


def processes(name: str, found: int, *, server: bool) -> int:
    """As many processes of a part as the variable `name` says; more than one only where a `server` is."""
    if not 1 <= found <= MOST_PROCESSES:
        raise BadSetting(f"{name} is {found}; it must be from 1 to {MOST_PROCESSES}.")
    if found > 1 and not server:
        raise BadSetting(f"{name} is {found}; more than one needs PostgreSQL: set {ADDRESS}.")
    return found


def _password() -> str:
    path = os.environ.get("CIRCLETIME_DATABASE_PASSWORD_FILE")
    if not path:
        return ""
    try:
        found = Path(path).read_text().strip()
    except (OSError, ValueError):
        raise BadSetting(f"{ADDRESS}_PASSWORD_FILE: the file {path} cannot be read.") from None
    if not found:
        raise BadSetting(f"{ADDRESS}_PASSWORD_FILE: the file {path} is empty.")
    return found
