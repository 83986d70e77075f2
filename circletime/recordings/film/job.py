"""One film, from the claim to its place in the vault. Runs in a process of its own."""

import contextlib
import errno
import time as clock
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from circletime.core import time
from circletime.recordings import queries, vault
from circletime.recordings.actions import film as actions
from circletime.recordings.film.cut import Cut, alone, redact
from circletime.recordings.film.render import render
from circletime.recordings.film.script import Script
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Film
from circletime.recordings.rules import FilmKind, FilmState
from circletime.recordings.vault import VaultDamaged, VaultReader

TELL_EVERY = 2.0
"""Seconds between two words about how far the film is."""


NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NotWanted(Exception):
    """Another process makes this film by now, or the recording was destroyed."""


def make(film: Film) -> bool:
    """Make a film that this process has claimed; True when it is in the vault."""
    try:
        return _make(film)
    except NotWanted:
        return False
    except (KeyTrouble, VaultDamaged) as trouble:
        actions.failed(film, why=str(trouble), now=time.now())
        return False
    except Exception as trouble:
        actions.failed(film, why=_words(trouble), now=time.now())
        if isinstance(trouble, OSError) and trouble.errno in NO_ROOM:
            return False
        raise


def _words(trouble: Exception) -> str:
    if isinstance(trouble, OSError) and trouble.errno in NO_ROOM:
        return "There is no room on the disk for the film."
    return f"The film could not be made: {type(trouble).__name__}."


def _make(film: Film) -> bool:
    recording = film.recording
    key, public_id = queries.key_of(recording), recording.public_id
    script = script_of(film, key)
    folder = queries.folder_of(public_id)
    # A film is bound to the names of its two files, so drafts are made under a folder of their own.
    with _draft_folder(folder, film) as drafts:
        with vault.create(drafts / film.rest_name, f"{public_id}/{film.rest_name}", key) as rest:
            made = render(script, _opener(public_id, key), rest, _teller(film))
        with vault.create(drafts / film.head_name, f"{public_id}/{film.head_name}", key) as first:
            first.write(made.head)

        def put() -> None:
            for name in (film.rest_name, film.head_name):
                (drafts / name).replace(folder / name)

        return actions.made(film, places=made.places, put=put, now=time.now())


def script_of(film: Film, key: bytes) -> Script:
    """What a film is made from, with nothing in it that its cut leaves out. Raises `VaultDamaged`."""
    everything, cut = queries.film_script(film.recording, key), Cut.from_json(film.cut)
    return alone(everything, cut) if film.kind == FilmKind.PERSON else redact(everything, cut)


@contextlib.contextmanager
def _draft_folder(folder: Path, film: Film) -> Iterator[Path]:
    _tidy(folder, film)
    drafts = folder / f"{actions.draft_prefix(film)}{film.tries}"
    drafts.mkdir(mode=0o700)
    try:
        yield drafts
    finally:
        _remove(drafts)


def _tidy(folder: Path, film: Film) -> None:
    """Remove what makers left that were killed, and nothing of those that are at work."""
    left = list(folder.glob("film-draft-*"))  # before it is asked who is at work
    others = film.recording.films.filter(state=FilmState.MAKING).exclude(pk=film.pk)
    at_work = tuple(actions.draft_prefix(other) for other in others)
    for drafts in left:
        if not drafts.name.startswith(at_work):
            _remove(drafts)


def _remove(drafts: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        for path in drafts.iterdir():
            path.unlink(missing_ok=True)
        drafts.rmdir()


def _opener(public_id: str, key: bytes) -> Callable[[Path], BinaryIO]:
    def opened(path: Path) -> BinaryIO:
        part: VaultReader = queries.open_part(public_id, path.name, key)
        return cast(BinaryIO, part)

    return opened


def _teller(film: Film) -> Callable[[int], None]:
    last = 0.0

    def tell(percent: int) -> None:
        nonlocal last
        if clock.monotonic() - last >= TELL_EVERY:
            last = clock.monotonic()
            _tell(film, percent)

    return tell


def _tell(film: Film, percent: int) -> None:
    if not actions.still_making(film, percent=percent, now=time.now()):
        raise NotWanted
