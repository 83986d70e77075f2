"""A disk that is full to its last byte: a small one is mounted, and taken away again."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.faults import scene
from bench.faults.scene import Fault, Scene
from tests import harness

SIZE = "4g"
FULL_FOR = 20.0


@contextmanager
def _disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def own_disk(playwright: Any, folder: Path) -> Iterator[Scene]:
    """Recordings have a disk of their own."""
    with (
        _disk(folder / "vault") as vault,
        harness.installation(
            folder / "school", classes=1, server="", settings={"CIRCLETIME_VAULT": str(vault)}
        ) as at,
        scene.meeting(playwright, folder, at) as there,
    ):
        yield there


@contextmanager
def one_disk(playwright: Any, folder: Path) -> Iterator[Scene]:
    """Everything is on one disk: recordings, database, log."""
    with (
        _disk(folder / "school") as var,
        harness.installation(var, classes=1, server="") as at,
        scene.meeting(playwright, folder, at) as there,
    ):
        yield there


def _resize(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)


def _fill(folder: Path) -> None:
    """No byte more than there is now: what tmpfs holds is counted in pages."""
    _resize(folder, str(shutil.disk_usage(folder).used))


def _full(there: Scene) -> None:
    vault = Path(there.at.env["CIRCLETIME_VAULT"])
    _fill(vault)
    there.wait(FULL_FOR)
    _resize(vault, SIZE)


def _all_full(there: Scene) -> None:
    _fill(there.at.var)
    there.wait(FULL_FOR)
    _resize(there.at.var, SIZE)


FULL = Fault("disk-full", f"the disk of the recordings full for {FULL_FOR:.0f} s", _full)
ALL_FULL = Fault("all-full", f"the one disk of everything full for {FULL_FOR:.0f} s", _all_full)
