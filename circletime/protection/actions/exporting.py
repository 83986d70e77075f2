"""Handing out what is kept of a person: that it was done stands in the log, not to whom it was given."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.people.models import User
from circletime.protection.queries.export import Export, export_of
from circletime.protection.queries.people import Person, subject_of
from circletime.protection.rules import check_protects


@transaction.atomic
def export_person(*, person: Person, by: User, now: datetime) -> Export:
    """Read everything of one person. The headteacher and the safeguarding lead do."""
    check_protects(by.roles)
    made = export_of(person, now)
    record("protection.person.exported", by=by.actor, subject=subject_of(person), now=now, rows=made.rows)
    return made
