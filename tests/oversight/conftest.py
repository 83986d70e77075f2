"""A school, and browsers at it. Nothing here needs real commits."""

import pytest
from django.test import Client

from tests.people.conftest import visits, world
from tests.web.visits import Visits

__all__ = ["visits", "world"]


@pytest.fixture
def browser(visits: Visits) -> Client:
    """A browser that nobody has signed in with."""
    return visits.browser()
