"""Writing rows in bulk, with what stood before kept beside, so that the last import can be undone."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils.dateparse import parse_datetime

from circletime.people.models import (
    Adult,
    FamilyLink,
    Household,
    Pupil,
    RoleGrant,
    SchoolClass,
    User,
)
from circletime.people.roster.bulk import BATCH, batches, by_key, overwrite
from circletime.people.roster.models import RosterBefore, RosterImport, RosterSaid

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

UNIQUE = {"class": "name", "pupil": "mark", "staff": "email"}
"""What no two rows of a sort may have in common: for names and marks while they are open, or here."""

Kept = dict[str, Any] | None
Kepts = list[tuple[Any, Kept, Kept]]
Changes = list[tuple[Any, dict[str, Any]]]


class Writer:
    """Every change of one import goes through here, some hundred rows at a time."""

    def __init__(self, made_in: RosterImport) -> None:
        self.made_in = made_in
        self.kept: Kepts = []
        self.sort = ("", False, False)

    def create(self, name: str, rows: list[Any], *fields: str) -> None:
        """New rows; `fields` must stand unchanged when they are to be taken away again."""
        for some in batches(rows):
            WRITTEN[name].objects.bulk_create(some)
            for row in some:
                self._keep(name, row.pk, None, {field: plain(getattr(row, field)) for field in fields})

    def change(self, name: str, changes: Changes) -> None:
        """Set fields of rows that are there, and locked."""
        changes = self._keep_changes(name, changes)
        for some in batches(changes):
            for row, values in some:
                _set(row, values)
            overwrite(WRITTEN[name], [row for row, _ in some], _fields(values for _, values in some))

    def prepare(self, name: str, changes: Changes) -> None:
        """Keep what is to be changed, and make room: what no two may have in common is taken from all of them
        before any gets another's. `carry_out` does the rest."""
        changes = self._keep_changes(name, changes)
        set_aside(name, [row.pk for row, values in changes if UNIQUE[name] in values])

    def carry_out(self, name: str) -> None:
        """Set what was prepared."""
        self.flush()
        for kept in by_key(RosterBefore.objects.filter(roster_import=self.made_in, model=name), 1):
            if changed(kept[0]):
                put(name, [(pk, after) for pk, _, after in kept[0].rows])

    def delete(self, name: str, rows: list[Any], *fields: str) -> None:
        """Take rows away; `fields` make them again."""
        for some in batches(rows):
            for row in some:
                self._keep(name, row.pk, {field: plain(getattr(row, field)) for field in fields}, None)
            WRITTEN[name].objects.filter(pk__in=[row.pk for row in some]).delete()

    def _keep_changes(self, name: str, changes: Changes) -> Changes:
        changes = [each for each in changes if each[1]]
        for row, values in changes:
            before = {field: plain(getattr(row, field)) for field in values}
            self._keep(name, row.pk, before, {field: plain(value) for field, value in values.items()})
        return changes

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


def changed(kept: RosterBefore) -> bool:
    """Whether these rows were there before and after; rows that are kept together are of one sort."""
    _, before, after = kept.rows[0]
    return before is not None and after is not None


def put(name: str, rows: list[tuple[Any, dict[str, Any]]]) -> None:
    """Set fields, kept as words, of rows that are there."""
    there = locked(name, [pk for pk, _ in rows])
    for pk, values in rows:
        _set(there[pk], {field: _value(field, value) for field, value in values.items()})
    overwrite(WRITTEN[name], [there[pk] for pk, _ in rows], _fields(values for _, values in rows))


def locked(name: str, keys: list[Any]) -> dict[Any, Any]:
    """These rows by their keys, kept from everybody else until the import is written."""
    found: dict[Any, Any] = WRITTEN[name].objects.select_for_update(of=("self",)).in_bulk(keys)
    return found


def plain(value: Any) -> Any:
    """A value as it is kept: moments as words."""
    return value.isoformat() if isinstance(value, datetime) else value


def _value(field: str, value: Any) -> Any:
    return parse_datetime(value) if value and field.endswith("_at") else value


def _set(row: Any, values: dict[str, Any]) -> None:
    for field, value in values.items():
        setattr(row, field, value)


def _fields(every: Iterable[dict[str, Any]]) -> list[str]:
    return sorted({field for values in every for field in values})


def set_aside(name: str, keys: list[Any]) -> None:
    """Give these rows a value no other has, so that two of them may exchange theirs."""
    taken = Concat(Value("~"), Cast("pk", CharField()))
    for some in batches(keys):
        WRITTEN[name].objects.filter(pk__in=some).update(**{UNIQUE[name]: taken})
