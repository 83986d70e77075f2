"""Closing a class, which people keep and meetings are planned for."""

from datetime import datetime

from django.db import transaction

from circletime.core.errors import Refused
from circletime.meetings.models import Meeting
from circletime.meetings.rules import OVER
from circletime.people.actions import classes
from circletime.people.models import SchoolClass, User


@transaction.atomic
def close_class(*, school_class: SchoolClass, by: User, now: datetime) -> None:
    """Close a class that no child is in and no meeting is planned for; else raises `Refused`."""
    classes.close_class(school_class=school_class, by=by, now=now)
    left = Meeting.objects.filter(school_class=school_class).exclude(state__in=OVER).count()
    if left:
        what = "A meeting is" if left == 1 else f"{left} meetings are"
        raise Refused("meetings", f"{what} planned for this class. Cancel what is planned first.")
