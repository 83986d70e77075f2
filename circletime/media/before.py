"""What the version before left, when this one took its process over: what stays, what stops, what leaves.

An app that leaves takes nobody new. It goes on with the sockets that it has, so that nobody is put out
of a room, and ends with the last of them.
"""

import asyncio
import filecmp
import signal
import time
from collections.abc import Callable
from pathlib import Path

from circletime.media.handover import Child, Handover, Leaving
from circletime.media.processes import STOPS_WITHIN, Process

LEAVING = "app.leaving"
"""A file beside the logs, there while an older app goes on with the sockets it has."""


class Before:
    """The processes of versions before, by the name of their part.

    An app may go on for `leaving_for` seconds with what it has. `tell` hears who has left.
    """

    def __init__(
        self, logs: Path, leaving_for: float, tell: Callable[[str, str], None], handed: Handover | None
    ) -> None:
        self._file = logs / LEAVING
        self._leaving_for = leaving_for
        self._tell = tell
        self._old: dict[str, tuple[Process, Child]] = {}
        self._leaving: dict[Process, tuple[Leaving, asyncio.Task[None]]] = {}
        if handed is None:
            self._file.unlink(missing_ok=True)
            return
        self._old = {name: (Process(child.pid), child) for name, child in handed.running.items()}
        if any(child.leaves for child in handed.running.values()):
            self._file.touch()  # before the first of ours takes anybody in
        for each in handed.leaving:
            self._leave(Process(each.pid), each)

    def stays(self, name: str, argv: list[str], made_of: str) -> tuple[Process, bool] | None:
        """This part's process, which is ours now, and whether it is what would be started today."""
        if name not in self._old:
            return None
        process, child = self._old.pop(name)
        return process, _same_program(child, argv, made_of)

    async def stop_one(self, name: str) -> None:
        """Stop this part's process, whose place is taken now."""
        if name in self._old:
            await self._old.pop(name)[0].stop(STOPS_WITHIN)

    async def let_go(self, name: str) -> None:
        """The new one serves: the old one takes nobody new; what cannot do that stops."""
        if name not in self._old:
            return
        process, child = self._old[name]
        if not child.leaves:
            await self.stop_one(name)
            return
        del self._old[name]
        process.send(signal.SIGUSR1)
        self._leave(process, Leaving(name, process.pid, time.time() + self._leaving_for))

    async def let_go_all(self) -> None:
        """Everything that is left, as parts that the new version has no more."""
        for name in list(self._old):
            await self.let_go(name)

    def _leave(self, process: Process, leaving: Leaving) -> None:
        self._leaving[process] = leaving, asyncio.create_task(self._until_left(process, leaving))

    async def _until_left(self, process: Process, leaving: Leaving) -> None:
        try:
            await asyncio.wait_for(process.wait(), max(0.0, leaving.until - time.time()))
        except TimeoutError:
            await process.stop(STOPS_WITHIN)
        del self._leaving[process]
        self._tell(leaving.name, f"the old one ({leaving.pid}) has left")
        if not self._leaving and not any(child.leaves for _, child in self._old.values()):
            self._file.unlink(missing_ok=True)

    def leaving(self) -> list[Leaving]:
        """Who goes on with what they have."""
        return [each for each, _ in self._leaving.values()]

    def until(self) -> float | None:
        """When the last of them has left at the latest, as `Leaving.until`; None when nobody leaves."""
        return max((each.until for each in self.leaving()), default=None)

    async def stop(self) -> None:
        """Stop everything that is left."""
        leaving = [*self._leaving.items()]
        for _, (_, task) in leaving:
            task.cancel()
        processes = [process for process, _ in leaving] + [process for process, _ in self._old.values()]
        await asyncio.gather(*(process.stop(STOPS_WITHIN) for process in processes))
        self._file.unlink(missing_ok=True)


def someone_leaves(logs: Path) -> bool:
    """Whether an older app still has sockets beside the one that serves."""
    return (logs / LEAVING).exists()


def _same_program(child: Child, argv: list[str], made_of: str) -> bool:
    """Whether it runs what would be started now: the same program to the last byte, set up alike."""
    try:
        same = filecmp.cmp(f"/proc/{child.pid}/exe", argv[0], shallow=False)
    except OSError:
        return False
    return same and child.made_of == made_of
