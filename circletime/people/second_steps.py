"""Questions about the second step of signing in. What is kept of it is allauth's."""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import QuerySet

from circletime.people.models import RoleGrant, User
from circletime.people.rules import SECOND_STEP_ROLES

SORTS = {
    Authenticator.Type.WEBAUTHN: "Passkey",
    Authenticator.Type.TOTP: "App that shows codes",
    Authenticator.Type.RECOVERY_CODES: "Codes on paper",
}
"""What people are told they have."""


@dataclass(frozen=True)
class Kept:
    """One second step of somebody's: a passkey has the name that its owner gave it."""

    pk: int
    sort: str
    name: str
    made_at: datetime
    used_at: datetime | None
    left: int = 0
    """Of codes on paper, how many were not used yet."""

    @property
    def words(self) -> str:
        return SORTS[Authenticator.Type(self.sort)]


def has_second_step(user: User) -> bool:
    """Whether somebody has one. Codes on paper are none by themselves: they stand in for one."""
    return _of(user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def list_second_steps(user: User) -> list[Kept]:
    """Everything somebody has, the oldest first."""
    return [
        Kept(each.pk, each.type, str(each), each.created_at, each.last_used_at, _left(each))
        for each in _of(user).order_by("created_at", "pk")
    ]


def list_school_accounts(user: User) -> list[str]:
    """Where somebody has an account that signs them in here, as it is called in the settings."""
    found = SocialAccount.objects.filter(user_id=user.pk).order_by("provider")
    return list(found.values_list("provider", flat=True))


def count_without() -> tuple[int, int]:
    """How many need a second step, and how many of them have none yet."""
    need = set(
        RoleGrant.objects.filter(role__in=SECOND_STEP_ROLES, user__is_active=True).values_list(
            "user_id", flat=True
        )
    )
    steps = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)
    have = set(steps.filter(user_id__in=need).values_list("user_id", flat=True))
    return len(need), len(need - have)


def _left(each: Authenticator) -> int:
    if each.type != Authenticator.Type.RECOVERY_CODES:
        return 0
    return int(app_settings.RECOVERY_CODE_COUNT - int(each.data["used_mask"]).bit_count())


def _of(user: User) -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user_id=user.pk)
