"""A school at work, for whoever attacks it."""

from tests.actions.conftest import world
from tests.web.conftest import own_folders, school, visits

__all__ = ["own_folders", "school", "visits", "world"]
