"""The recording's own key file: without it no database, vault and school key of any day open it."""

import multiprocessing
import os
import secrets
import shutil

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from circletime.recordings import keys
from circletime.recordings.keys import KeyTrouble


@pytest.fixture
def wrapped() -> tuple[bytes, bytes]:
    """A data key, and the same as the database has it."""
    key = keys.new_key()
    return key, keys.wrap(key, "one", may_make_file=True)


def own(settings):
    return settings.KEYS / "recordings" / "one"


def test_the_own_file_is_private_and_holds_no_data_key(settings, wrapped):
    assert own(settings).stat().st_mode & 0o777 == 0o600
    assert own(settings).parent.stat().st_mode & 0o777 == 0o700
    assert own(settings).read_text() != wrapped[0].hex()
    assert [path.name for path in own(settings).parent.iterdir()] == ["one"]


def test_without_it_nothing_opens(settings, wrapped):
    keys.forget("one")
    assert keys.own_names() == []
    with pytest.raises(KeyTrouble, match="not there: this recording was destroyed"):
        keys.unwrap(wrapped[1], "one")
    keys.forget("one")  # again, after a crash


def test_a_new_file_under_the_same_name_does_not_open_it(wrapped):
    keys.forget("one")
    keys.wrap(keys.new_key(), "one")
    with pytest.raises(KeyTrouble, match="recordings/one is not the one"):
        keys.unwrap(wrapped[1], "one")


@pytest.mark.parametrize("what", ["", "zz", "00", "-" * 64, "é", "0" * 62])
def test_a_damaged_file_is_said(settings, wrapped, what):
    own(settings).write_text(what)
    with pytest.raises(KeyTrouble, match="recordings/one is damaged"):
        keys.unwrap(wrapped[1], "one")


def test_a_file_that_may_not_be_read_is_said(settings, wrapped, monkeypatch):
    own(settings).unlink()
    own(settings).mkdir()  # a test may run as root, whom no mode keeps out
    with pytest.raises(KeyTrouble, match="cannot be read"):
        keys.unwrap(wrapped[1], "one")


def test_each_recording_has_its_own(settings, wrapped):
    other = keys.new_key()
    beside = keys.wrap(other, "two")
    keys.forget("one")
    assert keys.unwrap(beside, "two") == other
    shutil.copy(settings.KEYS / "recordings" / "two", own(settings))
    with pytest.raises(KeyTrouble, match="is not the one"):
        keys.unwrap(wrapped[1], "one")


def test_what_was_wrapped_by_the_schools_key_alone_is_still_read(settings, wrapped):
    school = bytes.fromhex((settings.KEYS / "vault_kek").read_text())
    key, nonce = keys.new_key(), secrets.token_bytes(12)
    head = b"\x01" + keys._mark(school)
    old = head + nonce + AESGCM(school).encrypt(nonce, key, head + b"old")
    assert keys.unwrap(old, "old") == key and "old" not in keys.own_names()
    keys.forget("old")


@pytest.mark.parametrize("cut", [1, 5, 9, 20, 60])
def test_a_cut_off_row_is_said(wrapped, cut):
    with pytest.raises(KeyTrouble, match="damaged in the database"):
        keys.unwrap(wrapped[1][:cut], "one")
    with pytest.raises(KeyTrouble, match="damaged in the database"):
        keys.unwrap(b"\x09" + wrapped[1][1:], "one")


@pytest.mark.parametrize("name", ["../vault_kek", "", "a/b", "x" * 33, "..", "a\n"])
def test_a_name_never_leads_out_of_the_folder(settings, wrapped, name):
    for do in (keys.forget, lambda n: keys.unwrap(wrapped[1], n), lambda n: keys.wrap(wrapped[0], n)):
        with pytest.raises(KeyTrouble, match="name of this recording is damaged"):
            do(name)
    assert (settings.KEYS / "vault_kek").exists()


def _wrap_in_a_process(folder, key, queue):
    from django.conf import settings

    settings.KEYS = folder
    queue.put(keys.wrap(key, "same", may_make_file=True))


def test_processes_that_make_the_same_file_at_once_agree(settings):
    spawn = multiprocessing.get_context("fork")
    queue, key = spawn.SimpleQueue(), keys.new_key()
    makers = [spawn.Process(target=_wrap_in_a_process, args=(settings.KEYS, key, queue)) for _ in range(6)]
    for maker in makers:
        maker.start()
    found = [queue.get() for _ in makers]
    for maker in makers:
        maker.join()
    assert [keys.unwrap(one, "same") for one in found] == [key] * 6
    assert keys.own_names() == ["same"]


def test_what_a_process_left_when_it_was_killed_is_no_key(settings, wrapped):
    (own(settings).parent / ".two.12345678").write_text("")
    assert keys.own_names() == ["one"]


def test_killed_while_it_is_overwritten_it_is_gone_all_the_same(settings, wrapped, monkeypatch):
    def killed(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        keys.forget("one")
    monkeypatch.undo()
    settings.KEYS = own(settings).parent.parent
    with pytest.raises(KeyTrouble, match="is damaged"):
        keys.unwrap(wrapped[1], "one")
    keys.forget("one")
    assert keys.own_names() == []


def test_a_signature_is_of_one_text_and_one_key(settings):
    with pytest.raises(KeyTrouble, match="certificate_key is missing"):
        keys.sign("it is gone")
    signed = keys.sign("it is gone", may_make_file=True)
    ours = keys.public_key()
    assert (settings.KEYS / "certificate_key").stat().st_mode & 0o777 == 0o600
    assert keys.is_signed("it is gone", signed, ours)
    assert not keys.is_signed("it is there", signed, ours)
    assert not keys.is_signed("it is gone", signed[:-2] + "00", ours) or signed.endswith("00")
    for broken in ("", "zz", "é", "00"):
        assert not keys.is_signed("it is gone", broken, ours)
        assert not keys.is_signed("it is gone", signed, broken)
    (settings.KEYS / "certificate_key").unlink()
    keys.sign("x", may_make_file=True)
    assert not keys.is_signed("it is gone", signed, keys.public_key())
