"""Reading a roster out of a file, and what bringing it in would do."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from circletime.people.roster import mapped, oneroster, plan
from circletime.people.roster.incoming import Incoming
from circletime.people.roster.models import RosterMapping
from circletime.people.roster.odd import Oddities
from circletime.people.roster.reading import File, list_files, refused
from circletime.people.roster.tables import head_of, recognise

STANDARD = "the school's own system"
"""The source of every export in a standard's form: a school has one such system."""


class NeedsMapping(Exception):
    """A CSV file whose columns nobody named yet."""

    def __init__(self, head: list[str], guessed: dict[str, str]) -> None:
        super().__init__("Say which column is which.")
        self.head, self.guessed = head, guessed


def read_roster(path: Path, now: datetime, mapping: str = "", name: str = "") -> Incoming:
    """What is in `path`. Raises `Refused`, or `NeedsMapping` for a CSV file that is in no known form."""
    files = list_files(path, name)
    if mapping:
        named = RosterMapping.objects.filter(name=mapping).first()
        if named is None:
            raise refused("There is no mapping of this name. Make one on the roster page.")
        return mapped.read(_only(files), named.columns, f"mapping: {mapping}")
    odd = Oddities()
    if len(files) == 1:
        return _one_file(files[0])
    tables = recognise(files, odd)
    return oneroster.read(tables, STANDARD, timezone.localtime(now).date())


def plan_roster(path: Path, now: datetime, mapping: str = "", name: str = "") -> plan.Plan:
    """What bringing in `path` would do. Nothing is written."""
    return plan.make(read_roster(path, now, mapping, name))


def _one_file(file: File) -> Incoming:
    _, head = head_of(file, Oddities())
    if not head:
        raise refused(f"{file.name} is empty.")
    columns = mapped.guess(head)
    if mapped.missing(columns):
        raise NeedsMapping(head, columns)
    return mapped.read(file, columns, "one CSV file")


def _only(files: list[File]) -> File:
    if len(files) != 1:
        raise refused("A mapping is for one CSV file. There are several here.")
    return files[0]


def keep_mapping(*, name: str, columns: Mapping[str, str]) -> RosterMapping:
    """Remember which column of a source is which. Raises `Refused` where something needed is missing."""
    tidy = " ".join(name.split())[:60]
    chosen = {w.name: columns[w.name] for w in mapped.WANTED if columns.get(w.name)}
    lost = mapped.missing(chosen)
    if not tidy:
        raise refused("Give the source a name, as: office list.")
    if lost:
        raise refused(f"Choose a column for: {', '.join(lost)}.")
    return RosterMapping.objects.update_or_create(name=tidy, defaults={"columns": chosen})[0]
