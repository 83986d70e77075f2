"""What the program's log says, as lines for people or for programs, and what it may not hold.

No address, since one may be a family's link or a room's, and no names.
"""

import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

QUOTES = ("DETAIL:", "LINE ", "CONTEXT:", "QUERY:")
"""How the lines begin in which PostgreSQL quotes rows and statements."""

_ABOUT: ContextVar[str] = ContextVar("about", default="-")


def from_now_on(what: str) -> None:
    """The same until the next time, in this thread: Django tells of a refused page after its middleware."""
    _ABOUT.set(what)


@contextmanager
def about(what: str) -> Iterator[None]:
    """What is logged within says what it is about: the number of a request, or the worker's chore."""
    before = _ABOUT.set(what)
    try:
        yield
    finally:
        _ABOUT.reset(before)


def begin() -> None:
    """In a process of its own: what nobody caught is logged like everything else."""
    logging.captureWarnings(True)
    log = logging.getLogger("circletime")
    sys.excepthook = lambda *error: log.critical("it ended", exc_info=error)
    threading.excepthook = lambda told: log.critical(
        "a thread ended", exc_info=(told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback)
    )


class WithoutAddresses(logging.Filter):
    """Says which page a line is about by its pattern, as `/f/<str:token>`, and never by its address."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        path = getattr(request, "path", "")
        if path and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            where = f"/{match.route}" if match is not None else "an address that is none of ours"
            record.args = tuple(where if arg == path else arg for arg in record.args)
        return True


class WithoutValues(logging.Formatter):
    """Tells of an error without what PostgreSQL says with it: a name may be in that."""

    def format(self, record: logging.LogRecord) -> str:
        record.about = _ABOUT.get()
        return super().format(record)

    def formatException(self, ei: Any) -> str:
        lines = super().formatException(ei).splitlines()
        return "\n".join(line for line in lines if not line.startswith(QUOTES))


class AsJson(WithoutValues):
    """A line of JSON for each. Only these fields: whatever else is handed along may name somebody."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "about": _ABOUT.get(),
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)
