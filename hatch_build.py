"""What the wheel's build does of its own.

It compiles the catalogs, which are not kept in git, and puts what `deploy/wheel.py` built for one kind of
machine into the package, as `config/places.py` looks for it.
"""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROGRAMS = ("livekit-server", "recorder")


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before the files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version` is "editable" for a clone, which finds its programs in its own var/bin."""
        sys.path.insert(0, self.root)
        from circletime.core.catalogs import LOCALE, compile_all

        whole = self.target_name == "wheel" and version != "editable"
        for path in LOCALE.rglob("*.mo") if whole else ():
            path.unlink()  # made by whichever version of Babel was here
        compile_all()
        if not whole:
            return
        machine = os.environ.get("CIRCLETIME_WHEEL_FOR", "")
        programs = Path(self.root, "var", "wheel", machine)
        room = Path(self.root, "room", "dist")
        if not machine or not all(
            path.is_file() for path in (*map(programs.joinpath, PROGRAMS), room / "room.js")
        ):
            raise SystemExit(
                "A wheel has the media server and the room client in it. Build it with: make wheel"
            )
        for name in PROGRAMS:
            build_data["force_include"][str(programs / name)] = f"circletime/built/var/bin/{name}"
        for path in sorted(room.rglob("[!.]*.*")):
            build_data["force_include"][str(path)] = f"circletime/built/room/dist/{path.relative_to(room)}"
        build_data["force_include"][str(programs / "NOTICES.txt")] = "circletime/built/NOTICES.txt"
        lists = sorted((programs / "sbom").glob("*.cdx.json"))
        build_data["sbom_files"] += [str(path.relative_to(self.root)) for path in lists]
        build_data["pure_python"] = False
        # Static programs, built without C: any Linux of this kind, from glibc 2.17 as the tag has to say.
        build_data["tag"] = f"py3-none-manylinux_2_17_{machine}"
