"""A school that outgrew one machine: PostgreSQL, two apps, two workers, two media nodes on one Redis."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.faults import scene
from bench.faults.plain import killed, replaced
from bench.faults.scene import Fault, Scene
from bench.nodes import Node, elsewhere, two_nodes
from circletime.media.processes import die_with_parent
from tests import harness, postgres

GONE_FOR = 10.0


@dataclass
class _Around:
    """What is not the installation's own."""

    server: postgres.Server
    nodes: tuple[Node, Node]
    redis: int
    """Its port."""
    again: subprocess.Popen[bytes] | None = None


_around: list[_Around] = []


@contextmanager
def school(playwright: Any, folder: Path) -> Iterator[Scene]:
    """The meeting is on the first node."""
    port = harness.free_ports(4)
    with postgres.running() as server, two_nodes(folder, f"http://localhost:{port}") as nodes:
        first, second = nodes
        first.start()
        redis = urlsplit(first.env["CIRCLETIME_LIVEKIT_REDIS"]).port
        assert redis is not None
        around = _Around(server, nodes, redis)
        _around[:] = [around]
        settings = elsewhere(second, first) | {"CIRCLETIME_WORKERS": "2", "CIRCLETIME_APPS": "2"}
        try:
            with (
                harness.installation(
                    folder / "school", classes=1, port=port, server=server.address, settings=settings
                ) as at,
                scene.meeting(playwright, folder, at) as there,
            ):
                second.start()
                yield there
        finally:
            if around.again is not None:
                around.again.kill()
                around.again.wait()


def _database_restarted(there: Scene) -> None:
    server = _around[0].server
    server.stop()
    there.wait(3)
    server.start()


def _node_killed(there: Scene) -> None:
    _around[0].nodes[0].kill()


def _redis_gone(there: Scene) -> None:
    around = _around[0]
    info = subprocess.run(
        ["redis-cli", "-p", str(around.redis), "info", "server"], capture_output=True, text=True, check=True
    )
    pid = next(int(line.split(":")[1]) for line in info.stdout.splitlines() if line.startswith("process_id"))
    os.kill(pid, signal.SIGKILL)
    there.wait(GONE_FOR)
    command = ["redis-server", "--port", str(around.redis), "--bind", "127.0.0.1", "--save", ""]
    around.again = subprocess.Popen(
        command, cwd="/tmp", stdout=subprocess.DEVNULL, preexec_fn=die_with_parent
    )
    time.sleep(0.5)


FAULTS = [
    Fault("one-worker", "grown: kill -9 of one of two workers", killed("worker-1"), replaced("worker-1")),
    Fault("one-app", "grown: kill -9 of one of two apps", killed("app-1"), replaced("app-1")),
    Fault("database", "grown: PostgreSQL restarted, away for 3 s", _database_restarted),
    Fault("redis", f"grown: Redis gone for {GONE_FOR:.0f} s, and back with nothing in it", _redis_gone),
    Fault("node", "grown: the media node of the meeting lost (kill -9)", _node_killed),
]
