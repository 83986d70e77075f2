"""How senior leaders sign in, who see recordings."""

from datetime import datetime

from django.conf import settings
from django.db import DatabaseError

from circletime.health.rules.finding import Finding, Subject, well, wrong
from circletime.people.second_steps import count_without


def second_step(now: datetime) -> Finding:
    """Whether a password alone would be enough."""
    demo = settings.DEMO or (settings.VAR / "demo.json").exists()
    if settings.SECOND_STEP == "offered":
        if demo:
            return well(
                Subject.SIGN_IN, "A password alone is enough here for senior leaders: this is a demo."
            )
        says = "A password alone is enough for senior leaders, who see recordings."
        return wrong(Subject.SIGN_IN, says, "Leave CIRCLETIME_SECOND_STEP out.")
    try:
        need, without = count_without()
    except DatabaseError:
        return well(Subject.SIGN_IN, "Senior leaders will sign in in two steps.")
    says = (
        f"Senior leaders sign in in two steps. Of {need}, {without} will set theirs up at the next sign-in."
    )
    if demo:
        says += " The demo, whose people are invented, only offers it."
    return well(Subject.SIGN_IN, says)
