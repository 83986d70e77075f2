"""PostgreSQL, where whoever writes waits their turn before they begin, as on SQLite (ADR 35).

The log is one chain: whoever writes a row of it holds its end until the commit, so writers stand in line in
any case, from their first row of log on. Here they stand in it from the beginning: what an action checks
still holds when it changes it, whichever process it runs in, and no two can ever wait for each other.
Reading, outside a transaction, waits for nobody.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.backends.postgresql import base

LINE = 0x436972636C65
"""The number of the line among PostgreSQL's advisory locks. Each database has a line of its own."""
WRITES = ("INSERT", "UPDATE", "DELETE")


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's, but a transaction waits its turn before it begins, and so does a write outside of one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(self._in_line)

    def _start_transaction_under_autocommit(self) -> None:
        self._set_autocommit(False)  # type: ignore[attr-defined]
        try:
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LINE])
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        # Django does not know yet that a transaction was begun, so nobody else would end it.
        try:
            self._rollback()  # type: ignore[attr-defined]
            self._set_autocommit(True)  # type: ignore[attr-defined]
        except Exception:  # the connection is what failed
            self.close()

    def _in_line(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if self.in_atomic_block or not (isinstance(sql, str) and sql.startswith(WRITES)):
            return execute(sql, params, many, context)
        with transaction.atomic(using=self.alias):
            return execute(sql, params, many, context)
