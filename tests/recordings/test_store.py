"""Recordings in an S3-compatible store: moved whole, read in pieces, destroyed there too."""

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from circletime.core import time as clock
from circletime.health.checks import kept
from circletime.meetings.rules import SeatRole, State
from circletime.recordings import keys, queries, store, tasks, vault
from circletime.recordings.models import Certificate, Recording, Viewing
from circletime.recordings.rules import FilmState
from circletime.recordings.rules import State as Stands
from circletime.recordings.store import StoreTrouble
from config import env
from tests.recordings.s3 import Server, serving, storages
from tests.recordings.school import BEGAN, Part, days_pass, make_meeting, make_recording, make_seat
from tests.recordings.test_film import RED, Seen, make_film, near
from tests.recordings.tracks import picture
from tests.signing import sign_in

DAY = BEGAN + timedelta(days=30)
FILM = os.urandom(3_000_000)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def server(running: Server, settings) -> Server:
    settings.STORAGES, settings.S3_BUCKET, settings.S3_URL = storages(running), "recordings", running.url
    yield running
    if running.process is None:
        running.start()
    running.thaw()
    client = running.client()
    for one in client.list_objects_v2(Bucket="recordings").get("Contents", []):
        client.delete_object(Bucket="recordings", Key=one["Key"])


def put_film(recording: Recording) -> None:
    key = queries.key_of(recording)
    for name, data in (("film-head.ctv", FILM[:100_000]), ("film.ctv", FILM[100_000:])):
        path = queries.folder_of(recording.public_id) / name
        with vault.create(path, f"{recording.public_id}/{name}", key) as file:
            file.write(data)
    recording.films.update(state=FilmState.READY, stem="film")


@pytest.fixture
def recording(staff, server) -> Recording:
    made = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
    put_film(made)
    return made


def local(recording: Recording) -> list[str]:
    return sorted(store.local_sizes(recording.public_id))


PARTS = ["film-head.ctv", "film.ctv", "manifest-1.ctv"]


def test_without_a_bucket_nothing_is_moved(staff, settings):
    made = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
    tasks.move_stopped(BEGAN)
    assert store.bucket() is None and local(made) == ["manifest-1.ctv"] and store.stored_ids() == set()


def test_a_recording_is_moved_whole_and_verified_there(recording, server):
    before = {path.name: path.read_bytes() for path in queries.folder_of(recording.public_id).iterdir()}
    tasks.move_stopped(BEGAN)
    assert local(recording) == []
    there = server.bucket / recording.public_id
    assert {path.name: path.read_bytes() for path in there.iterdir()} == before and sorted(before) == PARTS
    assert queries.vault_verify() == (1, [])
    raw = bytearray((there / "film.ctv").read_bytes())
    raw[70_000] ^= 1
    (there / "film.ctv").write_bytes(raw)
    (there / "film-head.ctv").unlink()
    assert queries.vault_verify()[1] == [
        f"{recording.public_id}/film.ctv: {recording.public_id}/film.ctv, chunk 1: "
        "it was changed, or the key is another",
        f"{recording.public_id}/film-head.ctv: missing",
    ]


def test_what_is_not_over_stays_here(recording, server):
    for state, film in (
        (Stands.RECORDING, FilmState.READY),
        (Stands.STOPPED, FilmState.WAITING),
        (Stands.STOPPED, FilmState.MAKING),
    ):
        Recording.objects.filter(pk=recording.pk).update(state=state)
        recording.films.update(state=film)
        tasks.move_stopped(BEGAN)
        assert local(recording) == PARTS and store.stored_ids() == set()


def test_any_place_of_it_is_read_in_pieces(recording, server):
    tasks.move_stopped(BEGAN)
    key = queries.key_of(recording)
    with queries.open_part(recording.public_id, "film.ctv", key) as part:
        for at, length in ((0, 10), (2_000_000, 300_000), (65_530, 20), (2_899_990, 50), (1, 2_899_999)):
            part.seek(at)
            assert part.read(length) == FILM[100_000:][at : at + length]
    with pytest.raises(FileNotFoundError):
        queries.open_part(recording.public_id, "none.ctv", key)


def test_only_what_is_asked_for_is_fetched(recording, server, monkeypatch):
    from circletime.recordings import bucket

    tasks.move_stopped(BEGAN)
    fetched = []
    really = bucket.Ranged._fetch

    def fetch(self) -> None:
        really(self)
        fetched.append(len(self._data))

    monkeypatch.setattr(bucket.Ranged, "_fetch", fetch)
    with queries.open_part(recording.public_id, "film.ctv", queries.key_of(recording)) as part:
        part.seek(1_500_000)
        assert part.read(1000) == FILM[1_600_000:1_601_000]
    assert len(fetched) <= 3 and sum(fetched) < 400_000
    fetched.clear()
    with queries.open_part(recording.public_id, "film.ctv", queries.key_of(recording)) as part:
        part.read()
    assert len(fetched) <= 9 and sum(fetched) < 2 * len(FILM)


def film_answer(client, recording, first: int = 0, last: int = 999):
    address = reverse("recording-film", args=[recording.public_id])
    return client.get(address, headers={"Range": f"bytes={first}-{last}"})


@pytest.fixture
def watching(client, staff, recording):
    sign_in(client, staff["dsl"])
    Viewing.objects.create(recording=recording, user=staff["dsl"], at=clock.now(), why="To see that it works")
    return client


def test_it_plays_from_there_and_after_the_server_was_killed(watching, recording, server):
    tasks.move_stopped(BEGAN)
    assert film_answer(watching, recording, 99_000, 150_000).content == FILM[99_000:150_001]
    server.kill()
    assert film_answer(watching, recording).status_code == 503
    server.start()
    assert film_answer(watching, recording, 2_999_990, 9_999_999).content == FILM[-10:]
    server.freeze()
    assert film_answer(watching, recording).status_code == 503
    server.thaw()
    assert film_answer(watching, recording).content == FILM[:1000]
    whole = watching.get(reverse("recording-film", args=[recording.public_id]))
    assert int(whole["Content-Length"]) == len(FILM)


def test_what_the_store_changed_is_never_shown(watching, recording, server):
    tasks.move_stopped(BEGAN)
    path = server.bucket / recording.public_id / "film.ctv"
    raw = bytearray(path.read_bytes())
    raw[100] ^= 1
    path.write_bytes(raw)
    assert film_answer(watching, recording, 100_000, 100_999).status_code == 500
    assert film_answer(watching, recording, 200_000, 200_999).content == FILM[200_000:201_000]


@pytest.mark.parametrize("step", ["put", "drop_local"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_mover_killed_at_any_step_loses_nothing(watching, recording, server, monkeypatch, step, after):
    really = getattr(store, step)

    def killed(*args: str) -> None:
        if after:
            really(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(store, step, killed)
    with pytest.raises(KeyboardInterrupt):
        tasks.move_stopped(BEGAN)
    monkeypatch.setattr(store, step, really)
    assert film_answer(watching, recording, 99_000, 101_000).content == FILM[99_000:101_001]
    assert queries.vault_verify() == (1, [])
    tasks.move_stopped(BEGAN)
    assert local(recording) == [] and queries.vault_verify() == (1, [])


@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_a_store_that_is_away_keeps_everything_here(watching, recording, server, how):
    getattr(server, how)()
    with pytest.raises(StoreTrouble, match="does not answer"):
        tasks.move_stopped(BEGAN)
    assert local(recording) == PARTS
    assert film_answer(watching, recording).content == FILM[:1000]
    assert "does not answer" in queries.vault_verify()[1][0]
    server.start() if how == "kill" else server.thaw()
    tasks.move_stopped(BEGAN)
    assert local(recording) == []


def test_a_store_whose_disk_is_full_keeps_everything_here(recording, server, monkeypatch):
    really = os.fstat

    class Longer:
        st_size = 1

    monkeypatch.setattr("circletime.recordings.bucket.os.fstat", lambda handle: Longer())
    with pytest.raises(StoreTrouble, match="kept"):
        tasks.move_stopped(BEGAN)
    monkeypatch.setattr("circletime.recordings.bucket.os.fstat", really)
    assert local(recording) == PARTS


def test_two_movers_at_once_move_it_once(transactional_db, staff, server):
    made = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
    put_film(made)

    def move(_: int) -> None:
        tasks.move_stopped(BEGAN)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(move, range(4)))
    assert local(made) == [] and queries.vault_verify() == (1, [])
    assert sorted(store.sizes(made.public_id)) == PARTS


# The end


@pytest.mark.parametrize("moved", [0, 1, 3], ids=["still here", "half moved", "there"])
def test_destroyed_wherever_it_is_with_a_certificate_of_all_parts(recording, server, moved, monkeypatch):
    sizes = store.sizes(recording.public_id)
    for name in PARTS[:moved]:
        store.put(recording.public_id, name)
        store.drop_local(recording.public_id, name)
    days_pass(DAY)
    assert tasks.destroy_due(DAY).destroyed == 1
    assert server.files() == [] and not queries.folder_of(recording.public_id).exists()
    recording.refresh_from_db()
    assert recording.ending["parts"] == 3 and recording.ending["bytes"] == sum(sizes.values())
    assert Certificate.objects.count() == 1 and queries.vault_verify() == (0, [])


@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_the_key_is_destroyed_also_while_the_store_is_away(watching, recording, server, how):
    tasks.move_stopped(BEGAN)
    days_pass(DAY)
    getattr(server, how)()
    run = tasks.destroy_due(DAY)
    assert (run.destroyed, run.left) == (0, 1)
    recording.refresh_from_db()
    assert bytes(recording.wrapped_key) == b"" and keys.own_names() == []
    assert film_answer(watching, recording).status_code == 404 and not Certificate.objects.exists()
    server.start() if how == "kill" else server.thaw()
    assert server.files() != []
    assert tasks.destroy_due(DAY).destroyed == 1
    assert server.files() == [] and Certificate.objects.get().recording == recording
    recording.refresh_from_db()
    assert recording.ending["parts"] == 3


def test_killed_while_the_store_removes_it_says_what_was_there(recording, server, monkeypatch):
    from circletime.recordings.bucket import Bucket

    tasks.move_stopped(BEGAN)
    days_pass(DAY)

    def half(self, public_id: str) -> None:
        self.delete(f"{public_id}/film.ctv")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "remove", half)
        with pytest.raises(KeyboardInterrupt):
            tasks.destroy_due(DAY)
    assert len(server.files()) == 2
    assert tasks.destroy_due(DAY).destroyed == 1 and server.files() == []
    recording.refresh_from_db()
    assert recording.ending["parts"] == 3


def test_what_arrives_behind_its_destruction_is_removed(recording, server, monkeypatch):
    """The mover is in the middle of a file while the recording is destroyed."""
    days_pass(DAY)
    really = store.put

    def slow(public_id: str, name: str) -> None:
        path = queries.folder_of(public_id) / name
        copy = path.read_bytes()
        tasks.destroy_due(DAY)
        path.parent.mkdir()
        path.write_bytes(copy)
        really(public_id, name)

    monkeypatch.setattr(store, "put", slow)
    tasks.move_stopped(BEGAN)
    assert server.files() == [] and not queries.folder_of(recording.public_id).exists()
    assert Certificate.objects.count() == 1


def test_what_a_backup_of_the_store_puts_back_is_removed_again(recording, server):
    days_pass(DAY)
    tasks.destroy_due(DAY)
    server.client().put_object(Bucket="recordings", Key=f"{recording.public_id}/film.ctv", Body=b"back")
    server.client().put_object(Bucket="recordings", Key="nobodys/film.ctv", Body=b"whose?")
    assert sorted(queries.vault_verify()[1]) == sorted(
        f"{whose}: belongs to no recording" for whose in (recording.public_id, "nobodys")
    )
    tasks.destroy_due(DAY + timedelta(days=1))
    assert server.files() == [f"data/recordings/{'nobodys'}/film.ctv"]


def test_a_film_is_made_of_what_is_there(staff, server):
    meeting = make_meeting(staff, state=State.ENDED, seconds=4)
    host = make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    made = make_recording(meeting, [Part(host, "camera", picture(4, lambda t: RED), 0, 4)])
    made.films.update(state=FilmState.FAILED)
    tasks.move_stopped(BEGAN)
    assert local(made) == []
    made.films.update(state=FilmState.WAITING)
    seen = Seen(make_film(made))
    assert near(tuple(int(part) for part in seen.frames[20][1][300, 640]), RED)
    tasks.move_stopped(BEGAN)
    assert local(made) == [] and queries.vault_verify() == (1, [])


def test_a_film_is_not_made_without_what_the_store_does_not_give(staff, server):
    from circletime.recordings.actions import film as actions
    from circletime.recordings.film import job

    meeting = make_meeting(staff, state=State.ENDED, seconds=4)
    host = make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    made = make_recording(meeting, [Part(host, "camera", picture(4, lambda t: RED), 0, 4)])
    made.films.update(state=FilmState.FAILED)
    tasks.move_stopped(BEGAN)
    made.films.update(state=FilmState.WAITING)
    claimed = actions.claim_next(BEGAN)
    server.kill()
    with contextlib.suppress(StoreTrouble):
        assert job.make(claimed) is False
    assert made.films.get().state == FilmState.FAILED and local(made) == []


def test_a_bucket_that_keeps_versions_is_said_and_emptied_all_the_same(staff, settings, tmp_path):
    with serving(tmp_path / "s3", versions=True) as server:
        settings.STORAGES = storages(server)
        made = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
        put_film(made)
        for _ in range(2):
            store.put(made.public_id, "film.ctv")
        tasks.move_stopped(BEGAN)
        found = kept.bucket(BEGAN)
        assert not found.fine and "keeps older versions" in found.says
        assert any(name.startswith("old/") for name in server.files())
        days_pass(DAY)
        assert tasks.destroy_due(DAY).destroyed == 1
        assert server.files() == []


def test_the_doctor_says_how_the_store_stands(recording, server, settings):
    found = kept.bucket(BEGAN)
    assert found.fine and found.says == f"Recordings are moved to the bucket recordings at {server.url}."
    server.kill()
    found = kept.bucket(BEGAN)
    assert not found.fine and "does not answer" in found.says and "CIRCLETIME_S3_URL" in found.do
    server.start()
    options = dict(settings.STORAGES["vault"]["OPTIONS"], secret_key="another")
    settings.STORAGES = {"vault": {**settings.STORAGES["vault"], "OPTIONS": options}}
    found = kept.bucket(BEGAN)
    assert not found.fine and "refused" in found.says and "another" not in found.line


def test_recordings_that_wait_too_long_are_counted(recording, server):
    Recording.objects.filter(pk=recording.pk).update(stopped_at=clock.now() - timedelta(days=2))
    found = kept.bucket(clock.now())
    assert not found.fine
    assert found.says == "Recordings that wait to be moved to the bucket for over a day: 1."
    tasks.move_stopped(BEGAN)
    assert kept.bucket(clock.now()).fine


@pytest.mark.parametrize("name", ["CIRCLETIME_S3_ID", "CIRCLETIME_S3_SECRET"])
def test_a_bucket_without_its_account_fails_at_start(name, monkeypatch):
    for each in ("CIRCLETIME_S3_ID", "CIRCLETIME_S3_SECRET"):
        monkeypatch.setenv(each, "" if each == name else "x")
    with pytest.raises(env.BadSetting, match=f"{name} is not"):
        env.bucket("recordings", "https://store.example")
    monkeypatch.setenv(name, "x")
    with pytest.raises(env.BadSetting, match="must begin with https"):
        env.bucket("recordings", "store.example")
