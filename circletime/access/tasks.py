"""What the worker does for requests to see: a viewing whose time is over is written down as closed."""

from datetime import datetime

from circletime.access.actions import viewing
from circletime.access.queries.viewing import open_past_end


def close_viewings(now: datetime) -> int:
    """Close what nobody closed; answers how many. Nothing was shown since their time was over."""
    return sum(viewing.close_late(session=session, now=now) for session in open_past_end(now))
