"""What an account's owner is told of their sign-in, and the way back for who lost what they sign in with."""

from collections.abc import Iterable
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from circletime.notices.actions import enqueue
from circletime.notices.rules import Kind
from circletime.people.actions.sign_in import reset_sign_in
from circletime.people.models import User
from circletime.people.queries import get_school
from circletime.people.second_steps import SORTS

NOT_YOU = "Was it not you? Tell the headteacher at once, and choose a new password."


def tell(*, user: User, changes: Iterable[tuple[str, str]], now: datetime) -> None:
    """Write to somebody what came to their sign-in and what went. Nothing where nothing changed."""
    lines = [
        f"{'Added' if what == 'added' else 'Removed'}: {SORTS[Authenticator.Type(sort)].lower()}."
        for what, sort in changes
    ]
    if lines:
        _write(user, "How you sign in has changed", "\n".join([*lines, "", NOT_YOU]), by=user, now=now)


@transaction.atomic
def reset(*, user: User, by: User | str, now: datetime) -> None:
    """Take away what somebody lost, and tell them. Raises `Refused` as `reset_sign_in` does."""
    reset_sign_in(user=user, by=by, now=now)
    who = by.name if isinstance(by, User) else "Whoever looks after the server"
    words = f"{who} has taken away your passkeys, codes and app, because they were lost.\n\n"
    words += f"Sign in with your password, and set up a new one.\n\n{NOT_YOU}"
    _write(user, "Your passkeys and codes were taken away", words, by=by, now=now)


def _write(user: User, subject: str, words: str, *, by: User | str, now: datetime) -> None:
    text = f"Dear {user.name},\n\n{words}\n\n{get_school().name}"
    enqueue(to=user.email, subject=subject, text=text, kind=Kind.ACCOUNT, about=user.actor, by=by, now=now)
