"""Whoever writes stands in line, in whichever process, and nobody keeps the place (ADR 35)."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from circletime.core.alone import alone, waiting_for
from circletime.core.postgres import base
from circletime.people.models import School
from tests.grown.conftest import Beside
from tests.harness import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def school() -> School:
    return School.objects.create(name="Larkfield Primary School")


@pytest.fixture
def somebody_writes() -> Iterator[threading.Event]:
    """Somebody has begun to write, until the event is set."""
    begun, end = threading.Event(), threading.Event()

    def writes() -> None:
        with transaction.atomic():
            begun.set()
            end.wait(20)

    thread = Beside(writes)
    assert begun.wait(10)
    yield end
    end.set()
    thread.join(10)


def is_free() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s), pg_advisory_unlock(%s)", [base.LINE, base.LINE])
        return bool(cursor.fetchone()[0])


def test_who_writes_waits_for_the_commit_of_who_came_first(somebody_writes: threading.Event) -> None:
    ended: list[float] = []

    def second() -> None:
        with transaction.atomic():
            ended.append(time.monotonic())

    thread = Beside(second)
    time.sleep(0.3)
    assert not ended
    committed = time.monotonic()
    somebody_writes.set()
    thread.join(10)
    assert ended[0] >= committed - 0.05


def test_a_write_outside_a_transaction_waits_as_well(
    school: School, somebody_writes: threading.Event
) -> None:
    def renames() -> None:
        School.objects.filter(pk=school.pk).update(name="Another")

    thread = Beside(renames)
    thread.join(0.3)
    assert thread.is_alive() and School.objects.get().name == school.name
    somebody_writes.set()
    thread.join(10)
    assert thread.answer is None and School.objects.get().name == "Another"


def test_reading_waits_for_nobody(school: School, somebody_writes: threading.Event) -> None:
    thread = Beside(lambda: School.objects.get().name)
    thread.join(5)
    assert thread.answer == school.name


def test_a_transaction_that_fails_gives_its_place_back() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        assert not is_free_elsewhere()
        raise RuntimeError("on purpose")
    assert is_free()


def is_free_elsewhere() -> bool:
    thread = Beside(is_free)
    thread.join(10)
    return bool(thread.answer)


def test_who_waits_too_long_is_told_and_leaves_nothing_behind(
    school: School, somebody_writes: threading.Event
) -> None:
    def waits() -> tuple[bool, bool, str]:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            with transaction.atomic():
                School.objects.update(name="never")
        except OperationalError:
            somebody_writes.set()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
        with transaction.atomic():
            School.objects.update(name="afterwards")
        return connection.get_autocommit(), connection.in_atomic_block, School.objects.get().name

    thread = Beside(waits)
    thread.join(10)
    assert thread.answer == (True, False, "afterwards")
    assert is_free()


def test_a_process_that_is_killed_gives_its_place_back() -> None:
    process = _in_a_process("with transaction.atomic():\n    print('begun', flush=True); time.sleep(60)")
    assert not is_free_elsewhere()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_for(is_free_elsewhere, 5, "the place is free")


def test_each_statement_sees_what_was_committed_before_it(school: School) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone() == ("read committed",)


def test_a_chore_is_done_by_one_and_then_by_the_next() -> None:
    def tries() -> bool:
        with alone("a chore") as mine:
            return mine

    with alone("a chore") as mine, alone("another"):
        assert mine
        thread = Beside(tries)
        thread.join(10)
        assert thread.answer is False
    thread = Beside(tries)
    thread.join(10)
    assert thread.answer is True


def test_a_chore_whose_process_is_killed_goes_to_the_next() -> None:
    process = _in_a_process("with alone('a chore'):\n    print('begun', flush=True); time.sleep(60)")
    waited: list[str] = []

    def next_one() -> None:
        with waiting_for("a chore"):
            waited.append("mine")

    thread = Beside(next_one)
    time.sleep(0.5)
    assert not waited
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    thread.join(10)
    assert waited == ["mine"]


def test_a_chore_that_fails_is_not_kept() -> None:
    with pytest.raises(DatabaseError), alone("a chore"), connection.cursor() as cursor:
        cursor.execute("SELECT no_such_thing")
    with alone("a chore") as mine:
        assert mine
    thread = Beside(lambda: alone("a chore").__enter__())
    thread.join(10)
    assert thread.answer is True


def _in_a_process(code: str) -> subprocess.Popen[str]:
    """Another process at the same database, once it has said that it has begun."""
    begin = (
        "import os, time, django\nfrom django.conf import settings\ndjango.setup()\n"
        f"settings.DATABASES['default']['NAME'] = {connection.settings_dict['NAME']!r}\n"
        "from django.db import connection, transaction\nfrom circletime.core.alone import alone\n"
        f"connection.settings_dict['NAME'] = {connection.settings_dict['NAME']!r}\n"
    )
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", begin + code], stdout=subprocess.PIPE, text=True, env=env
    )
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    return process
