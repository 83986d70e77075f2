"""How somebody signs in: what changed about it is written down, and what was lost is taken away."""

from collections.abc import Iterable
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.people.models import User
from circletime.people.queries import find_account
from circletime.people.rules import check_reset_sign_in
from circletime.people.second_steps import Kept, list_second_steps


@transaction.atomic
def note_second_steps(*, user: User, before: Iterable[Kept], now: datetime) -> list[tuple[str, str]]:
    """Write down what became of somebody's second steps since `before`, in the transaction that did it.

    Answers what came ("added") and went ("removed"), each with its sort.
    """
    had, has = ({each.pk: each.sort for each in kept} for kept in (before, list_second_steps(user)))
    changes = [("removed", had[pk]) for pk in had.keys() - has.keys()]
    changes += [("added", has[pk]) for pk in has.keys() - had.keys()]
    for what, sort in sorted(changes):
        record(f"people.second_step.{what}", by=user.actor, subject=user.actor, now=now, sort=sort)
    return sorted(changes)


@transaction.atomic
def reset_sign_in(*, user: User, by: User | str, now: datetime) -> None:
    """Somebody lost what they sign in with: their second steps are gone, an account elsewhere is theirs no
    more, and every browser is signed out.

    The password stays, and a second step is set up anew at the next sign-in where one is needed. `by` is a
    person, whose roles are checked, or the name of the program when nobody else is left. Raises `Refused`
    where there is nothing to take away.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    if isinstance(by, User):
        check_reset_sign_in(by.roles, locked.roles, own=by.pk == locked.pk)
    gone = Authenticator.objects.filter(user_id=locked.pk).delete()[0]
    gone += SocialAccount.objects.filter(user_id=locked.pk).delete()[0]
    if not gone:
        raise Refused("none", "This account has no second step, and no account elsewhere.")
    end_sessions(user=locked, now=now)
    actor = by.actor if isinstance(by, User) else by
    record("people.second_step.reset", by=actor, subject=locked.actor, now=now)


@transaction.atomic
def by_school_account(*, provider: str, subject: str, email: str, now: datetime) -> User:
    """Whose account here belongs to `subject` at `provider`, who was found to have this address.

    The address is looked at once: from then on the subject alone says who it is, because an address may be
    given to somebody else. Raises `NotAllowed` where there is no account, none that is switched on, or one
    that belongs to another subject.
    """
    known = SocialAccount.objects.filter(provider=provider, uid=subject).select_related("user").first()
    user = known.user if known is not None else find_account(email)
    if user is None or not user.is_active:
        raise NotAllowed("There is no account here for that address. The school office makes the accounts.")
    if known is None:
        locked = User.objects.select_for_update().get(pk=user.pk)
        if SocialAccount.objects.filter(provider=provider, user=locked).exists():
            raise NotAllowed(
                "Your account here belongs to another account there. Ask a senior leader to take that away."
            )
        SocialAccount.objects.create(provider=provider, uid=subject, user=locked)
        record("people.school_account.linked", by=user.actor, subject=user.actor, now=now, provider=provider)
    return User.objects.get(pk=user.pk)


@transaction.atomic
def note_sign_in(*, user: User, ways: list[str], now: datetime) -> None:
    """Somebody signed in, in these ways: password, totp, recovery_codes, webauthn, or a provider's name."""
    record("people.signed_in", by=user.actor, subject=user.actor, now=now, ways=ways)


@transaction.atomic
def note_link_shown(*, user: User, by: str, now: datetime) -> None:
    """A link to set this account's password was shown on the server's terminal, to whoever sat there."""
    record("people.password.link_shown", by=by, subject=user.actor, now=now)


def end_sessions(*, user: User, now: datetime) -> None:
    """Every browser that this account was signed in with is signed out. The caller writes down why."""
    User.objects.filter(pk=user.pk).update(sessions_from=now)
