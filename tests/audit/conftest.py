"""A short log, and what somebody who has the database in their hands does to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction

from circletime.audit import queries
from circletime.audit.actions import record, sign_checkpoint
from circletime.audit.rules import GENESIS, digest
from circletime.core import time
from tests.guard import drop_guard, put_guard

SCHOOL = "Larkfield Primary School"


def write(count: int) -> None:
    """So many rows more."""
    for number in range(count):
        with transaction.atomic():
            record("test.thing.done", by="test", subject="thing:1", now=time.now(), number=number)


@pytest.fixture
def keys(settings, tmp_path: Path) -> Path:  # type: ignore[no-untyped-def]
    """The school's key files, made anew."""
    settings.KEYS = tmp_path / "keys"
    return tmp_path / "keys"


@pytest.fixture
def chain(db: None, keys: Path) -> None:
    """Five rows, a checkpoint at the fifth, the row that tells of it, and three more: nine."""
    write(5)
    sign_checkpoint(school=SCHOOL, by="test", now=time.now())
    write(3)


@pytest.fixture
def guarded(chain: None) -> Iterator[None]:
    put_guard()
    yield
    drop_guard()


def sql(statement: str) -> None:
    """What a database program would be told."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def chain_again() -> None:
    """All rows hashed anew from the first, and the head put right: a rewrite by somebody who knows how."""
    previous, number = GENESIS, 0
    for row in list(queries.entries()):
        number += 1
        own = digest(number, row.at, row.kind, row.by, row.subject, row.data, previous)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE audit_row SET number = %s, previous = %s, digest = %s WHERE number = %s",
                [number, previous, own, row.number],
            )
        previous = own
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_head SET number = %s, digest = %s", [number, previous])


@pytest.fixture
def exported(tmp_path: Path) -> Callable[[], Path]:
    """The log as it is now, as a file."""

    def write_it() -> Path:
        path = tmp_path / "log.jsonl"
        path.write_text("".join(queries.export(school=SCHOOL, at=time.now())))
        return path

    return write_it
