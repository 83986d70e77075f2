"""The film shows and plays what was recorded, where and when it was: checked by pixel and by pitch."""

import pytest

from circletime.meetings.rules import SeatRole, State
from circletime.recordings import queries
from circletime.recordings.actions import film as actions
from circletime.recordings.film import job, layout
from circletime.recordings.rules import FILM_LEASE, FILM_TRIES, FilmState
from tests.recordings.school import BEGAN, Part, Segment, give_turn, make_meeting, make_recording, make_seat
from tests.recordings.screening import BLUE, GREEN, RED, YELLOW, Seen, make_film, near
from tests.recordings.tracks import picture, tone


@pytest.fixture
def meeting(staff):
    return make_meeting(staff, state=State.ENDED, seconds=12)


def test_every_colour_and_tone_is_at_its_time_and_place(staff, meeting):
    host = make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    amara, ben = make_seat(meeting, "Amara"), make_seat(meeting, "Paweł")
    give_turn(ben, 6, 9)
    recording = make_recording(
        meeting,
        [
            Part(host, "camera", picture(13, lambda t: BLUE), -1, 12),
            Part(amara, "camera", picture(6, lambda t: RED if t < 3 else GREEN), 2, 8),
            Part(ben, "camera", picture(11, lambda t: YELLOW, size=(240, 320)), 1, 12),
            Part(ben, "microphone", tone(3, 700), 6, 9),
            Part(host, "microphone", tone(2, 1500), 1, 3),
        ],
    )
    seen = Seen(make_film(recording))
    assert abs(len(seen.frames) / 15 - 12) < 0.2 and abs(seen.sound.size / 48000 - 12) < 0.2

    all_three = layout.place((host.public_id, amara.public_id, ben.public_id), host.public_id)
    assert near(seen.colour(4, all_three[host.public_id]), BLUE)
    assert near(seen.colour(4, all_three[amara.public_id]), RED)
    assert near(seen.colour(4, all_three[ben.public_id]), YELLOW)
    # Red becomes green three seconds into the track, which began at 2: to the nearest frame or so.
    changes = [
        moment
        for moment, _ in seen.frames
        if 2.5 < moment < 6 and near(seen.colour(moment, all_three[amara.public_id]), GREEN, 60)
    ]
    assert abs(changes[0] - 5) <= 0.1

    with_floor = layout.place((host.public_id, amara.public_id, ben.public_id), ben.public_id)
    assert with_floor[ben.public_id].width > with_floor[host.public_id].width
    assert near(seen.colour(7, with_floor[ben.public_id]), YELLOW)
    assert near(seen.colour(7, with_floor[host.public_id]), BLUE)

    two = layout.place((host.public_id, ben.public_id), host.public_id)
    assert near(seen.colour(10, two[ben.public_id]), YELLOW)
    assert near(seen.colour(10, two[host.public_id]), BLUE)

    assert abs(seen.pitch(1.2, 2.8)[0] - 1500) < 5
    assert abs(seen.pitch(6.2, 8.8)[0] - 700) < 5
    assert seen.pitch(3.5, 5.5)[1] < 0.002
    assert abs(seen.sounds_from() - 1) <= 0.1


def test_a_killed_recorder_leaves_a_gap_and_no_more(staff, meeting):
    host = make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    first = picture(11, lambda t: RED, noise=255)
    assert len(first) > 150_000  # at least one whole chunk is left, and well under seven seconds
    recording = make_recording(
        meeting,
        [
            Part(host, "camera", first, 0, None, cut_at=70_000),
            Part(host, "camera", picture(4, lambda t: GREEN), 8, 12, segment=2),
        ],
        {1: Segment(), 2: Segment(begins=7.5, stopped=12)},
    )
    (queries.folder_of(recording.public_id) / "manifest-3.ctv").touch()  # killed before its first byte
    seen = Seen(make_film(recording))
    box = layout.place((host.public_id,), host.public_id)[host.public_id]
    assert near(seen.colour(0.5, box), RED)
    assert not near(seen.colour(7.4, box), RED) and not near(seen.colour(7.4, box), GREEN)
    assert near(seen.colour(10, box), GREEN)
    assert queries.vault_verify() == (1, [])


def test_silence_that_the_sender_left_out_keeps_its_length(staff, meeting):
    """Two tones in one track with nothing sent between them, as Opus does with a quiet room."""
    host = make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    recording = make_recording(
        meeting,
        [
            Part(host, "microphone", tone(1, 600), 0, 12),
            Part(host, "microphone", tone(1, 900), 7, 12),
        ],
    )
    seen = Seen(make_film(recording))
    assert abs(seen.pitch(0.1, 0.9)[0] - 600) < 5
    assert seen.pitch(2, 6)[1] < 0.002
    assert abs(seen.pitch(7.1, 7.9)[0] - 900) < 5


def test_no_clear_byte_and_no_name_is_in_the_vault(staff, meeting, own_vault):
    host = make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    film = make_film(
        make_recording(meeting, [Part(host, "camera", picture(3, lambda t: RED, noise=255), 0, 3)])
    )
    tell_tales = [
        film[4:8],
        b"moov",
        b"avc1",
        b"matroska",
        b"V_VP8",
        b"Osei",
        b"started_ms",
        film[200_000:200_032],
    ]
    for path in own_vault.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert not any(tale and tale in raw for tale in tell_tales if len(tale) >= 4), path
            assert path.stat().st_mode & 0o077 == 0


def test_an_empty_meeting_still_makes_a_film(staff, meeting):
    assert Seen(make_film(make_recording(meeting, []))).frames


def test_a_film_whose_maker_died_is_made_again_and_not_for_ever(staff, meeting):
    recording = make_recording(meeting, [])
    now = BEGAN
    for _ in range(FILM_TRIES):
        assert actions.claim_next(now) is not None
        assert actions.claim_next(now + FILM_LEASE / 2) is None
        now += FILM_LEASE * 2
    assert actions.claim_next(now) is None
    assert recording.films.get().state == FilmState.FAILED


def test_who_lost_the_claim_stops(staff, meeting):
    make_recording(meeting, [])
    slow = actions.claim_next(BEGAN)
    fast = actions.claim_next(BEGAN + FILM_LEASE * 2)
    assert slow is not None and fast is not None
    assert job.make(slow) is False
    assert job.make(fast) is True


def test_a_lost_key_is_said_and_can_be_asked_again(staff, meeting, settings):
    recording = make_recording(meeting, [])
    (settings.KEYS / "vault_kek").rename(settings.KEYS / "away")
    claimed = actions.claim_next(BEGAN)
    assert claimed is not None and job.make(claimed) is False
    claimed.refresh_from_db()
    assert claimed.state == FilmState.FAILED and "missing" in claimed.trouble
    (settings.KEYS / "away").rename(settings.KEYS / "vault_kek")
    actions.ask_again(film=claimed, by=staff["slt"], now=BEGAN)
    make_film(recording)
