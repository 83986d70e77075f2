"""Questions about how Circletime itself stands."""

from django.conf import settings

from circletime.core.addresses import is_address
from circletime.health.models import Standing
from circletime.health.rules.finding import Subject
from circletime.people.models import User
from circletime.people.queries import list_active_with
from circletime.people.rules import Role


def whom_to_tell() -> tuple[list[User], list[str]]:
    """Who is written to: colleagues who hold one of the roles in the settings, and addresses beside them."""
    roles = {Role(one) for one in settings.ALARMS_TO if "@" not in one}
    people = [user for user in list_active_with(roles) if is_address(user.email)] if roles else []
    theirs = {user.email.lower() for user in people}
    beside = [one for one in settings.ALARMS_TO if "@" in one and one.lower() not in theirs]
    return people, list(dict.fromkeys(beside))


def list_standings() -> dict[Subject, Standing]:
    """What was found when each subject was last looked at."""
    return {Subject(one.subject): one for one in Standing.objects.all()}


def count_wrong() -> int:
    """How many things somebody has to see to."""
    return Standing.objects.filter(fine=False).count()
