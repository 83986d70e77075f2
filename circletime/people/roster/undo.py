"""Taking the last import back, as long as nothing contradicts it."""

from datetime import datetime
from typing import Any

from django.db import router, transaction
from django.db.models import ProtectedError, RestrictedError
from django.db.models.deletion import Collector

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import Adult, Pupil, RoleGrant, SchoolClass
from circletime.people.roster.bulk import by_key
from circletime.people.roster.models import RosterBefore, RosterImport
from circletime.people.roster.writing import UNIQUE, WRITTEN, changed, locked, plain, put, set_aside

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
    for kept in by_key(RosterBefore.objects.filter(roster_import=fresh), 1):
        _make_room(kept[0])
    last = RosterBefore.objects.filter(roster_import=fresh).order_by("pk").last()
    while last is not None:
        _put_back(last)
        last = RosterBefore.objects.filter(roster_import=fresh, pk__lt=last.pk).order_by("pk").last()
    RosterBefore.objects.all().delete()
    fresh.state, fresh.settled_at = "undone", now
    fresh.save(update_fields=["state", "settled_at"])
    record("people.roster.undone", by=by, subject=fresh.subject, now=now)


def _make_room(kept: RosterBefore) -> None:
    """What was changed or made stands as it was written; what no two may have in common is taken from all."""
    if kept.rows[0][2] is None:
        return
    there = locked(kept.model, [pk for pk, _, _ in kept.rows])
    for pk, _, after in kept.rows:
        found = there.get(pk)
        if found is None or any(plain(getattr(found, field)) != value for field, value in after.items()):
            raise Refused("undo", CONTRADICTED.format(what=CALLED[kept.model]))
    if changed(kept) and kept.model in UNIQUE:
        set_aside(kept.model, [pk for pk, before, _ in kept.rows if UNIQUE[kept.model] in before])


def _put_back(kept: RosterBefore) -> None:
    model = WRITTEN[kept.model]
    if changed(kept):
        put(kept.model, [(pk, before) for pk, before, _ in kept.rows])
    elif kept.rows[0][1] is None:
        _delete(model, kept.model, [pk for pk, _, _ in kept.rows])
    else:
        model.objects.bulk_create([model(pk=pk, **before) for pk, before, _ in kept.rows])


def _delete(model: Any, name: str, keys: list[Any]) -> None:
    collector = Collector(using=router.db_for_write(model), origin=model)
    try:
        collector.collect(list(model.objects.filter(pk__in=keys)))
    except (ProtectedError, RestrictedError):
        raise Refused("undo", CONTRADICTED.format(what=CALLED[name])) from None
    touched = {each for each, found in collector.data.items() if found}
    touched |= {found.model for found in collector.fast_deletes if found.exists()}
    if not touched <= {model, *WITH_THEM}:
        raise Refused("undo", CONTRADICTED.format(what=CALLED[name]))
    collector.delete()
