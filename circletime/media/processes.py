"""Processes of this machine: starting one, waiting for its end, speaking with it, seeing that it answers."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

PR_SET_PDEATHSIG = 1
LONGEST_WORD = 64
STOPS_WITHIN = 6.0
"""Seconds. What was asked to stop and has not by then is killed."""
ASKED_AGAIN_AFTER = 1.0

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """In a child just made: end when the parent ends, even by kill -9."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A child of this process, whether it was started here or before this program took the place of another.

    `line` is our end of a socket whose other end is its input, for a part that is told and answers.
    """

    def __init__(self, pid: int, line: socket.socket | None = None, wait: Callable[[], int] | None = None):
        self.pid = pid
        self.line = line
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        watch = threading.Thread(
            target=self._watch, args=(asyncio.get_running_loop(), wait or (lambda: _wait(pid))), daemon=True
        )
        watch.start()

    @classmethod
    def start(cls, argv: list[str], log: Path, *, told: bool, listens: socket.socket | None) -> "Process":
        """Start it, with its output in `log`. It dies with us, and Ctrl-C reaches only us."""
        ours, its = socket.socketpair() if told else (None, None)
        try:
            with log.open("ab") as out:
                begun = subprocess.Popen(  # noqa: S603  our own programs
                    argv,
                    stdin=its.fileno() if its is not None else subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    pass_fds=[listens.fileno()] if listens else [],
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
        finally:
            if its is not None:
                its.close()
        if ours is not None:
            ours.setblocking(False)
        return cls(begun.pid, ours, begun.wait)

    def _watch(self, loop: asyncio.AbstractEventLoop, wait: Callable[[], int]) -> None:
        status = wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
            loop.call_soon_threadsafe(self._end, status)

    def _end(self, status: int) -> None:
        self.returncode = status
        self._ended.set()

    async def wait(self) -> int:
        """Its exit status once it has ended; a signal's number below zero."""
        await self._ended.wait()
        return self.returncode or 0

    async def tell(self, word: str) -> None:
        """Say one word to it. One that is dead already hears nothing; its status tells."""
        if self.line is not None:
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().sock_sendall(self.line, f"{word}\n".encode())

    async def hear(self) -> str:
        """Its next word; nothing when it ended."""
        if self.line is None:
            return ""
        with contextlib.suppress(OSError):
            return (await asyncio.get_running_loop().sock_recv(self.line, LONGEST_WORD)).decode().strip()
        return ""

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def stop(self, within: float) -> None:
        """Ask it to stop, twice, and kill it when it has not by then (seconds).

        LiveKit that is asked once waits until everybody has left; asked again, it sends them away.
        """
        for patience in (ASKED_AGAIN_AFTER, within - ASKED_AGAIN_AFTER):
            self.send(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wait(), patience)
                return
        await self.kill()

    async def kill(self) -> None:
        """End it at once."""
        self.send(signal.SIGKILL)
        await self.wait()


def _wait(pid: int) -> int:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:  # its end was seen by the program that was here before
        return -1


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
