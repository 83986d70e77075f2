"""Letters to colleagues about what is watched over: one each, to whoever has an address."""

from collections.abc import Iterable
from datetime import datetime

from circletime.core.addresses import is_address
from circletime.notices.actions import enqueue
from circletime.notices.rules import Kind
from circletime.people.models import User


def write_to(
    whom: Iterable[User], *, subject: str, text: str, kind: Kind, about: str, by: User | str, now: datetime
) -> None:
    """Put this letter into the outbox for each of them. Whoever has no address is left out."""
    for user in whom:
        if is_address(user.email):
            enqueue(to=user.email, subject=subject, text=text, kind=kind, about=about, by=by, now=now)
