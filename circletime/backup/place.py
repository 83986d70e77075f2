"""The folder that backups are made into: each content once, under its hash, and a list for each state.

    circletime-backup.json          says what the folder is
    content/ab/ab12…                a file's bytes, named by their SHA-256
    states/20261126T211500Z.json    what belongs to one state
    known.jsonl                     which file had which hash, so that it need not be read again

A run that is cut off leaves content that the next one finds. A state is there when its list is, whole.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from circletime.backup.rules import FORMAT, Manifest, Trouble, is_state, read_manifest, states_to_drop
from circletime.core.keyfiles import keep_folder

MARK = "circletime-backup.json"
_PIECE = 1024 * 1024

Fingerprint = tuple[str, int, int]
"""A file's path, its bytes, and when it was changed."""


class Place:
    """One such folder. Raises `Trouble` where it is something else, and `OSError` where a disk does."""

    def __init__(self, folder: Path, *, make: bool) -> None:
        self.folder = folder.expanduser().resolve()
        if not (self.folder / MARK).exists():
            if not make:
                raise Trouble(f"There is no backup in {self.folder}.")
            self._make()
        self._known: dict[Fingerprint, str] = {}

    def _make(self) -> None:
        check_apart(self.folder)
        if self.folder.exists() and any(self.folder.iterdir()):
            raise Trouble(f"The folder {self.folder} has something else in it. Name an empty or a new one.")
        for name in ("content", "states"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self._write(self.folder / MARK, json.dumps({"format": FORMAT}) + "\n")

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One run at a time. Raises `Trouble` while another goes on."""
        held = os.open(self.folder / MARK, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Trouble("A backup into this folder goes on already.") from None
        finally:
            os.close(held)

    # Content

    def path_of(self, sha256: str) -> Path:
        """Where the bytes with this hash are, if they are there."""
        return self.folder / "content" / sha256[:2] / sha256

    def has(self, sha256: str, size: int) -> bool:
        """Whether they are, as far as their number tells."""
        with contextlib.suppress(FileNotFoundError):
            return self.path_of(sha256).stat().st_size == size
        return False

    def add(self, source: BinaryIO) -> tuple[str, int]:
        """Take a file's bytes in, whole or not at all; answers their hash and number."""
        draft = self.folder / "content" / f".draft-{secrets.token_hex(8)}"
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                while piece := source.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            target = self.path_of(digest.hexdigest())
            target.parent.mkdir(mode=0o700, exist_ok=True)
            draft.replace(target)
            keep_folder(target.parent)
        finally:
            draft.unlink(missing_ok=True)
        return digest.hexdigest(), size

    def read(self, sha256: str, to: BinaryIO | None = None) -> int:
        """Read what has this hash, into a file if one is given; answers its bytes.

        Raises `Trouble` when it is missing, or is something else by now.
        """
        digest, size = hashlib.sha256(), 0
        try:
            with self.path_of(sha256).open("rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
                    if to is not None:
                        to.write(piece)
        except FileNotFoundError:
            raise Trouble(f"A file of this backup is missing: {self.path_of(sha256)}.") from None
        if digest.hexdigest() != sha256:
            raise Trouble(f"A file of this backup is damaged: {self.path_of(sha256)}.")
        return size

    # What was read before

    def read_known(self) -> None:
        """Remember from earlier runs, also from one that was cut off, which file had which hash."""
        with contextlib.suppress(FileNotFoundError), (self.folder / "known.jsonl").open() as lines:
            for line in lines:
                with contextlib.suppress(ValueError):  # the last one of a run that was cut off
                    path, size, changed, sha256 = json.loads(line)
                    self._known[path, size, changed] = sha256

    def known(self, file: Fingerprint) -> str | None:
        """The hash of a file that was read before and has not changed since, if its content is here."""
        sha256 = self._known.get(file)
        return sha256 if sha256 and self.has(sha256, file[1]) else None

    def note(self, file: Fingerprint, sha256: str) -> None:
        """It need not be read again."""
        self._known[file] = sha256
        with (self.folder / "known.jsonl").open("a") as lines:
            lines.write(json.dumps([*file, sha256]) + "\n")

    def forget_but(self, files: set[Fingerprint]) -> None:
        """Only these are there now."""
        lines = [
            json.dumps([*file, self._known[file]]) + "\n" for file in sorted(files) if file in self._known
        ]
        self._write(self.folder / "known.jsonl", "".join(lines))

    # States

    def states(self) -> list[str]:
        """The names of all states, the oldest first."""
        return sorted(path.stem for path in (self.folder / "states").glob("*.json") if is_state(path.stem))

    def manifest(self, state: str) -> Manifest:
        """What belongs to a state. Raises `Trouble`."""
        try:
            return read_manifest((self.folder / "states" / f"{state}.json").read_text())
        except FileNotFoundError:
            raise Trouble(f"There is no state {state} in {self.folder}.") from None
        except Trouble as trouble:
            raise Trouble(f"{state}: {trouble}") from None

    def add_state(self, name: str, manifest: Manifest) -> None:
        """From here on the state is there."""
        self._write(self.folder / "states" / f"{name}.json", manifest.text())

    def prune(self, keep: int) -> int:
        """Drop older states, and every content that belongs to none; answers how many states went."""
        gone = states_to_drop(self.states(), keep)
        for name in gone:
            (self.folder / "states" / f"{name}.json").unlink()
        wanted = {sha256 for name in self.states() for sha256 in self.manifest(name).hashes()}
        for path in (self.folder / "content").rglob("*"):
            if path.is_file() and path.name not in wanted:
                path.unlink()
        return len(gone)

    def _write(self, path: Path, text: str) -> None:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(path)
            keep_folder(path.parent)
        finally:
            draft.unlink(missing_ok=True)


def check_apart(folder: Path) -> None:
    """Raise `Trouble` for a folder that is within the installation, or has it, or has keys in it."""
    for ours in (settings.VAR, settings.VAULT, settings.KEYS):
        here = Path(ours).resolve()
        if folder == here or here in folder.parents or folder in here.parents:
            raise Trouble(
                f"{folder} is not apart from {here}, which a backup is there for. Name another place."
            )
    for place in (folder, *folder.parents):
        for other in (MARK, KEYS_MARK):
            if (place / other).exists():
                raise Trouble(
                    f"{place} has {'keys' if other == KEYS_MARK else 'a backup of the data'} in it already. "
                    "Keys and data are never kept together: name another place."
                )


KEYS_MARK = "circletime-keys.json"
"""In a folder that has a copy of the keys."""
