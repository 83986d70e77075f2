"""A redacted film, decoded: at every moment nothing of the others is in it, and everything kept is (T10)."""

from functools import cache

import numpy as np
import pytest

from circletime.meetings.rules import SeatRole, State
from circletime.recordings import queries
from circletime.recordings.actions import film as actions
from circletime.recordings.film import job, layout, render
from circletime.recordings.film.cut import Cut, Stretch
from circletime.recordings.film.script import FPS, scenes
from circletime.recordings.models import Recording
from circletime.recordings.rules import FilmKind
from tests.recordings.school import BEGAN, Part, give_turn, make_meeting, make_recording, make_seat
from tests.recordings.screening import BLUE, GREEN, RED, Seen, make_film, near
from tests.recordings.tracks import picture, tone

LASTS = 12
PINK, CYAN = (230, 60, 200), (40, 210, 210)  # the edge around who has the floor is yellow
TONES = {"host": 400, "amara": 700, "ben": 1100, "chloe": 1600}


@cache
def of_one_colour(seconds: float, colour: tuple[int, int, int], **how: tuple[int, int]) -> bytes:
    """The same for every test here."""
    return picture(seconds, lambda t: colour, **how)


@pytest.fixture
def seats(staff) -> dict:
    meeting = make_meeting(staff, state=State.ENDED, seconds=LASTS)
    named = {"host": make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])}
    for label in ("Amara", "Ben", "Chloe"):
        named[label.lower()] = make_seat(meeting, label)
    give_turn(named["amara"], 2, 5)
    give_turn(named["ben"], 5, 8)
    return named


@pytest.fixture
def recording(seats) -> Recording:
    """Four people, each of one colour and one tone all the time; Ben shows his screen for a while."""
    parts = []
    for (name, seat), colour in zip(seats.items(), (BLUE, RED, GREEN, CYAN), strict=True):
        parts.append(Part(seat, "camera", of_one_colour(LASTS, colour), 0, LASTS))
        parts.append(Part(seat, "microphone", tone(LASTS, TONES[name], loud=0.15), 0, LASTS))
    parts.append(Part(seats["ben"], "screen_share", of_one_colour(3, PINK, size=(640, 360)), 8, 11))
    return make_recording(seats["host"].meeting, parts)


def redacted(recording: Recording, cut: Cut, kind: FilmKind = FilmKind.REDACTED) -> Seen:
    recording.films.all().delete()
    actions.ask(recording=recording, kind=kind, cut=cut, by="system:test", now=BEGAN)
    return Seen(make_film(recording))


def share_of(image: np.ndarray, colour: tuple[int, int, int], by: int = 45) -> float:
    """How much of a picture has about this colour; every third pixel each way is looked at."""
    few = image[::3, ::3].astype(np.int16)
    # One plane after the other: over an axis of three numpy is many times slower.
    red, green, blue = (np.abs(few[:, :, n] - colour[n]) <= by for n in range(3))
    return float((red & green & blue).mean())


def loudness(seen: Seen, hertz: float, begins: float, ends: float) -> float:
    part = seen.sound[int(begins * 48000) : int(ends * 48000)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(part.size))) / part.size
    near_it = np.abs(np.fft.rfftfreq(part.size, 1 / 48000) - hertz) < 15
    return float(spectrum[near_it].max())


def steps(length: float = 0.1) -> list[float]:
    return [float(at) for at in np.arange(0.1, LASTS - 0.3, length)]


def test_the_whole_film_has_all_of_it_so_the_proofs_below_can_fail(recording):
    seen = redacted(recording, Cut())
    middle = min(seen.frames, key=lambda frame: abs(frame[0] - 9))[1]
    for colour in (BLUE, RED, GREEN, CYAN, PINK):
        # While Ben shows his screen his camera is not in the picture.
        assert share_of(middle, colour) > 0.02 or colour == GREEN
    assert all(loudness(seen, hertz, 1, 4) > 1e-3 for hertz in TONES.values())


def test_only_the_child_and_the_teacher_are_in_it_at_every_moment(recording, seats):
    keep = {"host": BLUE, "amara": RED}
    seen = redacted(recording, Cut(keep=frozenset(seats[name].public_id for name in keep)))
    assert len(seen.frames) == LASTS * FPS
    for moment, image in seen.frames:
        for colour in (GREEN, CYAN, PINK):
            assert share_of(image, colour) < 0.0005, (moment, colour)
        if 0.3 < moment < LASTS - 0.3:
            for colour in keep.values():
                assert share_of(image, colour) > 0.05, (moment, colour)
    for at in steps():
        for name, hertz in TONES.items():
            loud = loudness(seen, hertz, at, at + 0.2)
            assert (loud > 1e-3) if name in keep else (loud < 5e-5), (name, at, loud)


def test_the_tracks_of_the_others_are_never_opened(recording, seats):
    keep = frozenset({seats["host"].public_id, seats["amara"].public_id})
    film = actions.ask(
        recording=recording, kind=FilmKind.REDACTED, cut=Cut(keep=keep), by="system:test", now=BEGAN
    )
    key = queries.key_of(recording)
    whole, script = queries.film_script(recording, key), job.script_of(film, key)
    theirs = {track.path for track in whole.tracks if track.identity not in keep}
    assert len(theirs) == 5
    opened = []

    def opener(path):
        opened.append(path)
        return queries.open_part(recording.public_id, path.name, key)

    class Nowhere:
        def write(self, data):
            return len(data)

    render.render(script, opener, Nowhere(), lambda percent: None)
    assert set(opened) == {track.path for track in whole.tracks} - theirs


def test_a_stretch_of_one_person_is_neither_seen_nor_heard(recording, seats):
    stretch = Stretch(3.21, 6.47, seats["amara"].public_id)
    seen = redacted(recording, Cut(stretches=(stretch,)))
    for moment, image in seen.frames:
        hidden = 3.2 - 1e-6 <= moment < 6.47 + 1e-6
        if hidden:
            assert share_of(image, RED) < 0.0005, moment
        elif 0.3 < moment < 3.1 or 6.7 < moment < LASTS - 0.3:
            assert share_of(image, RED) > 0.02, moment
        if 0.3 < moment < LASTS - 0.3:
            assert share_of(image, BLUE) > 0.02, moment
    inside = [at for at in steps() if 3.21 <= at and at + 0.2 <= 6.47]
    assert len(inside) > 25
    for at in inside:
        assert loudness(seen, TONES["amara"], at, at + 0.2) < 5e-5, at
        assert loudness(seen, TONES["host"], at, at + 0.2) > 1e-3, at
    assert loudness(seen, TONES["amara"], 2.8, 3.1) > 1e-3 and loudness(seen, TONES["amara"], 6.6, 6.9) > 1e-3


def test_a_stretch_of_everybody_hides_all_and_only_what_it_says(recording, seats):
    seen = redacted(recording, Cut(stretches=(Stretch(2, 4, sound=False), Stretch(6, 8, picture=False))))
    for moment, image in seen.frames:
        shown = sum(share_of(image, colour) for colour in (BLUE, RED, GREEN, CYAN, PINK))
        assert shown < 0.001 if 2 <= moment <= 4 else True, moment
        assert shown > 0.2 if 6.1 < moment < 7.9 else True, moment
    quiet = seen.sound[6 * 48000 : 8 * 48000]
    assert np.abs(quiet).max() < 1e-3
    assert loudness(seen, TONES["host"], 2.2, 3.8) > 1e-3


def test_a_picture_taken_in_a_stretch_is_not_shown_after_it_either(seats):
    """A camera that sends one picture in two seconds: what it took meanwhile still stands afterwards."""
    host, amara = seats["host"], seats["amara"]
    slow = picture(LASTS, lambda t: GREEN if 4 <= t < 6 else RED, fps=1)
    recording = make_recording(host.meeting, [Part(amara, "screen_share", slow, 0, LASTS)])
    seen = redacted(recording, Cut(stretches=(Stretch(3.5, 5.3, amara.public_id),)))
    assert all(share_of(image, GREEN) < 0.0005 for _, image in seen.frames)
    box = layout.place((amara.public_id,), amara.public_id)[amara.public_id]
    assert near(seen.colour(2, box), RED) and near(seen.colour(8, box), RED)


def test_one_persons_film_shows_them_alone_and_lets_all_be_heard(recording, seats):
    ben = seats["ben"].public_id
    seen = redacted(recording, Cut(keep=frozenset({ben})), FilmKind.PERSON)
    for moment, image in seen.frames:
        for colour in (BLUE, RED, CYAN):
            assert share_of(image, colour) < 0.0005, moment
        if 0.3 < moment < 7.9:
            assert share_of(image, GREEN) > 0.7, moment
    assert all(loudness(seen, hertz, 1, 11) > 1e-3 for hertz in TONES.values())


def test_a_film_for_a_meeting_of_one(staff):
    meeting = make_meeting(staff, state=State.ENDED, seconds=4)
    host = make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    recording = make_recording(meeting, [Part(host, "camera", picture(4, lambda t: BLUE), 0, 4)])
    seen = redacted(recording, Cut(keep=frozenset({host.public_id})))
    assert all(share_of(image, BLUE) > 0.7 for moment, image in seen.frames if 0.3 < moment < 3.7)
    nobody = redacted(recording, Cut(keep=frozenset({"somebody-else"})))
    assert len(nobody.frames) == 4 * FPS and all(share_of(image, BLUE) < 0.0005 for _, image in nobody.frames)


def test_a_damaged_track_of_somebody_else_does_not_matter(recording, seats):
    """Another child's damaged file is not even looked at; a kept one's plays as far as it is sound."""
    folder = queries.folder_of(recording.public_id)
    for name in ("s1-TR_4.ctv", "s1-TR_0.ctv"):
        raw = bytearray((folder / name).read_bytes())
        raw[len(raw) // 2] ^= 1
        (folder / name).write_bytes(raw)
    seen = redacted(recording, Cut(keep=frozenset({seats["host"].public_id, seats["amara"].public_id})))
    assert len(seen.frames) == LASTS * FPS
    assert all(share_of(image, RED) > 0.05 for moment, image in seen.frames if 0.3 < moment < LASTS - 0.3)
    assert all(share_of(image, GREEN) < 0.0005 for _, image in seen.frames)


def test_the_scenes_of_a_redacted_film_name_nobody_else(recording, seats):
    keep = frozenset({seats["host"].public_id, seats["amara"].public_id})
    film = actions.ask(
        recording=recording, kind=FilmKind.REDACTED, cut=Cut(keep=keep), by="system:test", now=BEGAN
    )
    script = job.script_of(film, queries.key_of(recording))
    assert "Ben" not in repr(script) and seats["chloe"].public_id not in repr(script)
    assert all(scene.large in keep for scene in scenes(script) if scene.people)
