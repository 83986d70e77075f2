"""Media servers of their own beside an installation: `circletime serve media`, told of one Redis."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from tests.harness import ROOT, free_ports, wait_for
from tests.media.cluster import redis_server

KEY, SECRET = "larkfield", "bench-secret-of-forty-characters-at-least"


@dataclass
class Node:
    """One machine with a media server, as far as a process can be one."""

    folder: Path
    port: int
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """Where it takes signalling."""
        return f"http://127.0.0.1:{self.port + 1}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "circletime.pages.cli", "serve", "media"]
        with (self.folder / "out").open("ab") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=out, stderr=out)
        wait_for(lambda: urlopen(self.url).status == 200, 30, "the node answers")

    def kill(self) -> float:
        """kill -9 of all that runs there; answers when, by the wall clock."""
        assert self.process is not None
        at = time.time()
        self.process.send_signal(signal.SIGKILL)  # its media server dies with it
        self.process.wait()
        return at


@contextmanager
def two_nodes(folder: Path, pages: str) -> Iterator[tuple[Node, Node]]:
    """Two that share a Redis and tell the installation at `pages`. Neither is started yet."""
    with redis_server() as redis:
        first = free_ports(16)
        found = []
        for number in range(2):
            port, var = first + 8 * number, folder / f"node-{number}"
            env = os.environ | {
                "PORT": str(port),
                "CIRCLETIME_VAR": str(var),
                "CIRCLETIME_BIN": str(ROOT / "var" / "bin"),
                "CIRCLETIME_URL": pages,
                "CIRCLETIME_LIVEKIT_REDIS": redis,
                "CIRCLETIME_LIVEKIT_KEY": KEY,
                "CIRCLETIME_LIVEKIT_SECRET": SECRET,
            }
            found.append(Node(var, port, env))
        try:
            yield found[0], found[1]
        finally:
            for node in found:
                if node.process is not None and node.process.poll() is None:
                    node.kill()


def elsewhere(*nodes: Node) -> dict[str, str]:
    """The settings of an installation that uses these nodes, asked in this order."""
    return {
        "CIRCLETIME_LIVEKIT_URL": ",".join(node.url for node in nodes),
        "CIRCLETIME_LIVEKIT_KEY": KEY,
        "CIRCLETIME_LIVEKIT_SECRET": SECRET,
    }
