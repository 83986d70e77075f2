"""Keeps the parts of the program running: starts them, shows their state, starts them again.

Each part is a process of its own, so that one that dies takes no other with it. Linux ends them
all when this process dies, however it dies, so none is ever left behind. A part that takes long to
start has a spare: a second process that has loaded everything and waits to be told "go". Its
listening socket is held here, so that a caller of the moment in between waits instead of failing.
A part that lives but does nothing any more is killed, and so started again (ADR 47).
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

PR_SET_PDEATHSIG = 1
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
SETTLED_AFTER = 10.0
"""Seconds. A part that ran so long starts again at once when it dies."""
STOPS_WITHIN = 6.0
LOOKS_EVERY = 1.0
"""Seconds between two looks at whether a part still works."""
LOG_KEPT = 5 * 1024 * 1024

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """In a child just made: end when the parent ends, even by kill -9."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Part:
    """One process: `argv`, where it can be reached, and how to see that it is ready.

    A part that is `told` reads one line, "go", from its input before it begins; it may have a `spare`.
    `listen` is the address that it serves; the socket's number is given to it as its last argument. Parts
    that serve the same address share one socket. One that does not show by `works` that it does, in so many
    looks in a row as its `patience`, hangs.
    """

    name: str
    argv: list[str]
    place: str
    ready: Callable[[], bool]
    works: Callable[[], bool]
    patience: int
    told: bool = False
    spare: bool = False
    listen: tuple[str, int] | None = None


def answers_http(url: str) -> Callable[[], bool]:
    """Whether something answers at `url`, whatever it answers."""

    def check() -> bool:
        try:
            with urlopen(url, timeout=1):  # noqa: S310  our own loopback address
                return True
        except OSError as trouble:
            return hasattr(trouble, "code")  # an HTTP error is an answer

    return check


def answers_unix(path: Path, asked: str) -> Callable[[], bool]:
    """Whether something answers a request for the page `asked` on the socket at `path`, whatever it answers.

    That somebody listens there says little: the kernel goes on to listen for a program that hangs.
    """

    def check() -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(path))
                probe.sendall(f"GET {asked} HTTP/1.0\r\n\r\n".encode())
                return bool(probe.recv(1))
            except OSError:
                return False

    return check


def is_touched(path: Path) -> Callable[[], bool]:
    """Whether `path` was touched since the last look, as a sign of life. It does not matter what time it is.

    Where nothing can be written, nobody can tell, and nobody is taken to hang.
    """
    seen = _touched(path)

    def check() -> bool:
        nonlocal seen
        before, seen = seen, _touched(path)
        return seen not in (0, before) or not os.access(path.parent, os.W_OK)

    return check


def _touched(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


class Supervisor:
    """Runs `parts` in order until `stop()` or a signal; `say` is told each change of state."""

    def __init__(self, parts: list[Part], logs: Path, say: Callable[[str], None]) -> None:
        self._parts = parts
        self._logs = logs
        self._say = say
        self._stopping = asyncio.Event()
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._spares: dict[str, asyncio.subprocess.Process] = {}
        self._sockets: dict[tuple[str, int], socket.socket] = {}

    async def run(self, when_ready: Callable[[], None] | None = None) -> None:
        """Start everything, then keep it so. Returns once all parts have stopped."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        first = {part.name: asyncio.Event() for part in self._parts}
        keepers = [asyncio.create_task(self._keep(part, first[part.name])) for part in self._parts]
        everyone = asyncio.create_task(_all_set(list(first.values())))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([everyone, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not self._stopping.is_set() and when_ready is not None:
            when_ready()
        await stopping
        everyone.cancel()
        await self._stop_all()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, everyone, return_exceptions=True)

    async def _keep(self, part: Part, first: asyncio.Event) -> None:
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            began = time.monotonic()
            process = await self._begin(part)
            if await self._until_ready(part, process):
                self._tell(part, f"running   {part.place}")
                first.set()
                if part.spare:
                    self._spares[part.name] = await self._start(part)
            status = await self._until_ended(part, process)
            if self._stopping.is_set():
                return
            wait = FIRST_WAIT if time.monotonic() - began > SETTLED_AFTER else min(wait * 2, LONGEST_WAIT)
            self._tell(part, f"stopped (status {status}); starting it again. Its log: {self._log(part)}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)

    async def _begin(self, part: Part) -> asyncio.subprocess.Process:
        process = self._spares.pop(part.name, None)
        if process is None or process.returncode is not None:
            process = await self._start(part)
        self._running[part.name] = process
        (self._logs / f"{part.name}.pid").write_text(str(process.pid))
        if process.stdin is not None:
            with contextlib.suppress(ConnectionError):  # dead already; its status tells
                process.stdin.write(b"go\n")
                await process.stdin.drain()
        return process

    async def _start(self, part: Part) -> asyncio.subprocess.Process:
        held = self._socket(part)
        log = self._log(part)
        if log.exists() and log.stat().st_size > LOG_KEPT:
            log.replace(log.with_suffix(".old"))
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                *part.argv,
                *([str(held.fileno())] if held else []),
                stdin=asyncio.subprocess.PIPE if part.told else asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=[held.fileno()] if held else [],
                start_new_session=True,  # Ctrl-C reaches only us; we stop them in order
                preexec_fn=die_with_parent,
            )
        return process

    def _socket(self, part: Part) -> socket.socket | None:
        if part.listen is None:
            return None
        if part.listen not in self._sockets:
            self._sockets[part.listen] = socket.create_server(part.listen, backlog=512)
        return self._sockets[part.listen]

    async def _until_ready(self, part: Part, process: asyncio.subprocess.Process) -> bool:
        while process.returncode is None and not self._stopping.is_set():
            if await asyncio.to_thread(part.ready):
                return True
            await asyncio.sleep(0.1)
        return False

    async def _until_ended(self, part: Part, process: asyncio.subprocess.Process) -> int:
        """Its exit status, once it ended by itself, or hung and was killed.

        Looks are counted and not seconds: when all of the machine stood still, nobody here is to blame.
        """
        ended = asyncio.ensure_future(process.wait())
        in_vain = 0
        while not (await asyncio.wait([ended], timeout=LOOKS_EVERY))[0]:
            in_vain = 0 if await asyncio.to_thread(part.works) else in_vain + 1
            if in_vain == part.patience and process.returncode is None and not self._stopping.is_set():
                self._tell(part, f"hangs, and is killed. Its log: {self._log(part)}")
                process.kill()
        return ended.result()

    async def _stop_all(self) -> None:
        for spare in self._spares.values():
            with contextlib.suppress(ProcessLookupError):
                spare.kill()  # it has done nothing yet
            await spare.wait()
        for held in self._sockets.values():
            held.close()
        for part in reversed(self._parts):
            process = self._running.get(part.name)
            if process is None or process.returncode is not None:
                continue
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOPS_WITHIN)
            except TimeoutError:
                process.kill()
                await process.wait()
            (self._logs / f"{part.name}.pid").unlink(missing_ok=True)
            self._tell(part, "stopped")

    def _log(self, part: Part) -> Path:
        return self._logs / f"{part.name}.log"

    def _tell(self, part: Part, state: str) -> None:
        self._say(f"{part.name:<9} {state}")


async def _all_set(events: list[asyncio.Event]) -> None:
    for event in events:
        await event.wait()
