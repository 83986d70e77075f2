"""A school, and browsers at it."""

from tests.web.conftest import browser, no_waiting, own_folders, visits, world

__all__ = ["browser", "no_waiting", "own_folders", "visits", "world"]
