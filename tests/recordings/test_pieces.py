"""A film in pieces: each begins with a whole picture in its second, and has nothing of what comes after."""

import io
from pathlib import Path

import av
import pytest

from circletime.recordings.film.pieces import LONGEST, LONGEST_PIECE, NoPiece, length_of, piece
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
    tracks = tuple(
        Track("a", source, Path(n), 0, SECONDS) for n, source in (("v", "camera"), ("a", "microphone"))
    )
    rest = io.BytesIO()
    script = Script(0, SECONDS, "A film", "Europe/London", tracks, {"a": "Amara"})
    made = render(script, lambda path: io.BytesIO(data[path.name]), rest, lambda _: None)
    return made.head + rest.getvalue()


def packets(data: bytes) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"video": [], "audio": [], "whole": []}
    if not data:
        return found
    with av.open(io.BytesIO(data)) as container:
        for packet in container.demux():
            if packet.pts is not None:
                at = float(packet.pts * packet.time_base)
                found[packet.stream.type].append(at)
                if packet.stream.type == "video" and packet.is_keyframe:
                    found["whole"].append(at)
        return found


def test_the_pieces_together_are_the_whole_film_once(film):
    whole = packets(film)
    parts = [packets(piece(Bytes(film), number)) for number in range(SECONDS)]
    for kind in ("video", "audio"):
        joined = [round(at, 4) for part in parts for at in part[kind]]
        assert joined == sorted({round(at, 4) for at in whole[kind] if at >= 0})


@pytest.mark.parametrize("number", range(SECONDS))
def test_a_piece_begins_whole_and_ends_before_the_next(film, number):
    source = Bytes(film)
    made = piece(source, number)
    found = packets(made)
    assert source.taken < len(film) / 2, "only the index and that place are read"
    assert len(made) < LONGEST_PIECE
    begins = [at for at in packets(film)["whole"] if number <= at < number + 1]
    if not begins:
        assert made == b""
        return
    assert found["video"][0] == found["whole"][0] == pytest.approx(begins[0])
    for moments in (found["video"], found["audio"]):
        assert moments and all(begins[0] - 0.001 <= at < number + LONGEST for at in moments)


@pytest.mark.parametrize("number", [-1, SECONDS, 10**9, 10**18])
def test_where_there_is_no_film_there_is_no_piece(film, number):
    with pytest.raises(NoPiece):
        piece(Bytes(film), number)


def test_the_length_is_read_from_the_index(film):
    assert abs(length_of(Bytes(film)) - SECONDS) < 0.1
