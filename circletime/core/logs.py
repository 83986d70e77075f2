"""What the program's log may not hold: addresses, since one may be a family's link or a room's, and names."""

import logging
from typing import Any

QUOTES = ("DETAIL:", "LINE ", "CONTEXT:", "QUERY:")
"""How such lines begin."""


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
    """Tells of an error without what PostgreSQL says with it, which quotes rows and statements: a name may be
    in them."""

    def formatException(self, ei: Any) -> str:
        lines = super().formatException(ei).splitlines()
        return "\n".join(line for line in lines if not line.startswith(QUOTES))
