"""Checkpoints: signed once a day, mailed to governors, never over a log that does not hold."""

from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from circletime.audit.models import Checkpoint
from circletime.audit.queries import compare, head, list_kinds, verify
from circletime.audit.rules import read_block
from circletime.notices.models import Letter
from circletime.oversight.actions.checkpoints import watch_log
from circletime.pages import cli
from circletime.people.models import School, User
from tests.audit.conftest import SCHOOL, sql, write

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def governors(db: None, keys: Path) -> list[User]:
    """Two governors, one who left, a headteacher and a safeguarding lead."""
    School.objects.create(pk=1, name=SCHOOL)
    made = []
    for who in ("governor", "governor", "governor", "headteacher", "dsl", "teacher"):
        user = User.objects.create_user(f"{who}{len(made)}@larkfield.example", "x", name=f"Dr {who}")
        user.rolegrant_set.create(role=who)
        made.append(user)
    User.objects.filter(pk=made[2].pk).update(is_active=False)
    write(3)
    return made[:2]


def test_every_day_each_governor_gets_one_and_it_fits(governors: list[User]) -> None:
    for hours in (0, 1, 24, 25):
        watch_log(now=NOON + timedelta(hours=hours))
    letters = Letter.objects.order_by("pk")
    assert [letter.to for letter in letters] == [user.email for user in governors] * 2
    assert Checkpoint.objects.count() == 2
    for letter in letters:
        assert compare(read_block(letter.text)).holds
    assert verify()[1] is None


def test_a_log_that_does_not_hold_is_not_signed_and_leaders_hear_of_it_once_a_day(
    governors: list[User],
) -> None:
    watch_log(now=NOON)
    write(2)
    sql("UPDATE audit_row SET kind='x' WHERE number=5")
    Letter.objects.all().delete()
    for hours in (24, 25, 48):
        watch_log(now=NOON + timedelta(hours=hours))
    told = Letter.objects.filter(subject="Circletime's log does not hold")
    assert told.count() == Letter.objects.count() == 8, "two governors, the head and the lead, on two days"
    assert "row 5 was changed" in told.earliest("pk").text
    assert Checkpoint.objects.count() == 1
    assert list_kinds("log").count("audit.log.broken") == 2


def test_without_its_key_nothing_is_signed_and_nothing_is_mailed(governors: list[User], keys: Path) -> None:
    watch_log(now=NOON)
    (keys / "log_key").unlink()
    there = head()
    watch_log(now=NOON + timedelta(days=1))
    assert head() == there and Letter.objects.count() == 2


def test_a_clock_that_ran_ahead_does_not_end_the_checkpoints(governors: list[User]) -> None:
    watch_log(now=NOON + timedelta(days=400))
    watch_log(now=NOON)
    assert Checkpoint.objects.count() == 2


class TestCommand:
    """`circletime audit verify [EXPORT]`: the status is 0 only when it holds."""

    def verify(self, export: Path | None = None, letter: Path | None = None) -> int:
        return cli.audit_verify(Namespace(export=export, checkpoint=letter))

    def test_a_whole_log(self, governors, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
        watch_log(now=NOON)
        letter = tmp_path / "letter.txt"
        letter.write_text(Letter.objects.earliest("pk").text)
        path = tmp_path / "log.jsonl.gz"
        assert cli.audit_export(Namespace(file=str(path))) == 0
        assert [self.verify(), self.verify(path), self.verify(None, letter), self.verify(path, letter)] == [
            0
        ] * 4
        assert "6 rows, none changed, dropped or reordered." in capsys.readouterr().out
        path.write_bytes(path.read_bytes()[:-40])
        assert self.verify(path) == 1

    def test_a_break_names_the_first_bad_row(self, chain, exported: Callable[[], Path], capsys) -> None:  # type: ignore[no-untyped-def]
        sql("UPDATE audit_row SET kind='x' WHERE number IN (7, 8)")
        assert self.verify() == 1
        assert self.verify(exported()) == 1
        assert capsys.readouterr().out.count("row 7 was changed") == 2

    def test_the_last_rows_dropped_and_the_head_put_right(self, governors, tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
        watch_log(now=NOON)
        letter = tmp_path / "letter.txt"
        letter.write_text(Letter.objects.earliest("pk").text)
        sql("DELETE FROM audit_row WHERE number > 2")
        sql("DELETE FROM audit_checkpoint")
        sql("UPDATE audit_head SET number = 2, digest = (SELECT digest FROM audit_row WHERE number = 2)")
        assert self.verify() == 0, "the database alone does not show it"
        assert self.verify(None, letter) == 1
        assert "the log now ends at row 2" in capsys.readouterr().out

    def test_what_is_no_export_or_no_letter(self, chain, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        odd = tmp_path / "odd"
        odd.write_bytes(b"\x00\xff" * 9)
        assert self.verify(odd) == 1
        assert self.verify(None, odd) == 2
        assert self.verify(tmp_path / "nowhere") == 2
        odd.write_text("Dear governor")
        assert self.verify(None, odd) == 1
