"""Two media servers that share one Redis, as a school has them that outgrew one machine."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from circletime.media import livekit
from circletime.media.processes import die_with_parent
from tests.recorder import studio as real
from tests.recorder.studio import ROOT, Studio, free_ports, wait_for


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of a Redis with nothing in it, which keeps nothing."""
    subprocess.run(["sh", ROOT / "tests/install-browsers.sh", "redis-server"], check=True)
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
        try:
            ping = ["redis-cli", "-p", str(port), "ping"]
            wait_for(
                lambda: subprocess.run(ping, capture_output=True, check=False).returncode == 0, 10, "Redis"
            )
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


@contextmanager
def cluster(room: str) -> Iterator[tuple[Studio, Studio]]:
    """Two nodes; `room` is on the first, and the program knows both."""
    with redis_server() as redis, real.studio(redis) as first:
        livekit.create_room(room)  # while there is only one that could hold it
        with real.studio(redis) as second:
            livekit.configure(replace(first.settings, others=(second.settings.url,)))
            with suppress(ProcessLookupError):
                yield first, second
