"""A world, and browsers in it, as the tests of the pages have them."""

from tests.web.conftest import no_waiting, own_folders, visits, world

__all__ = ["no_waiting", "own_folders", "visits", "world"]
