"""Bringing a roster in, step by step: hand a file over, name its columns, do it, leave it, take it back."""

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import User
from circletime.people.roster import undo as undoing
from circletime.people.roster.models import RosterImport, RosterOdd
from circletime.people.roster.reader import keep_mapping
from circletime.people.roster.reading import LARGEST_FILE
from circletime.people.roster.rules import OPEN, WORKING, State, check_import
from circletime.people.roster.staging import forget

LONGEST_NAME = 120
SUFFIXES = (".zip", ".csv", ".txt", ".tsv")


def path_of(made: RosterImport) -> Path:
    """Where the file waits. It has a name of our own, never the one it came with."""
    return Path(settings.VAR) / "roster" / made.public_id


def hand_over(
    *, file: IO[bytes], name: str, size: int, mapping: str, by: User, now: datetime
) -> RosterImport:
    """Take a file; the worker reads it. Raises `Refused` when it is too large, or another is at work."""
    check_import(by.roles)
    tidy = " ".join(name.replace("\\", "/").rsplit("/", 1)[-1].split())[:LONGEST_NAME]
    if size > LARGEST_FILE:
        raise Refused("large", f"This file is larger than {LARGEST_FILE >> 20} MB.", field="file", status=400)
    if not tidy.lower().endswith(SUFFIXES):
        words = "Choose a zip file or a CSV file. A workbook has to be saved as CSV first."
        raise Refused("kind", words, field="file", status=400)
    with transaction.atomic():
        if RosterImport.objects.filter(state__in=WORKING).exists():
            raise Refused("busy", "Another file is being worked on. Wait a moment.", field="file")
        for earlier in RosterImport.objects.filter(state__in=OPEN):
            settle(earlier, State.DROPPED, now)
        made = RosterImport.objects.create(by=by, made_at=now, file_name=tidy, mapping=mapping)
        path = path_of(made)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("wb") as out:
            path.chmod(0o600)
            shutil.copyfileobj(file, out)
        record("people.roster.handed_over", by=by.actor, subject=made.subject, now=now)
    return made


@transaction.atomic
def name_columns(*, of: RosterImport, name: str, columns: Mapping[str, str], by: User, now: datetime) -> None:
    """Say which column is which, remembered under the name of the source; then it is read again."""
    check_import(by.roles)
    fresh = _locked(of, State.MAPPING)
    fresh.mapping = keep_mapping(name=name, columns=columns).name
    fresh.state, fresh.shown = State.READING, {}
    fresh.save()
    record("people.roster.columns_named", by=by.actor, subject=fresh.subject, now=now)


@transaction.atomic
def ask_to_apply(*, of: RosterImport, confirmed: bool, by: User, now: datetime) -> None:
    """Have the worker bring it in as it was shown."""
    check_import(by.roles)
    fresh = _locked(of, State.READY)
    if fresh.shown.get("asks_again") and not confirmed:
        words = "Tick the box if it is right that so many children leave."
        raise Refused("many_leave", words, field="many_leave", status=400)
    fresh.state, fresh.by = State.APPLYING, by
    fresh.save(update_fields=["state", "by"])
    record("people.roster.asked_for", by=by.actor, subject=fresh.subject, now=now)


@transaction.atomic
def drop(*, of: RosterImport, by: User, now: datetime) -> None:
    """Leave it: nothing of it is brought in, and the file goes."""
    check_import(by.roles)
    settle(_locked(of, *OPEN), State.DROPPED, now)
    record("people.roster.dropped", by=by.actor, subject=of.subject, now=now)


def undo(*, of: RosterImport, by: User, now: datetime) -> None:
    """Take the last import back."""
    check_import(by.roles)
    undoing.undo(of=of, by=by.actor, now=now)


def refuse(made: RosterImport, words: str, now: datetime) -> None:
    """It cannot be used, and why."""
    made.said = words
    settle(made, State.REFUSED, now)


@transaction.atomic
def settle(made: RosterImport, state: State, now: datetime) -> None:
    """It is given up, and its file goes, with everything that was read of it."""
    forget(made)
    RosterOdd.objects.filter(roster_import=made).delete()
    made.state, made.settled_at, made.shown = state, now, {}
    made.save()
    transaction.on_commit(lambda: path_of(made).unlink(missing_ok=True))


def _locked(of: RosterImport, *states: State) -> RosterImport:
    fresh = RosterImport.objects.select_for_update(of=("self",)).get(pk=of.pk)
    if fresh.state not in states:
        raise Refused("state", "This was settled meanwhile. Look at the page again.")
    return fresh
