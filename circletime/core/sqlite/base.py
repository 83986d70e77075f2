"""SQLite, where the threads of one process wait for each other's transactions in line.

SQLite's own way to wait for a lock is to sleep and ask again, up to a tenth of a second at a time, and
whoever asks first has no advantage. In a school's morning (F5) a write waited for half a second and more now
and then. Other processes (the worker) still wait SQLite's way.
"""

import threading
from typing import Any

from django.db.backends.sqlite3 import base

WAITS_AT_MOST = 10.0
"""Seconds; then SQLite itself is asked, which says that it is locked."""
_line = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's, but a transaction waits its turn before it begins."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mine = False

    def _start_transaction_under_autocommit(self) -> None:
        self._mine = _line.acquire(timeout=WAITS_AT_MOST)
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            self._leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._leave()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._mine:
            self._mine = False
            _line.release()
