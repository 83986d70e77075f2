"""What a backup is made of, and which of the older ones stay. Plain Python."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

FORMAT = "circletime-backup/1"
KEPT_STATES = 7
"""How many states stay, unless somebody says otherwise. What was erased since goes with the last of them."""

_STATE = re.compile(r"\d{8}T\d{6}Z")


class Trouble(Exception):
    """It cannot be done; the text says why and what to do, in plain words."""


class Piece(NamedTuple):
    """One file of a state: where it belongs, its bytes, and what they are."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Everything that a state has, and what its database said of itself."""

    school: str
    at: str
    engine: str
    database: Piece
    log_row: int
    log_digest: str
    migrations: list[str]
    recordings: int
    files: list[Piece]
    missing: list[str] = field(default_factory=list)
    """Files that were there when the database was copied, and not when it was their turn."""
    bucket: str = ""
    """Where recordings had gone on to, of which this is no copy."""

    def text(self) -> str:
        """As it is written, with its own digest."""
        whole = {"format": FORMAT} | asdict(self)
        return json.dumps({"manifest": whole, "sha256": _digest(whole)}, indent=1, ensure_ascii=False) + "\n"

    def hashes(self) -> set[str]:
        """What of the content belongs to this state."""
        return {self.database.sha256, *(piece.sha256 for piece in self.files)}


def read_manifest(text: str) -> Manifest:
    """The manifest that was written. Raises `Trouble` when it is another, or not whole."""
    try:
        told = json.loads(text)
        whole: dict[str, Any] = told["manifest"]
        right = told["sha256"] == _digest(whole)
    except (ValueError, KeyError, TypeError):
        raise Trouble("The list of what this backup has cannot be read.") from None
    if not right:
        raise Trouble("The list of what this backup has was changed, or is not whole.")
    if whole.pop("format") != FORMAT:
        raise Trouble("This backup was made by another version of Circletime, which wrote it in another way.")
    whole["database"] = Piece(*whole["database"])
    whole["files"] = [Piece(*each) for each in whole["files"]]
    found = Manifest(**whole)
    for piece in found.files:
        check_path(piece.path)
    return found


def check_path(path: str) -> None:
    """Raise `Trouble` unless a file belongs into the vault: its recording's folder, and its name."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}/[A-Za-z0-9_.-]{1,100}", path) or "/." in path:
        raise Trouble(f"The backup has a file {path!r}, which is none of a recording's.")


def _digest(whole: dict[str, Any]) -> str:
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def state_name(now: datetime) -> str:
    """What a state is called: the moment it was made, in UTC."""
    return f"{now:%Y%m%dT%H%M%SZ}"


def is_state(name: str) -> bool:
    """Whether something is called as states are."""
    return bool(_STATE.fullmatch(name))


def states_to_drop(names: Iterable[str], keep: int) -> list[str]:
    """The states that go when so many stay, the newest of them."""
    return sorted(name for name in names if is_state(name))[:-keep]
