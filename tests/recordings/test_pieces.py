"""A film a second at a time: each piece is that second and nothing of another."""

import io
from pathlib import Path

import av
import pytest

from circletime.recordings.film.pieces import LONGEST_PIECE, NoPiece, length_of, piece
from circletime.recordings.film.render import render
from circletime.recordings.film.script import Script, Track
from circletime.recordings.rules import Span
from tests.recordings.plant import colour_at
from tests.recordings.tracks import picture, tone

SECONDS = 12


class Bytes:
    """A film in memory that counts what is read of it."""

    def __init__(self, data: bytes) -> None:
        self.data, self.size, self.taken = data, len(data), 0

    def read(self, span: Span) -> bytes:
        self.taken += span.length
        return self.data[span.first : span.last + 1]


@pytest.fixture(scope="module")
def film() -> bytes:
    data = {"v": picture(SECONDS, colour_at, noise=200), "a": tone(SECONDS, 440)}
    tracks = tuple(Track("a", source, Path(n), 0, SECONDS) for n, source in (("v", "camera"), ("a", "microphone")))
    rest = io.BytesIO()
    script = Script(0, SECONDS, "A film", "Europe/London", tracks, {"a": "Amara"})
    return render(script, lambda path: io.BytesIO(data[path.name]), rest, lambda _: None) + rest.getvalue()


def packets(data: bytes) -> dict[str, list[float]]:
    with av.open(io.BytesIO(data)) as container:
        found: dict[str, list[float]] = {"video": [], "audio": []}
        for packet in container.demux():
            if packet.pts is not None:
                found[packet.stream.type].append(float(packet.pts * packet.time_base))
        return found


def test_the_pieces_together_are_the_whole_film_once(film):
    whole = packets(film)
    parts = [packets(piece(Bytes(film), number)) for number in range(SECONDS)]
    for kind in ("video", "audio"):
        joined = [round(at, 4) for part in parts for at in part[kind]]
        assert joined == sorted({round(at, 4) for at in whole[kind] if at >= 0})


@pytest.mark.parametrize("number", [0, 1, 7, SECONDS - 1])
def test_a_piece_has_nothing_of_another_second(film, number):
    source = Bytes(film)
    made = piece(source, number)
    for moments in packets(made).values():
        assert moments and all(number <= at < number + 1 for at in moments)
    assert len(made) < LONGEST_PIECE
    assert source.taken < len(film) / 2, "only the index and that place are read"


@pytest.mark.parametrize("number", [-1, SECONDS, 10**9, 10**18])
def test_where_there_is_no_film_there_is_no_piece(film, number):
    with pytest.raises(NoPiece):
        piece(Bytes(film), number)


def test_the_length_is_read_from_the_index(film):
    assert abs(length_of(Bytes(film)) - SECONDS) < 0.1
