"""Taking the last import back, as long as nothing contradicts it."""

from datetime import datetime
from typing import Any

from django.db import router, transaction
from django.db.models import ProtectedError, RestrictedError
from django.db.models.deletion import Collector
from django.utils.dateparse import parse_datetime

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import Adult, Pupil, RoleGrant, SchoolClass
from circletime.people.roster.models import RosterBefore, RosterImport
from circletime.people.roster.writing import WRITTEN, plain, set_aside

WITH_THEM = (Pupil.households.through, Adult.households.through, SchoolClass.staff.through, RoleGrant)
"""What an import makes beside the people, and may go with them."""
CALLED = {
    "class": "a class", "staff": "a member of staff", "role": "a role", "on staff": "who teaches a class",
    "household": "a household", "adult": "an adult", "pupil": "a child", "adult at": "who is in a household",
    "pupil at": "who is in a household", "link": "a family's link", "said": "a later import",
}  # fmt: skip
CONTRADICTED = (
    "Something this import wrote was changed or used since: {what}. So it cannot be taken back. "
    "Bring in a corrected file instead."
)


@transaction.atomic
def undo(*, of: RosterImport, by: str, now: datetime) -> None:
    """Everything is as it was before the import. Raises `Refused` where somebody worked on it since."""
    fresh = RosterImport.objects.select_for_update(of=("self",)).get(pk=of.pk)
    if fresh.state != "applied":
        raise Refused("undo", "Only the last import can be taken back.")
    for some in RosterBefore.objects.filter(roster_import=fresh).order_by("-pk"):
        _put_back(WRITTEN[some.model], some.model, some.rows)
    RosterBefore.objects.all().delete()
    fresh.state, fresh.settled_at = "undone", now
    fresh.save(update_fields=["state", "settled_at"])
    record("people.roster.undone", by=by, subject=fresh.subject, now=now)


def _put_back(model: Any, name: str, rows: list[tuple[Any, dict[str, Any], dict[str, Any]]]) -> None:
    """Rows of one sort: all of them made, or changed, or taken away."""
    if rows[0][2] is None:
        model.objects.bulk_create([model(pk=pk, **before) for pk, before, _ in rows])
        return
    there = model.objects.in_bulk([pk for pk, _, _ in rows])
    for pk, _, after in rows:
        found = there.get(pk)
        if found is None or any(plain(getattr(found, field)) != value for field, value in after.items()):
            raise Refused("undo", CONTRADICTED.format(what=CALLED[name]))
    if rows[0][1] is None:
        _delete(model, name, list(there.values()))
        return
    fields = sorted({field for _, before, _ in rows for field in before})
    for pk, before, _ in rows:
        for field, value in before.items():
            setattr(there[pk], field, _value(field, value))
    unique = {"class": "name", "pupil": "mark", "staff": "email"}.get(name, "")
    if unique in fields:
        set_aside(model, unique, list(there))
    model.objects.bulk_update(list(there.values()), fields)


def _delete(model: Any, name: str, rows: list[Any]) -> None:
    collector = Collector(using=router.db_for_write(model), origin=model)
    try:
        collector.collect(rows)
    except (ProtectedError, RestrictedError):
        raise Refused("undo", CONTRADICTED.format(what=CALLED[name])) from None
    touched = {each for each, found in collector.data.items() if found}
    touched |= {found.model for found in collector.fast_deletes if found.exists()}
    if not touched <= {model, *WITH_THEM}:
        raise Refused("undo", CONTRADICTED.format(what=CALLED[name]))
    collector.delete()


def _value(field: str, value: Any) -> Any:
    return parse_datetime(value) if value and field.endswith("_at") else value
