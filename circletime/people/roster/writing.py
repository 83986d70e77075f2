"""Writing rows in bulk, with what stood before kept beside, so that the last import can be undone."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from circletime.people.models import (
    Adult,
    FamilyLink,
    Household,
    Pupil,
    RoleGrant,
    SchoolClass,
    User,
)
from circletime.people.roster.models import RosterBefore, RosterImport, RosterSaid

BATCH = 400

WRITTEN: dict[str, Any] = {
    "class": SchoolClass,
    "staff": User,
    "role": RoleGrant,
    "on staff": SchoolClass.staff.through,
    "household": Household,
    "adult": Adult,
    "pupil": Pupil,
    "adult at": Adult.households.through,
    "pupil at": Pupil.households.through,
    "link": FamilyLink,
    "said": RosterSaid,
}

T = TypeVar("T")
Kept = dict[str, Any] | None


def batches(every: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """So many at a time."""
    found: list[T] = []
    for each in every:
        found.append(each)
        if len(found) == size:
            yield found
            found = []
    if found:
        yield found


class Writer:
    """Every change of one import goes through here."""

    def __init__(self, made_in: RosterImport) -> None:
        self.made_in = made_in
        self.kept: list[tuple[Any, Kept, Kept]] = []
        self.sort = ("", False, False)

    def create(self, name: str, rows: list[Any], *fields: str) -> None:
        """New rows; `fields` must stand unchanged when they are to be taken away again."""
        for some in batches(rows):
            WRITTEN[name].objects.bulk_create(some)
            for row in some:
                self._keep(name, row.pk, None, {field: plain(getattr(row, field)) for field in fields})

    def change(self, name: str, changes: list[tuple[Any, dict[str, Any]]]) -> None:
        """Set fields of rows that are there."""
        fields: set[str] = set()
        changes = [each for each in changes if each[1]]
        for row, values in changes:
            before = {field: plain(getattr(row, field)) for field in values}
            for field, value in values.items():
                setattr(row, field, value)
            self._keep(name, row.pk, before, {field: plain(value) for field, value in values.items()})
            fields |= set(values)
        manager = WRITTEN[name].objects
        for some in batches(changes):
            manager.bulk_update([row for row, _ in some], sorted(fields))

    def delete(self, name: str, rows: list[Any], *fields: str) -> None:
        """Take rows away; `fields` make them again."""
        for some in batches(rows):
            for row in some:
                self._keep(name, row.pk, {field: plain(getattr(row, field)) for field in fields}, None)
            WRITTEN[name].objects.filter(pk__in=[row.pk for row in some]).delete()

    def _keep(self, name: str, pk: Any, before: Kept, after: Kept) -> None:
        sort = (name, before is None, after is None)
        if self.kept and (sort != self.sort or len(self.kept) >= BATCH):
            self.flush()
        self.sort = sort
        self.kept.append((pk, before, after))

    def flush(self) -> None:
        """Nothing is left to keep."""
        if self.kept:
            RosterBefore.objects.create(roster_import=self.made_in, model=self.sort[0], rows=self.kept)
        self.kept = []


def plain(value: Any) -> Any:
    """A value as it is kept: moments as words."""
    return value.isoformat() if isinstance(value, datetime) else value


def set_aside(model: Any, field: str, keys: list[int]) -> None:
    """Give these rows a value no other has, so that two of them may exchange theirs."""
    for some in batches(keys):
        taken = Concat(Value("~"), Cast("pk", CharField()))
        model.objects.filter(pk__in=some).update(**{field: taken})
