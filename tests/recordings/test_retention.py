"""The day of destruction: the key first, then the files, whatever was killed in between (T9)."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from circletime.audit.queries import list_kinds
from circletime.meetings.rules import State
from circletime.recordings import keys, queries, tasks
from circletime.recordings.actions import retention
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Certificate, Recording
from circletime.recordings.rules import State as Stands
from tests.recordings.school import BEGAN, make_meeting, make_recording

ROOT = Path(__file__).resolve().parents[2]
DAY = BEGAN + timedelta(days=30)


@pytest.fixture
def recording(staff) -> Recording:
    return make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])


def test_it_is_kept_until_its_day_and_gone_on_it(recording):
    tasks.destroy_due(DAY - timedelta(days=1))
    assert queries.vault_verify() == (1, [])
    tasks.destroy_due(DAY)
    recording.refresh_from_db()
    assert bytes(recording.wrapped_key) == b"" and recording.state == Stands.DESTROYED
    assert not recording.films.exists() and recording.destroyed_at == DAY
    assert not queries.folder_of(recording.public_id).exists()
    tasks.destroy_due(DAY + timedelta(days=1))
    assert list_kinds(recording.subject) == [
        "recordings.key.destroyed",
        "recordings.recording.destroyed",
        "recordings.certificate.signed",
    ]
    with pytest.raises(KeyTrouble, match="destroyed"):
        queries.key_of(recording)


def test_the_day_is_the_schools_own(recording):
    """Half past eleven in the evening in London in summer is still the day before in no zone but UTC's."""
    Recording.objects.filter(pk=recording.pk).update(destroy_on="2026-07-02")
    tasks.destroy_due(BEGAN.replace(month=7, day=1, hour=22, minute=59))
    recording.refresh_from_db()
    assert recording.state == Stands.STOPPED
    tasks.destroy_due(BEGAN.replace(month=7, day=1, hour=23, minute=1))
    recording.refresh_from_db()
    assert recording.state == Stands.DESTROYED


def test_killed_between_key_and_files_it_goes_on(recording, monkeypatch):
    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        tasks.destroy_due(DAY)
    monkeypatch.undo()
    recording.refresh_from_db()
    assert bytes(recording.wrapped_key) == b"" and recording.state == Stands.DESTROYING
    # A clock that was set back does not bring it back.
    tasks.destroy_due(BEGAN)
    recording.refresh_from_db()
    assert recording.state == Stands.DESTROYED


@pytest.mark.parametrize(
    "step",
    [
        "circletime.recordings.actions.retention.forget_old_pages",
        "circletime.recordings.keys.forget",
        "pathlib.Path.unlink",
        "circletime.recordings.actions.retention.folder_of",
        "circletime.recordings.actions.certificates.sign",
        "circletime.recordings.keys.sign",
    ],
)
def test_killed_at_any_step_it_ends_at_the_next_run_with_one_certificate(recording, monkeypatch, step):
    really = step.endswith("folder_of")

    def killed(*args: object, **more: object) -> None:
        fresh = Recording.objects.get(pk=recording.pk)
        if really and fresh.state == Stands.STOPPED:
            return queries.folder_of(recording.public_id)  # it is looked at before anything is destroyed
        assert fresh.state != Stands.STOPPED
        raise KeyboardInterrupt

    monkeypatch.setattr(step, killed)
    with pytest.raises(KeyboardInterrupt):
        tasks.destroy_due(DAY)
    monkeypatch.undo()
    recording.refresh_from_db()
    assert bytes(recording.wrapped_key) == b"" and not queries.may_be_seen(recording, BEGAN)
    assert not Certificate.objects.exists()
    assert tasks.destroy_due(DAY).destroyed == 1
    assert Certificate.objects.count() == 1 and keys.own_names() == []
    assert not queries.folder_of(recording.public_id).exists()


def test_two_workers_at_once_end_it_once(transactional_db, staff, recording):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_in_a_thread, [DAY] * 4))
    recording.refresh_from_db()
    assert recording.state == Stands.DESTROYED and Certificate.objects.count() == 1
    assert list_kinds(recording.subject).count("recordings.key.destroyed") == 1
    assert list_kinds(recording.subject).count("recordings.recording.destroyed") == 1


def _in_a_thread(now: datetime) -> None:
    tasks.destroy_due(now)
    connection.close()


def test_files_that_cannot_be_removed_do_not_keep_the_others(staff, recording, monkeypatch):
    other = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
    first = queries.folder_of(recording.public_id)
    really = shutil.rmtree

    def remove(path: Path) -> None:
        if path == first:
            raise PermissionError("no")
        really(path)

    monkeypatch.setattr(shutil, "rmtree", remove)
    tasks.destroy_due(DAY)
    recording.refresh_from_db(), other.refresh_from_db()
    assert (recording.state, other.state) == (Stands.DESTROYING, Stands.DESTROYED)


def test_what_is_being_recorded_is_never_destroyed(recording):
    Recording.objects.filter(pk=recording.pk).update(state=Stands.RECORDING)
    retention.destroy(recording=recording, by="system:worker", now=DAY)
    recording.refresh_from_db()
    assert recording.wrapped_key and recording.state == Stands.RECORDING


def test_the_wrapped_key_is_nowhere_in_the_database_files(tmp_path):
    """Not in a freed page, and not in SQLite's log. In a process of its own, with a database to itself."""
    env = os.environ | {"CIRCLETIME_VAR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", "tests.recordings.plant", "key"]
    told = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert told.stdout.strip() == "(True, False)", told.stdout + told.stderr


def test_a_key_opens_only_its_own_recording(settings):
    key = keys.new_key()
    wrapped = keys.wrap(key, "one", may_make_file=True)
    assert keys.unwrap(wrapped, "one") == key
    assert (settings.KEYS / "vault_kek").stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyTrouble, match="not there"):
        keys.unwrap(wrapped, "two")
    shutil.copy(settings.KEYS / "recordings" / "one", settings.KEYS / "recordings" / "two")
    with pytest.raises(KeyTrouble, match="damaged in the database"):
        keys.unwrap(wrapped, "two")
    with pytest.raises(KeyTrouble, match="damaged in the database"):
        keys.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), "one")


def test_a_missing_key_file_is_not_made_again_behind_ones_back(settings):
    with pytest.raises(KeyTrouble, match="missing"):
        keys.wrap(keys.new_key(), "one")
    keys.wrap(keys.new_key(), "one", may_make_file=True)
    (settings.KEYS / "vault_kek").write_text("zz")
    with pytest.raises(KeyTrouble, match="is damaged"):
        keys.wrap(keys.new_key(), "one", may_make_file=True)
