"""What the supervisor is told: its parts, and how it hands over to a newer version."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path


class Replaced(Enum):
    """What a newer version does with this part's process."""

    WHEN_IDLE = auto()
    """It goes on. Another program replaces it once no meeting needs it."""
    AT_ONCE = auto()
    """It is stopped, and the new one goes on where it was."""
    LEAVING = auto()
    """The new one serves beside it; it takes nobody new, and ends with the last socket it has."""


@dataclass
class Part:
    """One process: `argv`, where it can be reached, and how to see that it works.

    A part that is `told` hears "go" at its input before it begins, and says "ready" there; it may have a
    `spare`. Another one is ready as soon as it `works`. One that does not show by `works` that it does, in so
    many looks in a row as its `patience`, hangs. `listen` is the address that it serves; the socket's number
    is given to it as its last argument. Parts that serve the same address share one socket. `made_of` is what
    it was set up with: one that is set up otherwise is another program.
    """

    name: str
    argv: list[str]
    place: str
    works: Callable[[], bool]
    patience: int
    told: bool = False
    spare: bool = False
    listen: tuple[str, int] | None = None
    replaced: Replaced = Replaced.WHEN_IDLE
    made_of: str = ""


@dataclass
class Upgrade:
    """How this supervisor follows an older version, and hands over to a newer one.

    `command` starts what is installed now, and `arguments` are what this program was called with; `names` are
    the parts that it runs. An old process may go on for `leaving_for` seconds with the meetings it has.
    `idle` answers whether no meeting is held or waited for. `lock` is the number of the open file that says
    that this program runs. `progress` is where it is told how far an upgrade is.
    """

    version: str
    command: list[str]
    arguments: list[str]
    names: list[str]
    leaving_for: float
    idle: Callable[[], bool]
    progress: Path
    lock: int
