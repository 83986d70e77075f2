"""What one version of the program hands to the next, which takes its process over (`os.execve`).

The newer one is asked first what it needs and whether it can serve: everything that may go wrong is
tried while the older one still runs. This is read by a version that is not written yet, so it only grows.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from circletime.core.measure import FOLDER
from circletime.media.processes import die_with_parent

VARIABLE = "_CIRCLETIME_HANDED_OVER"
"""Where the newer version finds it, in its environment."""
PLANS_WITHIN = 600.0
"""Seconds, in which the newer version also makes its tables."""


class Unfit(Exception):
    """The newer version cannot take over; the text says why, as sentences."""


@dataclass(frozen=True)
class Child:
    """A part's process. `leaves`: it can go on with the sockets it has. `made_of`: see `Part`."""

    pid: int
    leaves: bool
    made_of: str


@dataclass(frozen=True)
class Leaving:
    """A process that goes on with the sockets it has, until a moment (seconds of the Unix clock)."""

    name: str
    pid: int
    until: float


@dataclass(frozen=True)
class Handover:
    """All that a supervisor holds. `tried` are parts of the newer version that wait to be told "go", each
    with the number of its line. Numbers are of open files, which the newer version finds open."""

    version: str
    sockets: dict[tuple[str, int], int]
    running: dict[str, Child]
    tried: dict[str, tuple[int, int]]
    leaving: list[Leaving]
    lock: int

    def pack(self) -> str:
        """As a line of JSON."""
        packed = asdict(self) | {"sockets": [[*at, number] for at, number in self.sockets.items()]}
        return json.dumps(packed)

    @classmethod
    def unpack(cls, line: str) -> "Handover":
        """What `pack` made."""
        found: dict[str, Any] = json.loads(line)
        return cls(
            version=found["version"],
            sockets={(host, port): number for host, port, number in found["sockets"]},
            running={name: Child(**child) for name, child in found["running"].items()},
            tried={name: (pid, number) for name, (pid, number) in found["tried"].items()},
            leaving=[Leaving(**each) for each in found["leaving"]],
            lock=found["lock"],
        )


@dataclass(frozen=True)
class Plan:
    """What the newer version says of itself: its number, and how its parts that are told are started."""

    version: str
    told: dict[str, tuple[list[str], tuple[str, int] | None]]

    def pack(self) -> str:
        """As a line of JSON."""
        return json.dumps({"version": self.version, "told": self.told})

    @classmethod
    def unpack(cls, line: str) -> "Plan":
        """What `pack` made."""
        found: dict[str, Any] = json.loads(line)
        told = {
            name: (argv, (listen[0], listen[1]) if listen else None)
            for name, (argv, listen) in found["told"].items()
        }
        return cls(found["version"], told)


def own_command() -> tuple[list[str], list[str]]:
    """With which words this program was started, and what it was asked for then.

    The words are those of the caller, and no path of ours: what they start later is what is installed then,
    also where a link leads to another folder by then.
    """
    words = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]
    if "-m" not in words and os.access(words[-1], os.X_OK):  # bin/circletime, which names its own Python
        return [os.path.abspath(words[-1])], sys.argv[1:]
    return [sys.executable, *words[1:]], sys.argv[1:]


async def plan_of(command: list[str], names: list[str], running: str) -> Plan:
    """Ask what is installed now whether it can follow the `running` version, and have it make its tables.

    Raises `Unfit` with its own sentence.
    """
    asked = await asyncio.create_subprocess_exec(
        *command,
        "prepare",
        "--running",
        running,
        *names,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(),
        preexec_fn=die_with_parent,
    )
    try:
        out, err = await asyncio.wait_for(asked.communicate(), PLANS_WITHIN)
    except TimeoutError:
        asked.kill()
        raise Unfit("The new version was not ready after ten minutes.") from None
    try:
        if asked.returncode == 0:
            return Plan.unpack(out.decode().splitlines()[-1])
    except (ValueError, KeyError, IndexError, TypeError):
        err = b""
    said = err.decode(errors="replace").strip().splitlines()
    why = said[-1] if said else f"It ended with status {asked.returncode}."
    raise Unfit(f"The new version cannot take over. {why}")


def become(command: list[str], handed: Handover) -> NoReturn:
    """Run `command` in place of this program: same process, same children, same open files.

    Raises `OSError` when there is no such program; then everything is as before.
    """
    kept = [*handed.sockets.values(), *(number for _, number in handed.tried.values()), handed.lock]
    sys.stdout.flush()
    sys.stderr.flush()
    was = signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # until the newer one listens for it
    for number in kept:
        os.set_inheritable(number, True)
    try:
        os.execve(command[0], command, _environment() | {VARIABLE: handed.pack()})  # noqa: S606  our own
    finally:
        for number in kept:
            os.set_inheritable(number, False)
        signal.signal(signal.SIGUSR2, was)


def handed_over() -> Handover | None:
    """What an older version handed to this one, if this one took its process over."""
    line = os.environ.pop(VARIABLE, "")
    if not line:
        return None
    handed = Handover.unpack(line)
    for number in [*handed.sockets.values(), *(number for _, number in handed.tried.values()), handed.lock]:
        os.set_inheritable(number, False)
    return handed


def _environment() -> dict[str, str]:
    # Where figures are measured is for the processes that serve pages, and no other.
    return {name: value for name, value in os.environ.items() if name != FOLDER}
