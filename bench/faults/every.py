"""Every fault, in the order of the page. Those of a group share one installation and one meeting."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.faults import clocks, disks, grown, homes, plain
from bench.faults.scene import Fault, Scene
from bench.line import namespaces


@dataclass(frozen=True)
class Group:
    """Some faults, and where they happen; `around` is entered before any browser is started."""

    name: str
    open: Callable[[Any, Path], AbstractContextManager[Scene]]
    faults: list[Fault]
    around: Callable[[], AbstractContextManager[None]] = nullcontext


GROUPS = [
    Group("killed", plain.school, plain.KILLED),
    Group("stopped", plain.school, plain.STOPPED),
    Group("grown", grown.school, grown.FAULTS),
    Group("disk", disks.own_disk, [disks.FULL]),
    Group("one-disk", disks.one_disk, [disks.ALL_FULL]),
    Group("forward", clocks.set_while_running, [clocks.FORWARD]),
    Group("back", clocks.set_while_running, [clocks.BACK]),
    Group("absent", plain.school, [clocks.ABSENT]),
    Group("ahead", clocks.worker_ahead, [clocks.AHEAD]),
    Group("behind", clocks.worker_behind, [clocks.BEHIND]),
    Group("homes", homes.school, homes.FAULTS, namespaces),
]
