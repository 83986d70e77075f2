"""Browsers by the hundred: they share what each would otherwise load anew."""

from typing import Any

from django.test import Client
from django.test.client import ClientHandler

from tests.web.visits import HOME, Visits

HANDLER = ClientHandler(enforce_csrf_checks=False)
"""A form of another site is another test's matter: here everybody gets past that."""


def light(client: Client) -> Client:
    """The same browser, through the one handler."""
    client.handler = HANDLER
    return client


class Crowd(Visits):
    """Browsers in a world, of which there may be many."""

    def browser(self, address: str = HOME, **options: Any) -> Client:
        return light(super().browser(address, **options))
