"""A disk that is nearly full: said in time, a meeting that could not be recorded to its end does not start.

And a disk that is full at any step of moving and destroying: nothing is lost, nothing is shown. The disks are
real small ones (tmpfs), which only root may make.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from circletime.core.errors import Refused
from circletime.health.checks import machine
from circletime.meetings.models import Meeting
from circletime.meetings.rules import State
from circletime.recordings import keys, queries, room, store, tasks
from circletime.recordings.actions import prepare
from circletime.recordings.models import Certificate, Recording
from circletime.recordings.rules import State as Stands
from circletime.recordings.store import StoreTrouble
from tests.recordings import test_capture
from tests.recordings.s3 import serving, storages
from tests.recordings.school import BEGAN, days_pass, make_meeting, make_recording
from tests.recordings.test_capture import BY, end, go_live
from tests.recordings.test_killed_worker import GONE, run
from tests.recordings.test_retention import ROOT
from tests.recordings.test_store import put_film
from tests.signing import sign_in

recorder, rooms = test_capture.recorder, test_capture.rooms
DAY = BEGAN + timedelta(days=30)
GB = 1024**3


class Disk:
    """A small disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, size: int) -> None:
        """It is filled, or emptied, from elsewhere."""
        options = f"remount,size={size}"
        subprocess.run(["mount", "-o", options, str(self.folder)], check=True, capture_output=True)

    def fill(self, *, but: int = 0) -> None:
        """Not one byte is left, or so many."""
        with (self.folder / "junk").open("wb", buffering=0) as junk:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while junk.write(b"x" * size):
                        pass
                except OSError:
                    continue
            junk.truncate(junk.tell() - but)

    def empty(self) -> None:
        (self.folder / "junk").unlink()


@contextmanager
def mounted(folder: Path, size: int) -> Iterator[Disk]:
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small disk can only be made by root, with mount")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path, settings) -> Iterator[Disk]:
    with mounted(tmp_path / "disk", 6 * GB) as one:
        settings.VAULT = one.folder / "vault"
        settings.VAULT.mkdir()
        yield one


ONE = room.SPARE + room.needed(20 * 60)
"""Bytes that must be free for one meeting of twenty minutes."""


def start(meeting: Meeting) -> None:
    prepare(meeting=meeting, by=BY, now=BEGAN)


def test_the_rates_are_what_the_room_client_may_send():
    source = (ROOT / "room/src/session.ts").read_text()
    said = [int(rate.replace("_", "")) for rate in re.findall(r"maxBitrate: ([\d_]+)", source)]
    small = int(re.findall(r"VideoPreset\(320, 180, ([\d_]+)", source)[0].replace("_", ""))
    assert sorted(said) == sorted([room.CAMERA, room.MICROPHONE, room.SCREEN]) and small < room.CAMERA


def test_a_meeting_that_does_not_fit_does_not_start(staff, disk, recorder, rooms):
    meeting = make_meeting(staff)
    disk.resize(ONE - 4096)
    with pytest.raises(Refused, match="too full to record this meeting to its end") as refusal:
        start(meeting)
    assert refusal.value.status == 503 and "1.3 GB are needed and 1.2 GB are left" in str(refusal.value)
    assert not Recording.objects.exists() and recorder.started == [] and rooms.rooms == set()
    disk.resize(ONE + 64 * 1024)
    start(meeting)
    assert len(recorder.started) == 1


def test_what_the_others_still_need_is_counted(staff, disk, recorder, rooms):
    first, second = make_meeting(staff), make_meeting(staff)
    disk.resize(ONE + room.needed(10 * 60))
    start(first)
    with pytest.raises(Refused, match="too full"):
        start(second)  # the first is not live yet, and counts with all its minutes
    go_live(first)
    Meeting.objects.filter(pk=first.pk).update(ends_at=BEGAN + timedelta(minutes=11))
    with pytest.raises(Refused, match="too full"):
        start(second)
    Meeting.objects.filter(pk=first.pk).update(ends_at=BEGAN + timedelta(minutes=9))
    start(second)


def test_one_that_is_over_takes_no_more(staff, disk, recorder, rooms):
    first, second = make_meeting(staff), make_meeting(staff)
    disk.resize(ONE + 64 * 1024)
    start(first)
    go_live(first)
    with pytest.raises(Refused, match="too full"):
        start(second)
    end(first)
    start(second)


def test_two_that_start_at_once_do_not_share_the_last_room(transactional_db, staff, disk, recorder, rooms):
    meetings = [make_meeting(staff), make_meeting(staff)]
    disk.resize(ONE + 64 * 1024)

    def begin(meeting: Meeting) -> bool:
        try:
            start(meeting)
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(begin, meetings)) == [False, True]


def test_a_meeting_that_runs_is_never_stopped_by_it(staff, disk, recorder, rooms):
    meeting = make_meeting(staff)
    start(meeting)
    go_live(meeting)
    disk.resize(GB)
    recorder.kill()
    tasks.watch_recorder(BEGAN)  # begins the next segment
    start(meeting)  # a host who comes back
    assert [number for _, number in recorder.started] == [1, 2]


def test_it_is_said_in_time_to_who_meets_and_who_watches(staff, disk, client):
    sentence = (
        "nearly full: there is room for 2 more meetings of 20 minutes. Tell whoever looks after Circletime."
    )
    for size, said in ((6 * GB, False), (4 * GB, True)):
        disk.resize(size)
        for role, address in (("teacher", "/meetings/"), ("slt", "/meetings/"), ("slt", "/recordings/")):
            sign_in(client, staff[role])
            assert (sentence in client.get(address).content.decode()) is said, (role, address)
        sign_in(client, staff["office"])
        assert "nearly full" not in client.get("/meetings/").content.decode()
    found = machine.disk(BEGAN)
    assert not found.fine and found.says.startswith(
        "Only 4 GB are free where recordings are kept: there is room for 2 more"
    )
    disk.resize(ONE - 4096)
    assert "no more meeting" in queries.room_warning(BEGAN)
    disk.resize(ONE + 4096)
    assert "1 more meeting of" in queries.room_warning(BEGAN)


def test_a_vault_that_is_not_there_is_said(staff, settings, tmp_path):
    settings.VAULT = tmp_path / "away"
    assert "is not there" in queries.room_warning(BEGAN)


# A disk that is full


@pytest.fixture
def full(tmp_path: Path, staff, settings) -> Iterator[tuple[Disk, Recording]]:
    """Vault and keys on a disk without a byte left."""
    with mounted(tmp_path / "disk", 8 * 1024**2) as one:
        settings.VAULT, settings.KEYS = one.folder / "vault", one.folder / "keys"
        settings.VAULT.mkdir()
        made = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
        put_film(made)
        days_pass(DAY)
        one.fill()
        yield one, made


def test_destroyed_on_a_full_disk(full):
    """The first certificate needs a key of its own, for which there is room once the recording is gone."""
    recording = full[1]
    assert tasks.destroy_due(DAY).destroyed == 1
    assert not queries.folder_of(recording.public_id).exists() and Certificate.objects.count() == 1


def test_destroyed_while_the_disk_of_the_keys_is_full(full, settings, tmp_path, monkeypatch):
    disk, recording = full
    settings.VAULT = tmp_path / "vault"
    subprocess.run(["cp", "-a", str(disk.folder / "vault"), str(tmp_path)], check=True)
    really = keys.forget

    def forget(public_id: str) -> None:
        really(public_id)
        disk.fill()  # the room that its own key took is taken at once

    monkeypatch.setattr(keys, "forget", forget)
    run = tasks.destroy_due(DAY)
    assert (run.destroyed, run.left) == (0, 1)
    recording.refresh_from_db()
    assert recording.state == Stands.DESTROYING and bytes(recording.wrapped_key) == b""
    assert not queries.folder_of(recording.public_id).exists() and not queries.may_be_seen(recording, BEGAN)
    monkeypatch.undo()
    disk.empty()
    assert tasks.destroy_due(DAY).destroyed == 1 and Certificate.objects.count() == 1


@pytest.mark.parametrize("spare", [0, pytest.param(64 * 1024, marks=pytest.mark.soak)])
def test_a_database_on_a_full_disk_destroys_nothing_half(tmp_path: Path, spare: int):
    """A worker of its own, whose database cannot grow: either all of a step is done or nothing is."""
    with mounted(tmp_path / "disk", 24 * 1024**2) as disk:
        told = run(disk.folder / "var", "make")
        assert told.returncode == 0, told.stderr
        disk.fill(but=spare)
        told = run(disk.folder / "var", "destroy", "-", "")
        assert told.returncode != 0 and "OperationalError" in told.stderr
        disk.empty()
        told = run(disk.folder / "var", "state")
        left = json.loads(told.stdout)
        assert left["log"] is None and left["certificates"] == 0
        if left["state"] == "stopped":
            assert left["key"] and left["vault"] == [] and left["kinds"] == []
        else:
            assert left["key"] == 0 and left["kinds"] == ["recordings.key.destroyed"]
        ended = json.loads(run(disk.folder / "var", "finish").stdout.splitlines()[-1])
        assert ended.pop("parts") == 3 and ended == GONE


@pytest.mark.soak
def test_a_store_whose_disk_is_full_takes_nothing_and_loses_nothing(staff, settings, tmp_path):
    with mounted(tmp_path / "s3", 2 * 1024**2) as disk, serving(tmp_path / "s3") as server:
        settings.STORAGES = storages(server)
        made = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
        put_film(made)
        before = store.sizes(made.public_id)
        with pytest.raises(StoreTrouble):
            tasks.move_stopped(BEGAN)
        assert "film.ctv" in store.local_sizes(made.public_id)
        assert store.sizes(made.public_id) == before and queries.vault_verify() == (1, [])
        disk.resize(64 * 1024**2)
        tasks.move_stopped(BEGAN)
        assert store.local_sizes(made.public_id) == {} and queries.vault_verify() == (1, [])
        disk.fill()
        days_pass(DAY)
        assert tasks.destroy_due(DAY).destroyed == 1
        assert [name for name in server.files() if made.public_id in name] == []
