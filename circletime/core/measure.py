"""How long things take, measured where they are done, for whoever watches from outside. Names nobody.

What stands in the database is not counted here but read when it is asked for: `circletime.health.figures`.
The pages may be served by several processes, of which one is asked: so each writes what it measures into a
file that all can read (prometheus_client's multiprocess mode). `begin` makes their folder, before they start.
"""

import os
import shutil
from pathlib import Path

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus_client looks for the folder, when it is loaded."""

_OWN = CollectorRegistry()

ACTION_SECONDS = Histogram(
    "circletime_action_seconds",
    "From a button's press that reached the server until it was answered.",
    ["action"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=_OWN,
)

_RELAY_SECONDS = Histogram(
    "circletime_gate_relay_seconds",
    "From a message's arrival at the gate until it was handed on.",
    ["direction"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5),
    registry=_OWN,
)
RELAYED_UP = _RELAY_SECONDS.labels("up")
"""From a browser to the media server."""
RELAYED_DOWN = _RELAY_SECONDS.labels("down")


def begin(folder: Path, *, anew: bool = True) -> None:
    """A folder for what processes measure that are started from here on: an empty one, or that of before."""
    if anew:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ[FOLDER] = str(folder)


def registry() -> CollectorRegistry:
    """What all processes measured since `begin`; without that, what this one did."""
    if FOLDER not in os.environ:
        return _OWN
    found = CollectorRegistry()
    MultiProcessCollector(found)  # type: ignore[no-untyped-call]
    return found
