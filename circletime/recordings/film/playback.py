"""Reading a finished film a piece at a time, decrypted in memory and nowhere else."""

from collections.abc import Iterator

from circletime.recordings import queries
from circletime.recordings.models import Film
from circletime.recordings.rules import Span

PIECE = 256 * 1024


class FilmReader:
    """The two files of a film as one. Close it; it holds two open files.

    Raises `KeyTrouble`, `VaultDamaged` and `FileNotFoundError` like every reader of the vault.
    """

    def __init__(self, film: Film) -> None:
        key, folder = queries.key_of(film.recording), film.recording.public_id
        self._head = queries.open_part(folder, film.head_name, key)
        try:
            self._rest = queries.open_part(folder, film.rest_name, key)
        except BaseException:
            self._head.close()
            raise
        self.size = self._head.size + self._rest.size

    def read(self, span: Span) -> bytes:
        """These bytes of the film."""
        parts, at, until = [], span.first, min(span.last + 1, self.size)
        if at < self._head.size:
            self._head.seek(at)
            parts.append(self._head.read(min(until, self._head.size) - at))
            at = min(until, self._head.size)
        if at < until:
            self._rest.seek(at - self._head.size)
            parts.append(self._rest.read(until - at))
        return b"".join(parts)

    def pieces(self) -> Iterator[bytes]:
        """All of the film, in pieces of a size that memory does not mind."""
        for first in range(0, self.size, PIECE):
            yield self.read(Span(first, first + PIECE - 1))

    def close(self) -> None:
        """Close both files."""
        self._head.close()
        self._rest.close()

    def __enter__(self) -> "FilmReader":
        return self

    def __exit__(self, *trouble: object) -> None:
        self.close()
