"""The recorder is there before a meeting starts, comes back when it dies, and is closed at the end."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from circletime.audit.queries import list_kinds
from circletime.core.errors import Refused
from circletime.media import livekit
from circletime.media.livekit import MediaError
from circletime.meetings.models import Happening, Meeting
from circletime.meetings.rules import SeatRole, State
from circletime.recordings import queries, tasks
from circletime.recordings.actions import capture, prepare
from circletime.recordings.models import Recording
from circletime.recordings.recorder import RecorderUnavailable, Status, TrackStatus
from circletime.recordings.rules import FilmKind, FilmState
from circletime.recordings.rules import State as Stands
from tests.recordings.school import BEGAN, make_meeting, make_seat

BY = "user:1"


@dataclass
class FakeRecorder:
    """Keeps the contract of the real one, and dies or refuses when told."""

    running: dict[str, Status] = field(default_factory=dict)
    started: list[tuple[str, int]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    away: bool = False
    refuses: bool = False
    loses_answer: bool = False

    def start(
        self, recording: str, *, room: str, url: str, token: str, folder: Path, key: bytes, segment: int
    ) -> None:
        self._there()
        assert len(key) == 32 and url.startswith("ws://") and token and room
        if self.refuses:
            raise RecorderUnavailable("The recorder cannot record: no room.")
        self.started.append((recording, segment))
        self.running[recording] = Status(recording, "recording", segment, "", ())
        if self.loses_answer:
            raise RecorderUnavailable("The recorder is not answering.")

    def list(self) -> dict[str, Status]:
        self._there()
        return dict(self.running)

    def stop(self, recording: str) -> None:
        self._there()
        self.stopped.append(recording)
        self.running.pop(recording, None)

    def kill(self) -> None:
        self.running.clear()

    def _there(self) -> None:
        if self.away:
            raise RecorderUnavailable("The recorder is not answering.")


@dataclass
class FakeRooms:
    rooms: set[str] = field(default_factory=set)
    away: bool = False

    def create(self, room: str) -> None:
        if self.away:
            raise MediaError("The media server is not answering.")
        self.rooms.add(room)

    def delete(self, room: str) -> None:
        self.rooms.discard(room)


@pytest.fixture
def recorder(monkeypatch) -> FakeRecorder:
    fake = FakeRecorder()
    monkeypatch.setattr(capture, "recorder", lambda: fake)
    return fake


@pytest.fixture
def rooms(monkeypatch) -> FakeRooms:
    fake = FakeRooms()
    monkeypatch.setattr(livekit, "create_room", fake.create)
    monkeypatch.setattr(livekit, "delete_room", fake.delete)
    return fake


@pytest.fixture
def meeting(staff, recorder, rooms) -> Meeting:
    return make_meeting(staff)


def go_live(meeting: Meeting) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(
        state=State.LIVE, live_at=BEGAN, ends_at=BEGAN + timedelta(minutes=20)
    )
    meeting.refresh_from_db()


def end(meeting: Meeting) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(state=State.ENDED, ended_at=BEGAN + timedelta(minutes=5))


def test_prepare_starts_the_recorder_once(meeting, recorder, rooms):
    for _ in range(3):
        prepare(meeting=meeting, by=BY, now=BEGAN)
    recording = Recording.objects.get()
    assert recorder.started == [(recording.public_id, 1)]
    assert recording.state == Stands.RECORDING and recording.destroy_on.isoformat() == "2026-12-24"
    assert rooms.rooms == {meeting.room}
    meeting.refresh_from_db()
    assert meeting.recording == "on"
    assert "meetings.recording.on" in list_kinds(meeting.subject)


@pytest.mark.parametrize(
    "trouble", ["recorder away", "recorder refuses", "answer lost", "livekit away", "no key"]
)
def test_a_meeting_that_cannot_be_recorded_does_not_start(meeting, recorder, rooms, settings, trouble):
    if trouble == "no key":
        settings.KEYS.mkdir()
        (settings.KEYS / "vault_kek").write_text("this is no key")
    recorder.away = trouble == "recorder away"
    recorder.refuses = trouble == "recorder refuses"
    recorder.loses_answer = trouble == "answer lost"
    rooms.away = trouble == "livekit away"
    with pytest.raises(Refused, match="cannot start") as refusal:
        prepare(meeting=meeting, by=BY, now=BEGAN)
    assert refusal.value.code == "recorder"
    assert not recorder.running and not rooms.rooms
    meeting.refresh_from_db()
    assert meeting.recording == "off"
    assert queries.list_recordings(meeting.host) == []
    recorder.away = recorder.refuses = recorder.loses_answer = rooms.away = False
    (settings.KEYS / "vault_kek").unlink(missing_ok=trouble == "no key")
    if trouble == "no key":
        prepare(meeting=meeting, by=BY, now=BEGAN)
        assert len(recorder.running) == 1


def test_after_a_failed_start_the_next_is_a_segment_of_its_own(meeting, recorder):
    recorder.loses_answer = True
    with pytest.raises(Refused):
        prepare(meeting=meeting, by=BY, now=BEGAN)
    recorder.loses_answer = False
    prepare(meeting=meeting, by=BY, now=BEGAN)
    assert [segment for _, segment in recorder.started] == [1, 2]


def test_a_recorder_that_died_before_the_start_is_started_again(meeting, recorder):
    prepare(meeting=meeting, by=BY, now=BEGAN)
    recorder.kill()
    prepare(meeting=meeting, by=BY, now=BEGAN)
    assert [segment for _, segment in recorder.started] == [1, 2]


def test_no_transaction_is_open_while_others_are_spoken_to(meeting, recorder, rooms, monkeypatch):
    """A second connection could write at that moment; the test's own outer transaction does not count."""
    from django.db import connection

    depth = len(connection.savepoint_ids)
    seen: list[int] = []
    before = recorder.start
    monkeypatch.setattr(
        recorder, "start", lambda *a, **k: (seen.append(len(connection.savepoint_ids)), before(*a, **k))[1]
    )
    monkeypatch.setattr(livekit, "create_room", lambda room: seen.append(len(connection.savepoint_ids)))
    prepare(meeting=meeting, by=BY, now=BEGAN)
    assert seen == [depth, depth]


def test_a_dead_recorder_is_told_at_once_and_started_again(meeting, recorder):
    prepare(meeting=meeting, by=BY, now=BEGAN)
    go_live(meeting)
    tasks.watch_recorder(BEGAN)
    assert len(recorder.started) == 1

    recorder.kill()
    recorder.away = True
    tasks.watch_recorder(BEGAN)
    meeting.refresh_from_db()
    assert meeting.recording == "lost"
    tasks.watch_recorder(BEGAN)

    recorder.away = False
    tasks.watch_recorder(BEGAN)
    meeting.refresh_from_db()
    assert meeting.recording == "on"
    assert [segment for _, segment in recorder.started] == [1, 2]
    assert Recording.objects.get().state == Stands.RECORDING


def test_a_recording_that_lost_its_room_is_closed_and_begun_anew(meeting, recorder):
    prepare(meeting=meeting, by=BY, now=BEGAN)
    go_live(meeting)
    name = Recording.objects.get().public_id
    recorder.running[name] = Status(name, "lost", 1, "the connection to the media server was lost", ())
    tasks.watch_recorder(BEGAN)
    assert recorder.stopped == [name]
    assert recorder.running[name].segment == 2
    kinds = list_kinds(meeting.subject)
    assert kinds[-2:] == ["meetings.recording.lost", "meetings.recording.on"]


def test_one_class_whose_room_fails_does_not_keep_the_others_lost(
    staff, meeting, recorder, rooms, monkeypatch
):
    other = make_meeting(staff)
    for each in (meeting, other):
        prepare(meeting=each, by=BY, now=BEGAN)
        go_live(each)
    recorder.kill()
    good = rooms.create

    def create(room: str) -> None:
        if room == meeting.room:
            raise MediaError("The media server refused CreateRoom: 500.")
        good(room)

    monkeypatch.setattr(livekit, "create_room", create)
    tasks.watch_recorder(BEGAN)
    meeting.refresh_from_db(), other.refresh_from_db()
    assert (meeting.recording, other.recording) == ("lost", "on")
    monkeypatch.setattr(livekit, "create_room", good)
    tasks.watch_recorder(BEGAN)
    meeting.refresh_from_db()
    assert meeting.recording == "on"


def test_the_end_of_a_meeting_closes_its_recording(meeting, recorder):
    prepare(meeting=meeting, by=BY, now=BEGAN)
    go_live(meeting)
    end(meeting)
    recorder.away = True
    tasks.watch_recorder(BEGAN + timedelta(minutes=5, seconds=1))
    assert Recording.objects.get().state == Stands.RECORDING
    recorder.away = False
    tasks.watch_recorder(BEGAN + timedelta(minutes=5, seconds=2))
    recording = Recording.objects.get()
    assert recording.state == Stands.STOPPED
    film = recording.films.get()
    assert (film.kind, film.cut, film.state) == (FilmKind.WHOLE, {}, FilmState.WAITING)
    assert not recorder.running
    meeting.refresh_from_db()
    assert meeting.recording == "off"


def test_a_recorder_that_never_comes_back_does_not_keep_the_film_waiting(meeting, recorder):
    prepare(meeting=meeting, by=BY, now=BEGAN)
    go_live(meeting)
    end(meeting)
    recorder.away = True
    tasks.watch_recorder(BEGAN + timedelta(minutes=7))
    assert Recording.objects.get().films.get().state == FilmState.WAITING


def test_a_meeting_that_never_began_leaves_nothing(staff, meeting, recorder, own_vault):
    prepare(meeting=meeting, by=BY, now=BEGAN)
    recording = Recording.objects.get()
    queries.folder_of(recording.public_id).mkdir()
    Meeting.objects.filter(pk=meeting.pk).update(state=State.CANCELLED, ended_at=BEGAN)
    tasks.watch_recorder(BEGAN)
    tasks.destroy_due(BEGAN)
    recording.refresh_from_db()
    assert recording.state == Stands.DESTROYED and not list(own_vault.iterdir())
    assert queries.list_recordings(staff["slt"]) == []


def test_what_nobody_wants_recorded_is_stopped(meeting, recorder):
    recorder.running["stray"] = Status("stray", "recording", 1, "", ())
    tasks.watch_recorder(BEGAN)
    assert recorder.stopped == ["stray"]


def test_a_camera_that_shows_a_screen_is_told_once_per_track(meeting, recorder):
    prepare(meeting=meeting, by=BY, now=BEGAN)
    go_live(meeting)
    seat = make_seat(meeting, "Amara", role=SeatRole.PUPIL)
    name = Recording.objects.get().public_id

    def sends(*tracks: TrackStatus) -> None:
        recorder.running[name] = Status(name, "recording", 1, "", tracks)
        for _ in range(2):
            tasks.watch_recorder(BEGAN)

    sends(
        TrackStatus("TR_1", seat.public_id, "camera", 1, 640, 360),
        TrackStatus("TR_2", seat.public_id, "screen_share", 1, 1920, 1080),
        TrackStatus("TR_3", seat.public_id, "camera", 1, 480, 640),
    )
    assert not Happening.objects.filter(kind="shape").exists()
    sends(TrackStatus("TR_4", seat.public_id, "camera", 1, 1920, 1080))
    assert Happening.objects.filter(kind="shape", seat=seat).count() == 1
    sends(TrackStatus("TR_5", seat.public_id, "camera", 1, 640, 270))
    assert Happening.objects.filter(kind="shape", seat=seat).count() == 2
