"""A world, and browsers of the people in it, as the pages' own tests have them."""

from tests.web.conftest import own_folders, school, visits, world

__all__ = ["own_folders", "school", "visits", "world"]
