"""A school at work, for whoever attacks it."""

from tests.actions.conftest import world
from tests.web.conftest import no_waiting, own_folders, school, visits

__all__ = ["no_waiting", "own_folders", "school", "visits", "world"]
