"""Asking the database outside of a request, where nobody else sees to a connection that broke."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections

P = ParamSpec("P")
R = TypeVar("R")


def again(work: Callable[P, R]) -> Callable[P, R]:
    """The same, done once more on a new connection where the one it had broke.

    Only for what may be done twice: that a commit was heard is not known of a connection that broke.
    """

    @wraps(work)
    def done(*args: P.args, **more: P.kwargs) -> R:
        try:
            return work(*args, **more)
        except (OperationalError, InterfaceError):
            connections.close_all()
            return work(*args, **more)

    return done
