"""The line of one home is cut: nothing comes through any more, and neither end is told. As root."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import networks
from bench.faults import scene
from bench.faults.scene import Fault, Scene
from bench.line import PAGES, Line, connected, namespaces
from tests.harness import Person

_carrier: list[int] = []


@contextmanager
def school(playwright: Any, folder: Path) -> Iterator[Scene]:
    """Amara is at home; everybody else is at the school."""
    with namespaces(), networks.school(folder) as at, connected(Line("good")) as line:
        _carrier[:] = [line.pid]
        with _known_here(folder), scene.meeting(playwright, folder, at, open_=_person) as there:
            yield there


def _person(playwright: Any, folder: Path, who: str, *, rate: int, **_: Any) -> Person:
    return networks.person(playwright, folder, who, home=who == "Amara", rate=rate)


@contextmanager
def _known_here(folder: Path) -> Iterator[None]:
    """This program finds the school by its name, too, and trusts its certificate."""
    ask = socket.getaddrinfo

    def find(host: Any, *more: Any, **named: Any) -> Any:
        return ask(PAGES if host == networks.MEET else host, *more, **named)

    os.environ["SSL_CERT_FILE"] = str(folder / networks.MEET / "cert.pem")
    socket.getaddrinfo = find
    try:
        yield
    finally:
        socket.getaddrinfo = ask
        del os.environ["SSL_CERT_FILE"]


def _cut(seconds: float) -> Callable[[Scene], None]:
    def do(there: Scene) -> None:
        os.kill(_carrier[0], signal.SIGUSR1)
        there.wait(seconds)
        os.kill(_carrier[0], signal.SIGUSR1)

    return do


FAULTS = [
    Fault(f"cut-{seconds}", f"network of Amara's home cut for {seconds} s", _cut(seconds))
    for seconds in (5, 20, 60)
]
