"""Which minutes somebody watched: the server's account counts, a browser's word is never more than that."""

import pytest
from django.test import Client
from django.urls import reverse

from circletime.meetings.rules import SeatRole, State
from circletime.recordings import queries
from circletime.recordings.models import Film, Recording, Viewing
from tests.recordings.school import BEGAN, Part, make_meeting, make_recording, make_seat, put_film
from tests.recordings.screening import BLUE, make_film
from tests.recordings.tracks import picture, tone
from tests.signing import sign_in

HEAD = 1000
PLACES = [1000 * second for second in range(1, 601)]
"""Ten minutes of a thousand bytes a second, behind an index of a thousand bytes."""
FILM = bytes(HEAD + PLACES[-1])


@pytest.fixture
def recording(staff) -> Recording:
    made = make_recording(make_meeting(staff, state=State.ENDED, seconds=600), [])
    put_film(made.films.get(), FILM, head=HEAD)
    Film.objects.update(places=PLACES)
    return made


@pytest.fixture
def leader(staff, recording) -> Client:
    return says_why(staff["slt"], recording)


def says_why(user, recording: Recording) -> Client:
    client = Client()
    sign_in(client, user)
    client.post(reverse("recording", args=[recording.public_id]), {"why": "A parent asked to see it"})
    return client


def fetch(client: Client, recording: Recording, begins: int, ends: int):
    """The bytes of these seconds."""
    wanted = f"bytes={HEAD + begins * 1000}-{HEAD + ends * 1000 - 1}"
    return client.get(reverse("recording-film", args=[recording.public_id]), headers={"Range": wanted})


def tell(client: Client, recording: Recording, played: str):
    return client.post(reverse("recording-watched", args=[recording.public_id]), {"played": played})


def test_what_is_handed_out_is_noted_whatever_the_browser_says(recording, leader):
    for begins, ends in ((0, 30), (30, 60), (300, 330)):
        assert fetch(leader, recording, begins, ends).status_code == 206
    viewing = Viewing.objects.get()
    assert viewing.sent == [[0, 60], [300, 330]] and viewing.played == []
    assert viewing.sent_at is not None


def test_the_browsers_word_is_only_believed_within_what_it_was_given(recording, leader):
    fetch(leader, recording, 0, 60)
    assert tell(leader, recording, "[[10, 20], [50, 500]]").status_code == 204
    assert Viewing.objects.get().played == [[10, 20], [50, 60]]
    assert tell(leader, recording, "[[20, 30]]").status_code == 204
    assert Viewing.objects.get().played == [[10, 30], [50, 60]]
    assert Viewing.objects.get().sent == [[0, 60]]


def test_asking_for_the_index_a_head_or_too_much_is_no_watching(recording, leader):
    address = reverse("recording-film", args=[recording.public_id])
    leader.get(address, headers={"Range": f"bytes=0-{HEAD - 1}"})
    leader.head(address)
    leader.get(address, headers={"Range": f"bytes={len(FILM)}-"})
    assert Viewing.objects.get().sent == []


def test_all_of_it_at_once_is_all_of_it(recording, leader):
    leader.get(reverse("recording-film", args=[recording.public_id]))
    assert Viewing.objects.get().sent == [[0, 600]]


def test_a_thousand_ranges_grow_no_row_without_end(recording, leader):
    for second in range(0, 600, 3):
        fetch(leader, recording, second, second + 1)
    sent = Viewing.objects.get().sent
    assert len(sent) == 200 and sent[0] == [0, 1]


@pytest.mark.parametrize("played", ["", "[", "{}", "[[5, 1]]", "[[0, 1e999]]", "[" * 5000, "9" * 30_000])
def test_what_is_no_span_is_refused_and_nothing_is_lost(recording, leader, played):
    fetch(leader, recording, 0, 60)
    tell(leader, recording, "[[0, 9]]")
    assert tell(leader, recording, played).status_code == 400
    assert Viewing.objects.get().played == [[0, 9]]


def test_nobody_tells_for_another(staff, recording, leader):
    fetch(leader, recording, 0, 60)
    other = says_why(staff["dsl"], recording)
    assert tell(other, recording, "[[0, 60]]").status_code == 204
    viewings = {viewing.user: viewing for viewing in Viewing.objects.all()}
    assert viewings[staff["slt"]].played == [] and viewings[staff["dsl"]].played == []
    stranger = Client()
    sign_in(stranger, staff["teacher"])
    assert tell(stranger, recording, "[[0, 60]]").status_code == 403


def test_a_word_from_another_site_is_refused(staff, recording):
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, staff["slt"])
    assert tell(strict, recording, "[[0, 60]]").status_code == 403


def test_the_page_says_who_watched_which_minutes_and_why(staff, recording, leader):
    fetch(leader, recording, 65, 130)
    tell(leader, recording, "[[70, 100]]")
    page = says_why(staff["dsl"], recording).get(reverse("recording", args=[recording.public_id]))
    words = page.content.decode()
    assert "Who watched" in words and staff["slt"].name in words and "A parent asked to see it" in words
    assert "Given: 1:05 to 2:10." in words and "1:10 to 1:40" in words
    assert '<rect class="given" x="108"' in words and '<rect class="played" x="117"' in words
    assert "Nothing of the film was given to them." in words  # to the one who reads this
    assert "style=" not in words


def test_what_cannot_be_noted_is_not_handed_out(recording, leader, monkeypatch):
    from circletime.recordings.actions import viewing

    def refuses(**what):
        raise OSError("the disk is full")

    monkeypatch.setattr(viewing, "note_sent", refuses)
    with pytest.raises(OSError, match="full"):
        fetch(leader, recording, 0, 60)


def test_a_real_films_seconds_are_where_its_bytes_are(staff):
    """The film is cut where its places say; what lies before does not hold a picture from behind."""
    import io

    import av

    from circletime.recordings.film.playback import FilmReader

    meeting = make_meeting(staff, state=State.ENDED, seconds=6)
    host = make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    parts = [
        Part(host, "camera", picture(6, lambda t: BLUE, noise=255), 0, 6),
        Part(host, "microphone", tone(6, 500), 0, 6),
    ]
    recording = make_recording(meeting, parts)
    film = make_film(recording)
    places = recording.films.get().places
    assert len(places) == 6 and places == sorted(places)
    begins = len(film) - places[-1]
    found: dict[int, list[int]] = {}
    with av.open(io.BytesIO(film)) as container:
        for packet in container.demux(video=0):
            if packet.pts is not None:
                found.setdefault(int(packet.pts * packet.time_base), []).append(packet.pos - begins)
    for second, positions in found.items():
        low = places[second - 1] if second else 0
        assert all(low - 2000 <= at <= places[second] + 2000 for at in positions), second
    with FilmReader(recording.films.get()) as opened:
        assert opened.size == len(film)
    assert queries.length_of(recording, BEGAN).total_seconds() == 6
