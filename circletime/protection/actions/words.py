"""The school's own words in its record of processing."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import User
from circletime.protection.models import SchoolWords
from circletime.protection.points import POINTS
from circletime.protection.rules import check_protects

LONGEST = 2000
"""In characters."""


@transaction.atomic
def write_words(*, point: str, text: str, by: User, now: datetime) -> SchoolWords:
    """What the school says to one open point. What it said before is kept as well."""
    check_protects(by.roles)
    if point not in {each.key for each in POINTS}:
        raise Refused("point", "Choose which point.", status=400)
    tidy = text.replace("\r\n", "\n").strip()
    if len(tidy) > LONGEST:
        raise Refused("text", f"Say it in at most {LONGEST} characters.", field="text", status=400)
    made = SchoolWords.objects.create(point=point, text=tidy, by=by, at=now)
    record("protection.words.written", by=by.actor, subject=f"point:{point}", now=now, length=len(tidy))
    return made
