"""What the program's log may not hold: addresses, since one may be a family's link or a room's."""

import logging


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
