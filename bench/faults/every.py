"""Every fault, in the order of the page. Those of a group share one installation and one meeting."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.faults import clocks, disks, grown, homes, plain
from bench.faults.scene import Fault, Scene


@dataclass(frozen=True)
class Group:
    """Some faults, and where they happen. `seconds` is how long they take when all goes well."""

    name: str
    open: Callable[[Any, Path], AbstractContextManager[Scene]]
    faults: list[Fault]
    seconds: int


GROUPS = [
    Group("killed", plain.school, plain.KILLED, 130),
    Group("stopped", plain.school, plain.STOPPED, 170),
    Group("grown", grown.school, grown.FAULTS, 170),
    Group("disk", disks.own_disk, [disks.FULL], 75),
    Group("one-disk", disks.one_disk, [disks.ALL_FULL], 75),
    Group("forward", clocks.set_while_running, [clocks.FORWARD], 45),
    Group("back", clocks.set_while_running, [clocks.BACK], 55),
    Group("absent", plain.school, [clocks.ABSENT], 50),
    Group("ahead", clocks.worker_ahead, [clocks.AHEAD], 70),
    Group("behind", clocks.worker_behind, [clocks.BEHIND], 70),
    Group("homes", homes.school, homes.FAULTS, 190),
]
