"""Whether the clock is trusted enough to destroy anything."""

from datetime import datetime

from django.utils import timezone

from circletime.audit.queries import latest_after
from circletime.recordings.models import Vigil
from circletime.recordings.rules import (
    CLOCK_WORDS,
)
from circletime.recordings.rules import clock_trouble as trouble_with


def clock_trouble(now: datetime) -> str:
    """Why nothing is destroyed at this moment: `behind`, `ahead`, or empty when the clock is trusted."""
    row = Vigil.objects.filter(pk=1).first()
    return trouble_with(now, row.at if row else None, latest_after(row.row if row else 0))


def clock_sentence(now: datetime) -> str:
    """What a person has to do so that destruction goes on; empty when nothing."""
    trouble = clock_trouble(now)
    if not trouble:
        return ""
    today = f"{timezone.localtime(now):%-d %B %Y}"
    return (
        f"Nothing is destroyed: {CLOCK_WORDS[trouble]}. Today is {today} here. If that is right, "
        "run circletime retention run --clock-is-right. If not, set the clock right first."
    )
