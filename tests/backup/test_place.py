"""The folder of backups, the mirror of keys, and what neither ever does."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from circletime.audit.models import Row
from circletime.backup import keyring, taking
from circletime.backup.place import Place
from circletime.backup.rules import Trouble, check_path, states_to_drop
from circletime.recordings.models import Recording
from circletime.recordings.queries import folder_of
from tests.actions.conftest import world
from tests.recordings.school import make_meeting, make_recording
from tests.world import World

__all__ = ["world"]
BY = "test"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any) -> Path:
    """An installation of this test's own: data, recordings and keys."""
    settings.VAR = tmp_path / "var"
    settings.VAULT, settings.KEYS = settings.VAR / "vault", settings.VAR / "keys"
    for folder in (settings.VAULT, settings.KEYS):
        folder.mkdir(parents=True)
    (settings.KEYS / "django_secret").write_text("an-invented-secret")
    return tmp_path


@pytest.fixture
def recording(world: World) -> Recording:
    return make_recording(make_meeting(world.staff), [])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "stick" / "data"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "other" / "keys"


def back_up(data: Path, world: World, keep: int = 7) -> list[str]:
    said: list[str] = []
    world.now += timedelta(minutes=1)
    taking.back_up(data, by=BY, now=world.now, say=said.append, keep=keep)
    return said


class TestData:
    def test_only_what_is_new_is_read_again(self, recording: Recording, data: Path, world: World) -> None:
        assert "1 files of 1 recordings, of which 1 were read now." in back_up(data, world)
        assert "1 files of 1 recordings, of which 0 were read now." in back_up(data, world)
        (folder_of(recording.public_id) / "s1-TR_0.ctv").write_bytes(b"more of it")
        assert "2 files of 1 recordings, of which 1 were read now." in back_up(data, world)
        (folder_of(recording.public_id) / "s1-TR_0.ctv").write_bytes(b"more of it, and more")
        assert "2 files of 1 recordings, of which 1 were read now." in back_up(data, world)

    def test_what_is_there_is_not_written_twice(self, recording: Recording, data: Path, world: World) -> None:
        back_up(data, world)
        path = folder_of(recording.public_id) / "manifest-1.ctv"
        (folder_of(recording.public_id) / "another.ctv").write_bytes(path.read_bytes())
        before = {file.name for file in (data / "content").rglob("*") if file.is_file()}
        back_up(data, world)
        after = {file.name for file in (data / "content").rglob("*") if file.is_file()}
        assert len(after - before) == 1, "the database of another moment, and no second copy of the file"

    def test_a_content_that_was_damaged_in_length_is_read_again(
        self, recording: Recording, data: Path, world: World
    ) -> None:
        back_up(data, world)
        place = Place(data, make=False)
        piece = place.manifest(place.states()[0]).files[0]
        place.path_of(piece.sha256).write_bytes(b"cut")
        assert "1 files of 1 recordings, of which 1 were read now." in back_up(data, world)
        assert taking.check(data, say=lambda line: None) == 2

    def test_older_states_go_and_with_them_what_only_they_had(
        self, recording: Recording, data: Path, world: World
    ) -> None:
        gone = folder_of(recording.public_id) / "s1-TR_0.ctv"
        gone.write_bytes(b"a child's voice, encrypted")
        back_up(data, world)
        place = Place(data, make=False)
        (piece,) = (one for one in place.manifest(place.states()[0]).files if one.path.endswith("TR_0.ctv"))
        gone.unlink()
        back_up(data, world, keep=2)
        assert len(place.states()) == 2 and place.path_of(piece.sha256).exists()
        back_up(data, world, keep=2)
        assert len(place.states()) == 2 and not place.path_of(piece.sha256).exists()

    def test_what_is_destroyed_is_in_no_new_state(
        self, recording: Recording, data: Path, world: World
    ) -> None:
        Recording.objects.filter(pk=recording.pk).update(state="destroyed")
        assert "0 files of 0 recordings, of which 0 were read now." in back_up(data, world)

    def test_nobodys_sign_in_is_in_it(self, data: Path, world: World) -> None:
        Session.objects.create(
            session_key="an-open-sign-in", session_data="x", expire_date=world.now + timedelta(days=1)
        )
        back_up(data, world)
        held = b"".join(file.read_bytes() for file in (data / "content").rglob("*") if file.is_file())
        assert b"SQLite format 3" in held and b"an-open-sign-in" not in held
        assert Session.objects.exists(), "the school's own are left alone"

    def test_the_log_says_that_it_was_made(self, recording: Recording, data: Path, world: World) -> None:
        before = Row.objects.count()
        back_up(data, world)
        row = Row.objects.get(kind="backup.data.taken")
        told = {"recordings": 1, "files": 1, "dropped": 0, "row": before}
        assert json.loads(row.data) == told and row.by == BY

    def test_one_at_a_time(self, data: Path, world: World) -> None:
        back_up(data, world)
        with Place(data, make=False).alone(), pytest.raises(Trouble, match="goes on already"):
            back_up(data, world)

    def test_a_disk_that_is_full_loses_nothing(
        self, recording: Recording, data: Path, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        back_up(data, world)

        def full(self: Place, source: io.BufferedReader) -> tuple[str, int]:
            raise OSError(28, "No space left on device", str(data))

        (folder_of(recording.public_id) / "s1-TR_0.ctv").write_bytes(b"more of it")
        with monkeypatch.context() as patch:
            patch.setattr(Place, "add", full)
            with pytest.raises(OSError, match="No space left"):
                back_up(data, world)
        assert taking.check(data, say=lambda line: None) == 1
        assert "2 files of 1 recordings, of which 1 were read now." in back_up(data, world)


class TestApart:
    """Keys and data are never in one place."""

    def test_a_backup_has_no_key(self, recording: Recording, data: Path, world: World, settings: Any) -> None:
        back_up(data, world)
        secrets = [path.read_bytes() for path in settings.KEYS.rglob("*") if path.is_file()]
        assert len(secrets) > 2
        for path in data.rglob("*"):
            assert not path.is_file() or not [one for one in secrets if one in path.read_bytes()]

    @pytest.mark.parametrize("where", ["", "in", "over"])
    def test_the_installation_itself_is_no_place(self, where: str, world: World, settings: Any) -> None:
        for ours in (settings.VAR, settings.VAULT, settings.KEYS):
            folder = {"": ours, "in": ours / "backup", "over": ours.parent}[where]
            for make in (lambda at: back_up(at, world), lambda at: keyring.mirror(at, by=BY, now=world.now)):
                with pytest.raises(Trouble, match="is not apart from"):
                    make(folder)

    def test_neither_goes_where_the_other_is(
        self, recording: Recording, data: Path, keys: Path, world: World
    ) -> None:
        back_up(data, world)
        keyring.mirror(keys, by=BY, now=world.now)
        for at in (data, data / "keys"):
            with pytest.raises(Trouble, match="never kept together"):
                keyring.mirror(at, by=BY, now=world.now)
        for at in (keys, keys / "data"):
            with pytest.raises(Trouble, match="never kept together"):
                back_up(at, world)

    def test_a_folder_with_something_else_is_left_alone(self, tmp_path: Path, world: World) -> None:
        (tmp_path / "photos").mkdir()
        (tmp_path / "photos" / "holiday.jpg").touch()
        for make in (lambda at: back_up(at, world), lambda at: keyring.mirror(at, by=BY, now=world.now)):
            with pytest.raises(Trouble, match="has something else in it"):
                make(tmp_path / "photos")


class TestKeys:
    def test_a_copy_is_what_the_folder_is(
        self, recording: Recording, keys: Path, world: World, settings: Any
    ) -> None:
        came = keyring.mirror(keys, by=BY, now=world.now)
        here = {
            path.relative_to(settings.KEYS): path.read_bytes()
            for path in settings.KEYS.rglob("*")
            if path.is_file()
        }
        assert came.copied == len(here) > 2
        assert all((keys / name).read_bytes() == text for name, text in here.items())
        assert all(path.stat().st_mode & 0o077 == 0 for path in [keys, *keys.rglob("*")])
        assert keyring.mirror(keys, by=BY, now=world.now).copied == 0

    def test_what_was_destroyed_here_is_destroyed_there(
        self, recording: Recording, keys: Path, world: World, settings: Any
    ) -> None:
        keyring.mirror(keys, by=BY, now=world.now)
        with (keys / "recordings" / recording.public_id).open("rb") as held:
            (settings.KEYS / "recordings" / recording.public_id).unlink()
            Recording.objects.filter(pk=recording.pk).update(state="destroyed")
            came = keyring.mirror(keys, by=BY, now=world.now)
            assert (came.destroyed, came.kept) == (1, [])
            assert not (keys / "recordings" / recording.public_id).exists()
            assert held.read() == b"-" * 64, "and overwritten before"

    def test_what_is_only_missing_here_is_kept_there_and_said(
        self, recording: Recording, keys: Path, world: World, settings: Any
    ) -> None:
        """A key folder whose disk broke is no reason to destroy the only copy."""
        keyring.mirror(keys, by=BY, now=world.now)
        for path in list(settings.KEYS.rglob("*")):
            if path.is_file() and path.name != "django_secret":
                path.unlink()
        came = keyring.mirror(keys, by=BY, now=world.now)
        assert came.kept == [f"recordings/{recording.public_id}", "vault_kek"] and came.destroyed == 0
        assert (keys / "vault_kek").exists() and (keys / "recordings" / recording.public_id).exists()

    def test_a_key_that_was_replaced_is_overwritten(
        self, recording: Recording, keys: Path, world: World, settings: Any
    ) -> None:
        (settings.KEYS / "vault_kek.old").write_text("11" * 32)
        keyring.mirror(keys, by=BY, now=world.now)
        with (keys / "vault_kek").open("rb") as held:
            (settings.KEYS / "vault_kek").write_text("ab" * 32)
            (settings.KEYS / "vault_kek.old").unlink()
            came = keyring.mirror(keys, by=BY, now=world.now)
            assert (came.copied, came.destroyed) == (1, 1)
            assert (keys / "vault_kek").read_text() == "ab" * 32 and not (keys / "vault_kek.old").exists()
            assert held.read() == b"-" * 64

    def test_another_schools_keys_are_not_mixed_in(self, keys: Path, world: World, settings: Any) -> None:
        keyring.mirror(keys, by=BY, now=world.now)
        settings.SECRET_KEY = "another school's"
        with pytest.raises(Trouble, match="the keys of another school"):
            keyring.mirror(keys, by=BY, now=world.now)

    def test_keys_go_back_where_none_was_used(
        self, recording: Recording, keys: Path, world: World, settings: Any, tmp_path: Path
    ) -> None:
        keyring.mirror(keys, by=BY, now=world.now)
        settings.KEYS = tmp_path / "new"
        settings.KEYS.mkdir()
        (settings.KEYS / "django_secret").write_text("made-by-the-first-start")
        assert keyring.put_back(keys) == 3
        assert (settings.KEYS / "django_secret").read_text() == "an-invented-secret"
        (settings.KEYS / "log_key").write_text("22" * 32)
        with pytest.raises(Trouble, match="There is a key log_key"):
            keyring.put_back(keys)
        with pytest.raises(Trouble, match="There is no copy of keys"):
            keyring.put_back(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "path", ["x", "../x", "a/../../x", "/etc/passwd", "a/b/c", "a/", "a/.hidden", "a/b\n", "ä/b", ""]
)
def test_no_file_of_a_backup_goes_anywhere_else(path: str) -> None:
    with pytest.raises(Trouble, match="none of a recording's"):
        check_path(path)
    check_path("abc-_123/film-abc-head.ctv")


def test_the_newest_states_stay() -> None:
    names = ["20261126T211500Z", "20261124T211500Z", "20261125T211500Z", "other"]
    assert states_to_drop(names, 2) == ["20261124T211500Z"]
    assert states_to_drop(names, 9) == []
