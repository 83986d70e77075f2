"""The log: what is written cannot be changed without being found, here and in an export."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

import circletime.audit
from circletime.audit import verify_log
from circletime.audit.actions import forget_words, record, sign_checkpoint
from circletime.audit.models import Checkpoint, Row
from circletime.audit.queries import agrees, check_letter, compare, verify, verify_since
from circletime.audit.rules import Verdict, block, read_block, read_signed
from circletime.audit.verify_log import Broken
from circletime.core import signing, time
from circletime.core.errors import Refused
from circletime.core.keyfiles import KeyTrouble
from tests.audit.conftest import SCHOOL, chain_again, sql, write

SCRIPT = Path(circletime.audit.__path__[0]) / "verify_log.py"


def mailed() -> str:
    """The letter that a governor has."""
    found = Checkpoint.objects.latest("number")
    return f"Dear Dr Mistry,\n\nthis is today's.\n\n{block(found.text, found.signature)}\n\nCircletime\n"


def test_a_whole_chain_holds(chain: None, exported: Callable[[], Path]) -> None:
    assert verify() == (9, None)
    assert verify_since(Checkpoint.objects.get()).holds
    assert compare(read_block(mailed())).holds
    assert verify_log.check_file(str(exported()), letter=mailed()).startswith("9 rows, none changed")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_row SET kind='x'",
        "DELETE FROM audit_row",
        "INSERT OR REPLACE INTO audit_row SELECT number, at, 'x', \"by\", subject, data, previous, digest "
        "FROM audit_row WHERE number = 3",
        "UPDATE audit_checkpoint SET text='x'",
        "DELETE FROM audit_checkpoint",
        "INSERT OR REPLACE INTO audit_checkpoint SELECT id, number, at, 'x', signature FROM audit_checkpoint",
    ],
)
def test_the_database_refuses_changes(guarded: None, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(statement)
    write(1)
    assert verify() == (10, None)


TAMPERING = [
    (["UPDATE audit_row SET data='{\"number\":9}' WHERE number=3"], 3),
    (["UPDATE audit_row SET \"by\"='somebody' WHERE number=1"], 1),
    (["UPDATE audit_row SET at='2020-01-01 00:00:00' WHERE number=8"], 8),
    (["DELETE FROM audit_row WHERE number=2"], 2),
    (["DELETE FROM audit_row WHERE number=9"], 9),
    (["DELETE FROM audit_row WHERE number>6"], 7),
    (["DELETE FROM audit_row"], 1),
    (["UPDATE audit_row SET number=number+100 WHERE number=4"], 4),
    (
        [
            "UPDATE audit_row SET number=99 WHERE number=3",
            "UPDATE audit_row SET number=3 WHERE number=4",
            "UPDATE audit_row SET number=4 WHERE number=99",
        ],
        3,
    ),
    (
        [
            'INSERT INTO audit_row SELECT 10, at, kind, "by", subject, data, digest, digest '
            "FROM audit_row WHERE number=9"
        ],
        10,
    ),
    (["UPDATE audit_row SET kind='test.thing.undone' WHERE number=6"], 6),
    (["UPDATE audit_row SET subject='thing:2' WHERE number=2"], 2),
    (["UPDATE audit_row SET data='{\"number\": 2}' WHERE number=3"], 3),  # a blank, which changes no value
    (["UPDATE audit_row SET previous='00' WHERE number=7"], 7),
    (["UPDATE audit_row SET digest='00' WHERE number=4"], 4),
    (["UPDATE audit_row SET digest='00' WHERE number=9"], 9),
    (["UPDATE audit_row SET digest=UPPER(digest) WHERE number=5"], 5),
    (["DELETE FROM audit_head"], 1),
    (["UPDATE audit_head SET number=12"], 10),
    (["UPDATE audit_head SET number=4"], 5),
    (["UPDATE audit_head SET digest='00'"], 9),
]


@pytest.mark.parametrize(("statements", "first"), TAMPERING)
def test_tampering_is_found_and_named(
    chain: None, exported: Callable[[], Path], statements: list[str], first: int
) -> None:
    for statement in statements:
        sql(statement)
    _, broken = verify()
    assert broken is not None and broken[0] == first
    with pytest.raises(Broken) as found:
        verify_log.check_file(str(exported()))
    assert found.value.row == first


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_checkpoint SET text='{}'",
        "UPDATE audit_checkpoint SET text=REPLACE(text, 'Larkfield', 'Otherfield')",
        "UPDATE audit_checkpoint SET signature=REPLACE(signature, 'a', 'b')",
        "UPDATE audit_checkpoint SET number=4",
        "UPDATE audit_checkpoint SET at='2020-01-01 00:00:00'",
        "INSERT INTO audit_checkpoint (number, at, text, signature) "
        "SELECT 8, at, text, signature FROM audit_checkpoint",
    ],
)
def test_a_checkpoint_that_was_changed_here_is_found(chain: None, statement: str) -> None:
    sql(statement)
    assert verify()[1] is not None


def test_what_was_changed_in_place_is_found_with_any_letter(chain: None) -> None:
    """The row that the letter tells of is as it was, so it takes more than to look at that."""
    letter = read_block(mailed())
    assert check_letter(letter) == Verdict(9)
    sql("UPDATE audit_row SET \"by\"='somebody' WHERE number=2")
    assert compare(letter).holds
    assert check_letter(letter).row == 2
    sql("DELETE FROM audit_checkpoint")
    assert check_letter(letter).row == 2


def test_a_letter_of_another_school_is_told_apart_also_without_checkpoints_here(
    chain: None, keys: Path
) -> None:
    letter = read_block(mailed())
    (keys / "log_key").unlink()
    signing.public_key("log_key", may_make_file=True)
    sql("DELETE FROM audit_checkpoint")
    with pytest.raises(Refused, match="This checkpoint is of Larkfield"):
        check_letter(letter)


REWRITES = [
    "UPDATE audit_row SET data='{\"number\":9}' WHERE number=3",
    "DELETE FROM audit_row WHERE number=2",
    "UPDATE audit_row SET at='2020-01-01 00:00:00' WHERE number=5",
    "DELETE FROM audit_row WHERE number>4",
]


@pytest.mark.parametrize("statement", REWRITES)
def test_who_chains_everything_anew_is_caught_by_the_checkpoint(
    chain: None, exported: Callable[[], Path], statement: str
) -> None:
    letter = mailed()
    sql(statement)
    chain_again()
    assert verify()[1] is not None, "the checkpoint that is kept here"
    assert not verify_since(Checkpoint.objects.get()).holds
    with pytest.raises(Broken):
        verify_log.check_file(str(exported()))
    sql("DELETE FROM audit_checkpoint")
    assert verify()[1] is None, "the database alone does not show it any more"
    assert "none changed" in verify_log.check_file(str(exported()))
    sign_checkpoint(school=SCHOOL, by="test", now=time.now())
    assert not compare(read_block(letter)).holds, "the letter does"
    with pytest.raises(Broken):
        verify_log.check_file(str(exported()), letter=letter)


def test_what_was_rewritten_behind_the_last_checkpoint_is_found_by_the_next_look(chain: None) -> None:
    sql("UPDATE audit_row SET kind='x' WHERE number=7")
    found = verify_since(Checkpoint.objects.get())
    assert found.row == 7 and "row 7 was changed" in found.wrong


def test_a_checkpoint_signed_with_another_key_is_no_checkpoint(
    chain: None, keys: Path, exported: Callable[[], Path]
) -> None:
    letter = mailed()
    (keys / "log_key").unlink()
    with pytest.raises(KeyTrouble):
        verify()
    with pytest.raises(KeyTrouble):
        sign_checkpoint(school=SCHOOL, by="test", now=time.now())
    signing.public_key("log_key", may_make_file=True)
    with pytest.raises(Refused, match="another key"):
        compare(read_block(letter))
    assert verify()[1] == (5, "the checkpoint at row 5 is not signed with this school's key")
    with pytest.raises(Broken, match="another key"):
        verify_log.check_file(str(exported()))


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "hello",
        "-----BEGIN CIRCLETIME CHECKPOINT-----\nAAAA\n-----END CIRCLETIME CHECKPOINT-----",
        "[" * 99,
    ],
)
def test_what_is_no_checkpoint_is_refused_with_a_sentence(chain: None, pasted: str) -> None:
    with pytest.raises(Refused, match="Paste the whole checkpoint"):
        read_block(pasted)
    with pytest.raises(Broken):
        verify_log.read_letter(pasted)


def test_a_checkpoint_that_was_changed_is_refused(chain: None) -> None:
    found = Checkpoint.objects.get()
    for forged in (found.text.replace('"row":5', '"row":4'), found.text.replace("Larkfield", "Otherfield")):
        with pytest.raises(Refused, match="does not fit"):
            compare(read_signed(forged, found.signature))
        with pytest.raises(Broken, match="does not fit"):
            verify_log.read_letter(block(forged, found.signature))


def test_a_letter_may_be_quoted_folded_and_forwarded(chain: None) -> None:
    quoted = "\r\n".join(f"> > {line}" for line in mailed().splitlines())
    assert compare(read_block(quoted)).holds
    assert verify_log.read_letter(quoted)["row"] == 5


def test_an_export_that_breaks_off_or_is_edited_does_not_hold(
    chain: None, exported: Callable[[], Path], tmp_path: Path
) -> None:
    lines = exported().read_text().splitlines(keepends=True)
    for bad in (
        lines[:-1],
        lines[:5] + lines[6:],
        [*lines, lines[-1]],
        lines[1:],
        [lines[0], *lines[2:]],
        [*lines[:4], "rubbish\n", *lines[4:]],
        [*lines[:4], "[]\n", *lines[4:]],
        [],
    ):
        with pytest.raises(Broken):
            verify_log.check_export(bad)
    last = json.loads(lines[-1])
    shorter = [*lines[:-2], json.dumps(last | {"end": 8}) + "\n"]
    with pytest.raises(Broken):
        verify_log.check_export(shorter)


def test_the_script_runs_alone(chain: None, exported: Callable[[], Path], tmp_path: Path) -> None:
    """Isolated, so that it sees nothing of this program, nor of its packages."""
    path, letter = exported(), tmp_path / "letter.txt"
    letter.write_text(mailed())
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(path)]
    fine = subprocess.run(
        [*command, "--checkpoint", str(letter)], capture_output=True, text=True, check=False
    )
    assert (fine.returncode, fine.stderr) == (0, "") and "Signed up to row 5" in fine.stdout
    path.write_text(path.read_text().replace('"number\\":2', '"number\\":7', 1))
    bad = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bad.returncode == 1 and "row 3 was changed" in bad.stdout
    other = subprocess.run([*command, "--key", "00" * 32], capture_output=True, text=True, check=False)
    assert other.returncode == 1
    assert subprocess.run([*command[:-1], "/nowhere"], capture_output=True, check=False).returncode == 2


@settings(max_examples=15, deadline=None)
@given(data=st.binary(max_size=60), flip=st.integers(0, 511))
def test_both_ways_to_check_a_signature_agree(tmp_path_factory, data: bytes, flip: int) -> None:  # type: ignore[no-untyped-def]
    from django.test import override_settings

    with override_settings(KEYS=tmp_path_factory.getbasetemp() / "signing"):
        key = signing.public_key("some_key", may_make_file=True)
        good = signing.sign("some_key", data)
    raw = bytearray(bytes.fromhex(good))
    raw[flip // 8] ^= 1 << flip % 8
    for signature, by, what in ((good, key, data), (raw.hex(), key, data), (good, key, data + b"x")):
        assert verify_log.is_signed(what, signature, by) == signing.is_signed(what, signature, by)
    assert verify_log.is_signed(data, good, key)
    for odd in ("", "zz", good[:-2], good + "00"):
        assert not verify_log.is_signed(data, odd, key)
        assert not verify_log.is_signed(data, good, odd)


def test_the_same_end_is_signed_once(chain: None) -> None:
    first = sign_checkpoint(school=SCHOOL, by="test", now=time.now())
    assert first is not None and first.number == 9
    Row.objects.filter(number=10).delete()  # as if nothing had been written since
    sql(f"UPDATE audit_head SET number=9, digest='{read_signed(first.text, first.signature).digest}'")
    again = sign_checkpoint(school=SCHOOL, by="test", now=time.now())
    assert again is not None and again.pk == first.pk


def test_an_empty_log_has_no_checkpoint(db: None, keys: Path) -> None:
    assert sign_checkpoint(school=SCHOOL, by="test", now=time.now()) is None
    assert verify() == (0, None)


def test_words_are_outside_the_chain_and_erasing_them_keeps_it_whole(chain: None) -> None:
    with transaction.atomic():
        record("test.note.written", by="test", subject="note:1", now=time.now(), words="Amara was sad")
    row = Row.objects.get(number=10)
    assert "Amara" not in row.data and "sad" not in row.data
    assert agrees(10, "Amara was sad") is True
    assert agrees(10, "Amara was glad") is False
    assert forget_words(subject="note:1", by="test", now=time.now()) == 1
    assert agrees(10, "Amara was sad") is None
    assert verify() == (11, None)
    assert forget_words(subject="note:1", by="test", now=time.now()) == 0


def test_a_row_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record("test.thing.done", by="test", subject="thing:1", now=time.now())


def test_forgetting_who_is_an_error() -> None:
    with pytest.raises(TypeError):
        record("test.thing.done", subject="thing:1", now=time.now())  # type: ignore[call-arg]
