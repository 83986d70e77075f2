"""The log: what is written cannot be changed without being found."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction

from circletime.audit.actions import record
from circletime.audit.queries import verify
from circletime.core import time
from tests.guard import drop_guard, put_guard


@pytest.fixture
def chain(transactional_db: None) -> None:
    for number in range(5):
        with transaction.atomic():
            record("test.thing.done", by="test", subject="thing:1", now=time.now(), number=number)


def tamper(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def guarded(chain: None) -> Iterator[None]:
    put_guard()
    yield
    drop_guard()


def test_a_whole_chain_holds(chain: None) -> None:
    assert verify() == (5, None)


@pytest.mark.parametrize("statement", ["UPDATE audit_row SET kind='x'", "DELETE FROM audit_row"])
def test_the_database_refuses_changes(guarded: None, statement: str) -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("UPDATE audit_row SET data='{\"number\":9}' WHERE number=3", 3),
        ("UPDATE audit_row SET \"by\"='somebody' WHERE number=1", 1),
        ("DELETE FROM audit_row WHERE number=2", 2),
        ("DELETE FROM audit_row WHERE number=5", 5),
        ("UPDATE audit_row SET number=number+100 WHERE number=4", 4),
    ],
)
def test_tampering_is_found_and_named(chain: None, statement: str, first: int) -> None:
    tamper(statement)
    _, broken = verify()
    assert broken is not None and broken[0] == first


def test_a_row_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record("test.thing.done", by="test", subject="thing:1", now=time.now())


def test_forgetting_who_is_an_error() -> None:
    with pytest.raises(TypeError):
        record("test.thing.done", subject="thing:1", now=time.now())  # type: ignore[call-arg]
