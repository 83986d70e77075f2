"""The recorder against a real LiveKit: who was seen and heard, when, and what is left after a crash.

A crowd sends pictures of known colours and sounds of known pitches. What the recorder wrote is
decrypted, decoded, and compared with what the crowd says it sent, by the wall clock.
"""

import base64
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from circletime.media import livekit
from circletime.recordings.recorder import RecorderUnavailable, Status
from circletime.recordings.vault import VaultDamaged
from tests.recorder.studio import LISTENS, Crowd, Member, Studio, Vault, wait_for

pytestmark = [pytest.mark.media, pytest.mark.timeout(120)]

TOLERANCE = 0.15
"""Seconds. A picture or sound is at most so far from its true moment."""
SIGNALLED = 0.5
"""Seconds that a mute or an end may take to come by, through the media server's signalling."""
RED, GREEN, BLUE = 0, 1, 2

Track = dict[str, Any]


# What was recorded


@dataclass
class Pictures:
    """A decoded film: each picture's moment on the wall clock, and its mean colour."""

    times: list[float] = field(default_factory=list)
    colours: list[Any] = field(default_factory=list)
    damaged: int = 0


def pictures_of(kept: Vault, track: Track) -> Pictures:
    """Every picture of a track, whether or not its file has an end."""
    found = Pictures()
    with kept.open(track["file"]) as file, av.open(file, format="matroska") as container:
        for packet in container.demux(video=0):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                found.damaged += 1  # a frame the network lost a piece of
                continue
            for frame in frames:
                found.times.append(track["began"] / 1000 + frame.time)
                found.colours.append(frame.to_ndarray(format="rgb24").reshape(-1, 3).mean(axis=0))
    assert found.damaged < 10
    return found


def sound_of(kept: Vault, track: Track) -> tuple[float, Any]:
    """A track's sound at 48 kHz, each packet put at its own time, and when its first sample was."""
    places: list[tuple[int, Any]] = []
    with kept.open(track["file"]) as file, av.open(file, format="matroska") as container:
        for frame in container.decode(audio=0):
            places.append((round(frame.time * 48000), frame.to_ndarray()[0]))
    sound = np.zeros(max(at + len(block) for at, block in places), np.float32)
    for at, block in places:
        sound[at : at + len(block)] = block
    return track["began"] / 1000, sound


def pitch_of(sound: Any) -> float:
    """The loudest frequency."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum)) * 48000 / len(sound)


def reach_of(kept: Vault, track: Track) -> float:
    """The wall clock of the last packet that can be read; a file without an end is read as far as it goes."""
    with kept.open(track["file"]) as file, av.open(file, format="matroska") as container:
        last = max(packet.pts * packet.time_base for packet in container.demux() if packet.pts is not None)
    return track["began"] / 1000 + float(last)


def tracks_of(kept: Vault, identity: str, kind: str, segment: int = 1) -> list[Track]:
    return [t for t in kept.tracks(segment) if (t["identity"], t["kind"]) == (identity, kind)]


def only_track(kept: Vault, identity: str, kind: str, segment: int = 1) -> Track:
    (track,) = tracks_of(kept, identity, kind, segment)
    return track


def rises(times: list[float], values: list[float], least: float) -> list[float]:
    """The moments at which the values go above this."""
    return [b for b, x, y in zip(times[1:], values, values[1:], strict=False) if x < least <= y]


def off_by(moments: list[float], true: list[float]) -> list[float]:
    """How far each moment is from the nearest true one."""
    return [min((moment - one for one in true), key=abs) for moment in moments]


def seconds_of(crowd: Crowd, identity: str, kind: str) -> list[float]:
    return [at / 1000 for at in crowd.begins[(identity, kind)]]


# What is on the disk


def needles_of(film: bytes, voice: bytes) -> list[bytes]:
    """32 bytes out of the middle of every encoded picture and packet of sound."""
    parts, at = [], 32
    while at < len(film):
        size = int.from_bytes(film[at : at + 4], "little")
        parts.append(film[at + 12 : at + 12 + size])
        at += 12 + size
    at, page = 0, 0
    while at < len(voice):
        lacing = voice[at + 27 : at + 27 + voice[at + 26]]
        body = at + 27 + len(lacing)
        if page >= 2:  # after the two heads, one packet a page
            parts.append(voice[body : body + sum(lacing)])
        at, page = body + sum(lacing), page + 1
    return [part[len(part) // 2 - 16 :][:32] for part in parts if len(part) >= 48]


def found_in(data: bytes, needles: list[bytes]) -> list[bytes]:
    """Which of these are in the data."""
    return [needle for needle in needles if needle in data]


def files_below(*folders: Path) -> dict[Path, bytes]:
    return {
        path: path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


# One lesson that most of the tests look at


@dataclass
class Lesson:
    """Two rooms at once, recorded from before anybody came until after nine seconds."""

    studio: Studio
    kept: Vault
    choir: Vault
    crowd: Crowd
    singers: Crowd
    status: dict[str, Status]
    while_it_ran: dict[Path, bytes]
    stopping: float
    stopped: float


def vault(folder: Path, recording: str) -> Vault:
    return Vault(folder / recording, recording, os.urandom(32))


def grew(studio: Studio, recording: str, least: int = 1) -> Callable[[], bool]:
    """Asks whether this recording has written so many bytes since now."""

    def written() -> int:
        status = studio.client.list().get(recording)
        return sum(track.bytes for track in status.tracks) if status else 0

    before = written()
    return lambda: written() >= before + least


@pytest.fixture(scope="module")
def lesson(shared: Studio, reels: Path, tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    folder = tmp_path_factory.mktemp("vault")
    kept, choir = vault(folder, "lesson"), vault(folder, "choir")
    for one in (kept, choir):
        livekit.create_room(one.recording)
        shared.record(one.recording, one.folder, one.key, room=one.recording)
    members = [
        Member("amara", reels / "amara.ivf", reels / "amara.ogg"),
        Member("ben", reels / "ben.ivf", reels / "ben.ogg", mute_at=3, unmute_at=5),
        Member("chloe", reels / "chloe.ivf", reels / "chloe.ogg", screen=True),
        Member("dan", reels / "ben.ivf", reels / "amara.ogg", stop_at=4),
        Member("flash", reels / "flash.ivf", reels / "beep.ogg"),
    ]
    singer = Member("amara", reels / "chloe.ivf", reels / "ben.ogg")  # the same identity, in another room
    with shared.crowd(*members, room="lesson") as crowd, shared.crowd(singer, room="choir") as singers:
        began = time.monotonic()
        wait_for(lambda: len(kept.tracks()) >= 10 and len(choir.tracks()) == 2, 10, "every track begins")
        wait_for(lambda: len(tracks_of(kept, "ben", "audio")) == 2, 10, "Ben is heard again")
        wait_for(lambda: time.monotonic() > began + 9, 10, "nine seconds of it")
        status = shared.client.list()
        while_it_ran = files_below(shared.folder, folder)
        stopping = time.time()
        shared.client.stop("lesson")
        stopped = time.time()
        shared.client.stop("choir")
    return Lesson(shared, kept, choir, crowd, singers, status, while_it_ran, stopping, stopped)


@pytest.mark.parametrize(
    ("identity", "colour", "pitch"),
    [("amara", RED, 400), ("ben", GREEN, 700), ("chloe", BLUE, 1100), ("dan", GREEN, 400)],
)
def test_each_person_is_in_parts_of_their_own(lesson: Lesson, identity: str, colour: int, pitch: float):
    films = tracks_of(lesson.kept, identity, "video")
    voices = tracks_of(lesson.kept, identity, "audio")
    assert films and voices
    for track in [*films, *voices]:
        assert track["name"] == f"{identity.title()} Name"
    for track in films:
        assert (track["mime"], track["width"], track["height"]) == ("video/VP8", 320, 180)
        shown = pictures_of(lesson.kept, track)
        assert {int(np.argmax(one)) for one in shown.colours} == {colour}
        assert track["end"]["frames"] == len(shown.times) + shown.damaged
    for track in voices:
        _, sound = sound_of(lesson.kept, track)
        sound = np.trim_zeros(np.where(abs(sound) > 0.001, sound, 0))
        assert track["mime"] == "audio/opus" and len(sound) > 24000
        # In every quarter of a second, but for the first, in which the decoder begins.
        for at in range(12000, len(sound) - 12000, 12000):
            assert abs(pitch_of(sound[at : at + 12000]) - pitch) < 6


def test_pictures_and_sounds_are_at_their_true_time(lesson: Lesson):
    seen = only_track(lesson.kept, "flash", "video")
    shown = pictures_of(lesson.kept, seen)
    flashes = rises(shown.times, [float(one.mean()) for one in shown.colours], 128)
    began, sound = sound_of(lesson.kept, only_track(lesson.kept, "flash", "audio"))
    loud = np.sqrt((sound[: len(sound) // 240 * 240].reshape(-1, 240) ** 2).mean(axis=1))
    beeps = rises([began + i * 0.005 for i in range(len(loud))], list(loud), 0.1)
    beeps = [at for i, at in enumerate(beeps) if i == 0 or at - beeps[i - 1] > 1]
    assert len(flashes) >= 2 and len(beeps) >= 2
    late = {
        "flash": off_by(flashes, [at + 1 for at in seconds_of(lesson.crowd, "flash", "video")]),
        "beep": off_by(beeps, [at + 1 for at in seconds_of(lesson.crowd, "flash", "audio")]),
    }
    print({what: [round(one * 1000) for one in values] for what, values in late.items()}, "ms late")
    assert max(abs(one) for values in late.values() for one in values) < TOLERANCE


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_a_track_is_as_long_as_it_was_sent(lesson: Lesson, kind: str):
    track = only_track(lesson.kept, "amara", kind)
    began, reach = track["began"] / 1000, reach_of(lesson.kept, track)
    first = seconds_of(lesson.crowd, "amara", kind)
    late = min(began - one for one in first if one < began + TOLERANCE)
    print(
        f"{kind}: begins {late * 1000:.0f} ms after its sender, ends {(lesson.stopping - reach) * 1000:.0f} "
        f"ms before the order to stop"
    )
    assert -TOLERANCE < late < (TOLERANCE if kind == "video" else 1)
    assert lesson.stopping - 0.3 < reach < lesson.stopped + TOLERANCE
    wanted = (reach - began) * (15 if kind == "video" else 50)
    assert abs(track["end"]["frames"] - wanted) < 0.05 * wanted + 2
    assert abs(track["start_ms"] + (reach - began) * 1000 - track["end"]["at_ms"]) <= 2


def test_a_mute_ends_a_part_and_an_unmute_begins_another(lesson: Lesson):
    for kind in ("video", "audio"):
        first, second = tracks_of(lesson.kept, "ben", kind)
        began = seconds_of(lesson.crowd, "ben", kind)[0]
        assert first["sid"] == second["sid"] and first["file"] != second["file"]
        ended, again = reach_of(lesson.kept, first) - began, second["began"] / 1000 - began
        print(f"{kind}: muted at 3 s, ends at {ended:.2f} s; unmuted at 5 s, begins at {again:.2f} s")
        assert 3 - SIGNALLED < ended < 3 + TOLERANCE
        assert 5 - TOLERANCE < again < 5 + SIGNALLED
        for track in (first, second):
            with lesson.kept.open(track["file"]) as file:
                assert file.complete and file.check() == []


def test_what_is_stopped_ends_though_the_meeting_goes_on(lesson: Lesson):
    for kind in ("video", "audio"):
        track = only_track(lesson.kept, "dan", kind)
        began = seconds_of(lesson.crowd, "dan", kind)[0]
        ended = reach_of(lesson.kept, track) - began
        if kind == "audio":  # the media server puts a moment of silence behind it
            start, sound = sound_of(lesson.kept, track)
            assert ended < 4.5
            ended = start - began + np.flatnonzero(abs(sound) > 0.01)[-1] / 48000
        print(f"{kind}: stopped at 4 s, ends at {ended:.2f} s")
        assert 4 - SIGNALLED < ended < 4 + TOLERANCE
        assert track["began"] + track["end"]["at_ms"] - track["start_ms"] < lesson.stopping * 1000 - 3000
    assert "dan" not in {track.identity for track in lesson.status["lesson"].tracks}


def test_a_shared_screen_is_told_from_a_camera(lesson: Lesson):
    sources = {(t["identity"], t["kind"]): t["source"] for t in lesson.kept.tracks()}
    assert sources[("chloe", "video")] == "screen_share"
    assert sources[("chloe", "audio")] == "screen_share_audio"
    assert {who for (who, _), source in sources.items() if source == "camera"} == {
        "amara", "ben", "dan", "flash"
    }  # fmt: skip
    assert {who for (who, _), source in sources.items() if source == "microphone"} == {
        "amara", "ben", "dan", "flash"
    }  # fmt: skip
    told = {(t.identity, t.source): (t.width, t.height) for t in lesson.status["lesson"].tracks}
    assert told[("chloe", "screen_share")] == told[("amara", "camera")] == (320, 180)
    assert told[("chloe", "screen_share_audio")] == (0, 0)


def test_two_rooms_at_once_keep_apart(lesson: Lesson):
    assert {t["identity"] for t in lesson.kept.tracks()} == {"amara", "ben", "chloe", "dan", "flash"}
    assert {t["identity"] for t in lesson.choir.tracks()} == {"amara"}
    shown = pictures_of(lesson.choir, only_track(lesson.choir, "amara", "video"))
    assert {int(np.argmax(one)) for one in shown.colours} == {BLUE}
    _, sound = sound_of(lesson.choir, only_track(lesson.choir, "amara", "audio"))
    assert abs(pitch_of(sound[12000:]) - 700) < 6
    assert not {p.name for p in lesson.kept.folder.glob("s*")} & {
        p.name for p in lesson.choir.folder.glob("s*")
    }
    track = only_track(lesson.choir, "amara", "audio")
    other = Vault(lesson.choir.folder, "choir", lesson.kept.key)
    with other.open(track["file"]) as file, pytest.raises(VaultDamaged):
        file.read()


def test_a_stop_ends_every_file(lesson: Lesson):
    for kept in (lesson.kept, lesson.choir):
        for path in sorted(kept.folder.iterdir()):
            with kept.open(path.name) as file:
                assert file.complete and file.check() == []
        events = kept.events()
        assert [e["e"] for e in events].count("stop") == 1 and events[-1]["e"] == "stop"
        assert all(track["end"] for track in kept.tracks())
        names = {track["file"] for track in kept.tracks()} | {"manifest-1.ctv"}
        assert {path.name for path in kept.folder.iterdir()} == names
    assert (
        abs(lesson.kept.events()[0]["started_ms"] + lesson.kept.events()[-1]["at_ms"] - lesson.stopped * 1000)
        < 500
    )
    assert not {"lesson", "choir"} & set(lesson.studio.client.list())


def test_stopping_again_or_what_is_not_there_is_no_trouble(lesson: Lesson):
    before = files_below(lesson.kept.folder)
    lesson.studio.client.stop("lesson")
    lesson.studio.client.stop("nobody-knows-this")
    assert files_below(lesson.kept.folder) == before
    assert "nobody-knows-this" not in lesson.studio.client.list()


def test_no_clear_byte_is_on_the_disk(lesson: Lesson, reels: Path):
    key = lesson.kept.key
    films, voices = (
        [path.read_bytes() for path in sorted(reels.glob(f"*.{kind}"))] for kind in ("ivf", "ogg")
    )
    needles = [one for film, voice in zip(films, voices, strict=True) for one in needles_of(film, voice)]
    names = [f"{who} Name".encode() for who in ("Amara", "Ben", "Chloe", "Dan", "Flash")]
    secret = [key, key.hex().encode(), base64.b64encode(key), base64.urlsafe_b64encode(key)]
    secret += [token.encode() for token in lesson.studio.tokens]
    # They would be found: they are in the films, and in what the vault gives with its key.
    assert len(needles) > 500 and len(set(needles)) > 400
    sources = b"".join(files_below(reels).values())
    assert len(found_in(sources, needles)) == len(needles)
    plain = b"".join(lesson.kept.open(p.name).read() for p in lesson.kept.folder.iterdir())
    assert len(set(found_in(plain, needles))) > 300
    assert found_in(plain, names) == names
    for files in (lesson.while_it_ran, files_below(lesson.studio.folder, lesson.kept.folder.parent)):
        data = list(files.values())
        assert {"recorder.log", "livekit-server.log", "manifest-1.ctv"} <= {path.name for path in files}
        assert sum(map(len, data)) > 500_000
        for path, one in files.items():
            assert found_in(one, [*needles, *names, *secret]) == [], path.name
    for path in lesson.kept.folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_who_comes_back_is_recorded_again(shared: Studio, kept: Vault, reels: Path):
    """A browser that crashes or is loaded again is the same person, from whom other tracks come."""
    livekit.create_room("back")
    shared.record(kept.recording, kept.folder, kept.key, room="back")
    film, voice = reels / "amara.ivf", reels / "amara.ogg"
    try:
        with shared.crowd(Member("amara", film, voice, mute_at=0.4, unmute_at=0.8), room="back"):
            wait_for(lambda: len(kept.tracks()) == 4, 10, "she is recorded, before and after her mute")
        with shared.crowd(Member("amara", film, voice), room="back"):
            wait_for(lambda: len({t["sid"] for t in kept.tracks()}) == 4, 5, "she is recorded again")
    finally:
        shared.client.stop(kept.recording)


# Orders that cannot be carried out


@pytest.fixture
def going(shared: Studio, reels: Path, kept: Vault) -> Iterator[Vault]:
    """A recording of another room that has nothing to do with it, and goes on to its end."""
    livekit.create_room("going")
    shared.record(kept.recording, kept.folder, kept.key, room="going")
    with shared.crowd(Member("amara", reels / "amara.ivf", reels / "amara.ogg"), room="going"):
        wait_for(grew(shared, kept.recording), 10, "the other recording is written")
        yield kept
        wait_for(grew(shared, kept.recording, 20_000), 10, "the other recording goes on")
        assert shared.client.list()[kept.recording].state == "recording"
        shared.client.stop(kept.recording)
    livekit.delete_room("going")  # or the next Amara would come back to it, which is a test of its own
    assert shared.recorder.poll() is None
    for track in kept.tracks():
        with kept.open(track["file"]) as file:
            assert file.complete and file.check() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for 512 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], capture_output=True)
    if made.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Fill the disk to its last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


def open_files(studio: Studio) -> list[str]:
    """The files in which the recorder writes recordings at this moment."""
    found = []
    for handle in Path(f"/proc/{studio.recorder.pid}/fd").iterdir():
        with suppress(OSError):
            found.append(os.readlink(handle))
    return [name for name in found if ".ctv" in name]  # also one that was removed


def test_a_folder_that_cannot_be_written_is_told_at_once(shared: Studio, going: Vault, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecorderUnavailable) as told:
        shared.record("rec-2", tmp_path / "file" / "rec-2", os.urandom(32), room="going")
    assert str(told.value) == "The recorder cannot record: the folder cannot be made: not a directory."
    assert "rec-2" not in shared.client.list()


def test_a_segment_is_never_written_over(shared: Studio, going: Vault):
    before = (going.folder / "manifest-1.ctv").read_bytes()
    shared.record(going.recording, going.folder, going.key, room="going")  # it runs: nothing is done
    livekit.create_room("late")
    with pytest.raises(RecorderUnavailable, match="the manifest cannot be written: file exists"):
        shared.record("rec-2", going.folder, going.key, room="late")
    assert (going.folder / "manifest-1.ctv").read_bytes().startswith(before)


def test_a_room_that_cannot_be_entered_is_told_without_the_token(
    shared: Studio, going: Vault, tmp_path: Path
):
    for room, token in (("nowhere", None), ("going", "no.good.token")):
        token = token or shared.token(room, livekit.RECORDER, LISTENS, hidden=True)
        with pytest.raises(RecorderUnavailable) as told:
            shared.client.start(
                "rec-2", room=room, url=shared.url, token=token, folder=tmp_path / "rec-2", key=bytes(32),
                segment=1,
            )  # fmt: skip
        assert str(told.value) == (
            "The recorder cannot record: the media server did not let the recorder into the room."
        )
        assert token not in shared.log("recorder")
    assert list((tmp_path / "rec-2").iterdir()) == []


def test_an_order_that_is_not_understood_is_answered(shared: Studio, tmp_path: Path):
    for recording, key, why in (
        ("a" * 65, bytes(32), "the order was not understood"),
        ("rec-2", bytes(31), "the key has to be 32 bytes"),
    ):
        with pytest.raises(RecorderUnavailable, match=why):
            shared.record(recording, tmp_path / "rec-2", key)
    with pytest.raises(RecorderUnavailable, match="the folder has to be a whole path"):
        shared.record("rec-2", Path("rec-2"), bytes(32))
    assert not (tmp_path / "rec-2").exists()


def test_a_full_disk_is_told_and_what_was_there_can_be_read(
    shared: Studio, going: Vault, small_disk: Path, reels: Path
):
    kept = vault(small_disk, "rec-2")
    livekit.create_room("full")
    shared.record(kept.recording, kept.folder, kept.key, room="full")
    with shared.crowd(Member("ben", reels / "ben.ivf", reels / "ben.ogg"), room="full"):
        wait_for(grew(shared, "rec-2", 40_000), 10, "two seconds are written")
        filled = time.time()
        ballast = fill(small_disk)
        wait_for(lambda: shared.client.list()["rec-2"].state == "lost", 10, "the full disk is told")
        told = time.time() - filled
        status = shared.client.list()["rec-2"]
        assert status.error == "the disk does not take the recording: no space left on device"
        assert status.tracks == ()

        # As long as it is full, a next segment is refused, and leaves no file that nobody can read.
        before = files_below(kept.folder)
        for segment in (2, 3):
            with pytest.raises(RecorderUnavailable, match="no space left on device"):
                shared.record("rec-2", kept.folder, kept.key, segment=segment, room="full")
        assert files_below(kept.folder) == before
        assert not [name for name in open_files(shared) if str(kept.folder) in name]

        reached = {
            kind: reach_of(kept, only_track(kept, "ben", kind)) - filled for kind in ("video", "audio")
        }
        print(f"told after {told:.2f} s; the last that can be read, from that moment on: {reached}")
        assert min(reached.values()) > -2
        assert {int(np.argmax(c)) for c in pictures_of(kept, only_track(kept, "ben", "video")).colours} == {
            GREEN
        }

        ballast.unlink()
        shared.record("rec-2", kept.folder, kept.key, segment=4, room="full")
        wait_for(grew(shared, "rec-2", 10_000), 10, "there is room again")
        shared.client.stop("rec-2")
    assert {t["kind"] for t in kept.tracks(4)} == {"video", "audio"}
    assert all(track["end"] for track in kept.tracks(4))


# Ends that nobody ordered


def test_a_room_that_is_deleted_ends_the_recording(shared: Studio, going: Vault, tmp_path: Path, reels: Path):
    kept = vault(tmp_path, "rec-2")
    livekit.create_room("over")
    shared.record("rec-2", kept.folder, kept.key, room="over")
    with shared.crowd(Member("ben", reels / "ben.ivf"), room="over"):
        wait_for(grew(shared, "rec-2", 10_000), 10, "something is written")
        livekit.delete_room("over")
        wait_for(lambda: shared.client.list()["rec-2"].state == "stopped", 10, "the recording stops")
    wait_for(lambda: kept.events()[-1]["e"] == "stop", 5, "the manifest ends")
    assert shared.client.list()["rec-2"].error == ""
    assert all(track["end"] for track in kept.tracks())
    shared.client.stop("rec-2")


def test_a_recorder_put_out_of_the_room_says_so(shared: Studio, going: Vault):
    kept = vault(going.folder.parent, "rec-2")
    livekit.create_room("out")
    shared.record("rec-2", kept.folder, kept.key, room="out")
    livekit.remove("out", livekit.RECORDER)
    wait_for(lambda: shared.client.list()["rec-2"].state == "lost", 10, "it is told")
    assert "put the recorder out of the room" in shared.client.list()["rec-2"].error
    shared.client.stop("rec-2")


def before_next_chunk(path: Path) -> None:
    """Return at the worst moment for a crash: shortly before the file gets its next chunk."""
    grown = []
    for _ in range(4):
        size = path.stat().st_size
        wait_for(lambda size=size: path.stat().st_size > size, 10, "the file grows")
        grown.append(time.monotonic())
    shortest = min(later - sooner for sooner, later in pairwise(grown))
    time.sleep(0.8 * shortest)  # the wait is for a moment, not for something to happen


def test_the_recorder_is_killed_and_goes_on(studio: Studio, kept: Vault, reels: Path):
    livekit.create_room("room")
    studio.record("rec-1", kept.folder, kept.key)
    people = [Member(who, reels / f"{who}.ivf", reels / f"{who}.ogg") for who in ("amara", "ben")]
    with studio.crowd(*people):
        wait_for(lambda: len(kept.tracks()) == 4, 10, "four tracks begin")
        wait_for(grew(studio, "rec-1", 100_000), 15, "some seconds are written")
        before_next_chunk(kept.folder / only_track(kept, "amara", "audio")["file"])
        killed = time.time()
        studio.recorder.kill()
        studio.recorder.wait()
        first = files_below(kept.folder)
        lost = []
        for track in kept.tracks():
            assert track["end"] is None
            with kept.open(track["file"]) as file:
                assert not file.complete and file.check() == []
            lost.append(killed - reach_of(kept, track))
        print(f"lost: {[round(one * 1000) for one in lost]} ms")
        assert max(lost) <= 2 and min(lost) > -TOLERANCE
        for who, colour in (("amara", RED), ("ben", GREEN)):
            shown = pictures_of(kept, only_track(kept, who, "video"))
            assert {int(np.argmax(one)) for one in shown.colours} == {colour}

        studio.start_recorder()
        assert studio.client.list() == {}
        with pytest.raises(RecorderUnavailable, match="file exists"):
            studio.record("rec-1", kept.folder, kept.key)  # the first segment is not begun again
        ordered = time.time()
        studio.record("rec-1", kept.folder, kept.key, segment=2)
        wait_for(lambda: len(kept.tracks(2)) == 4, 10, "four tracks begin again")
        wait_for(grew(studio, "rec-1", 40_000), 10, "something is written")
        studio.recorder.terminate()  # an update or a shutdown ends what is recorded in good order
        assert studio.recorder.wait(5) == 0
    second = files_below(kept.folder)
    assert {path: second[path] for path in first} == first
    fresh = {path.name for path in set(second) - set(first)}
    assert fresh == {"manifest-2.ctv", *(track["file"] for track in kept.tracks(2))}
    assert kept.events(2)[0]["segment"] == 2 and kept.events(2)[-1]["e"] == "stop"
    again = [track["began"] / 1000 - ordered for track in kept.tracks(2)]
    print(f"begun again: {[round(one * 1000) for one in again]} ms after the order")
    assert min(again) > -TOLERANCE and max(again) < 2
    assert all(track["end"] for track in kept.tracks(2))
    for who, colour in (("amara", RED), ("ben", GREEN)):
        shown = pictures_of(kept, only_track(kept, who, "video", 2))
        assert {int(np.argmax(one)) for one in shown.colours} == {colour}


def test_the_media_server_is_killed_and_comes_back(studio: Studio, kept: Vault, reels: Path):
    livekit.create_room("room")
    studio.record("rec-1", kept.folder, kept.key)
    amara = Member("amara", reels / "amara.ivf", reels / "amara.ogg")
    with studio.crowd(amara):
        wait_for(grew(studio, "rec-1", 60_000), 15, "some seconds are written")
        killed = time.time()
        studio.server.kill()
        studio.server.wait()
        wait_for(lambda: studio.client.list()["rec-1"].state == "lost", 5, "it is told")
        told = time.time() - killed
    assert studio.client.list()["rec-1"].error == "the connection to the media server was lost"
    wait_for(lambda: kept.events()[-1]["e"] == "stop", 10, "the segment ends")
    ended = time.time() - killed
    lost = []
    for track in kept.tracks():
        with kept.open(track["file"]) as file:
            assert file.complete and file.check() == [] and track["end"]
        lost.append(killed - reach_of(kept, track))
    print(f"told after {told:.2f} s, ended after {ended:.2f} s, lost {[round(v * 1000) for v in lost]} ms")
    assert max(lost) < 0.5
    assert {int(np.argmax(c)) for c in pictures_of(kept, only_track(kept, "amara", "video")).colours} == {RED}

    # While it is away, a next segment is refused and leaves nothing behind.
    first = files_below(kept.folder)
    with pytest.raises(RecorderUnavailable):
        studio.record("rec-1", kept.folder, kept.key, segment=2)
    assert files_below(kept.folder) == first
    studio.start_server()
    livekit.create_room("room")
    studio.record("rec-1", kept.folder, kept.key, segment=3)
    with studio.crowd(amara):
        wait_for(grew(studio, "rec-1", 20_000), 10, "something is written")
        studio.client.stop("rec-1")
    second = files_below(kept.folder)
    assert {path: second[path] for path in first} == first
    assert {track["kind"] for track in kept.tracks(3)} == {"video", "audio"}
    assert studio.recorder.poll() is None
