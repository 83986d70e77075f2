"""One film, from the claim to its place in the vault. Runs in a process of its own."""

import contextlib
import time as clock
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from circletime.core import time
from circletime.recordings import queries, vault
from circletime.recordings.actions import film as actions
from circletime.recordings.film.render import render
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Recording
from circletime.recordings.queries import FILM_HEAD, FILM_REST
from circletime.recordings.vault import VaultDamaged, VaultReader

TELL_EVERY = 2.0
"""Seconds between two words about how far the film is."""


class NotWanted(Exception):
    """Another process makes this film by now, or the recording was destroyed."""


def make(recording: Recording) -> bool:
    """Make the film of a recording that this process has claimed; True when it is in the vault."""
    try:
        _make(recording)
    except NotWanted:
        return False
    except (KeyTrouble, VaultDamaged) as trouble:
        actions.failed(recording, why=str(trouble), now=time.now())
        return False
    except Exception as trouble:
        actions.failed(
            recording, why=f"The film could not be made: {type(trouble).__name__}.", now=time.now()
        )
        raise
    return actions.made(recording, now=time.now())


def _make(recording: Recording) -> None:
    key = queries.key_of(recording)
    script = queries.film_script(recording, key)
    folder, public_id = queries.folder_of(recording.public_id), recording.public_id
    # A film is bound to the names of its two files, so drafts are made under a folder of their own.
    with _draft_folder(folder, recording.film_tries) as drafts:
        with vault.create(drafts / FILM_REST, f"{public_id}/{FILM_REST}", key) as rest:
            head = render(script, _opener(public_id, key), rest, _teller(recording))
        with vault.create(drafts / FILM_HEAD, f"{public_id}/{FILM_HEAD}", key) as first:
            first.write(head)
        _tell(recording, 99)
        for name in (FILM_REST, FILM_HEAD):
            (drafts / name).replace(folder / name)


@contextlib.contextmanager
def _draft_folder(folder: Path, tries: int) -> Iterator[Path]:
    for left in folder.glob("film-draft-*"):
        _remove(left)
    drafts = folder / f"film-draft-{tries}"
    drafts.mkdir(mode=0o700)
    try:
        yield drafts
    finally:
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


def _teller(recording: Recording) -> Callable[[int], None]:
    last = 0.0

    def tell(percent: int) -> None:
        nonlocal last
        if clock.monotonic() - last >= TELL_EVERY:
            last = clock.monotonic()
            _tell(recording, percent)

    return tell


def _tell(recording: Recording, percent: int) -> None:
    if not actions.still_making(recording, percent=percent, now=time.now()):
        raise NotWanted
