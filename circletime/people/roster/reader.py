"""Reading a roster out of a file into the rows of its import, with what bringing it in would do."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from circletime.people.roster import mapped, oneroster, plan
from circletime.people.roster.models import RosterImport, RosterMapping
from circletime.people.roster.reading import File, list_files, refused
from circletime.people.roster.staging import Stage
from circletime.people.roster.tables import head_of, recognise

STANDARD = "the school's own system"
"""The source of every export in a standard's form: a school has one such system."""


class NeedsMapping(Exception):
    """A CSV file whose columns nobody named yet."""

    def __init__(self, head: list[str], guessed: dict[str, str]) -> None:
        super().__init__("Say which column is which.")
        self.head, self.guessed = head, guessed


def plan_roster(made: RosterImport, path: Path, now: datetime, name: str = "") -> Stage:
    """Read `path`, which came as `name`, and plan what bringing it in would do; the school is not changed.

    What was read of this import before is thrown away. Raises `Refused`, or `NeedsMapping` for a CSV file
    that is in no known form.
    """
    stage = Stage(made)
    _read(stage, path, now, name)
    plan.make(stage)
    return stage


def _read(stage: Stage, path: Path, now: datetime, name: str) -> None:
    files = list_files(path, name)
    if stage.made.mapping:
        named = RosterMapping.objects.filter(name=stage.made.mapping).first()
        if named is None:
            raise refused("There is no mapping of this name. Make one on the roster page.")
        stage.source = f"mapping: {named.name}"
        mapped.read(_only(files), named.columns, stage)
    elif len(files) == 1:
        stage.source = "one CSV file"
        _read_one(files[0], stage)
    else:
        stage.source = STANDARD
        oneroster.read(recognise(files, stage.odd), stage, timezone.localtime(now).date())


def _read_one(file: File, stage: Stage) -> None:
    _, head = head_of(file, None)
    if not head:
        raise refused(f"{file.name} is empty.")
    columns = mapped.guess(head)
    if mapped.missing(columns):
        raise NeedsMapping(head, columns)
    mapped.read(file, columns, stage)


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
