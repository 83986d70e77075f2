"""The licence texts of what a wheel carries of other people's: Go modules, and what the browser gets.

Licences ask that their text goes with each copy. Python's packages are installed with their own.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TEXTS = re.compile(r"(?i)(licen[sc]e|copying|notice|patents)")
OURS = "circletime"


@dataclass(frozen=True)
class Work:
    """One package: where it lies unpacked, and the licence that its list names, if it does."""

    name: str
    version: str
    folder: Path
    names: str = ""

    def chapter(self) -> str:
        """Its texts, under its name; stops when there is none and nothing names its licence."""
        files = sorted(path for path in self.folder.iterdir() if path.is_file() and TEXTS.match(path.name))
        texts = [path.read_text(errors="replace").strip() for path in files]
        if not texts and not self.names:
            raise SystemExit(f"No licence was found for {self.name} {self.version}.")
        said = texts or [f"It comes without a text, and names its licence: {self.names}"]
        return "\n\n".join([f"{'=' * 80}\n{self.name} {self.version}\n{'=' * 80}", *said]) + "\n"


def write(lists: Path, out: Path) -> None:
    """From the lists of `deploy.sbom` in the folder `lists`, one file with every text."""
    go = [one for name in ("livekit-server", "recorder") for one in _listed(lists / f"{name}.cdx.json")]
    works = [*_go_modules(go), *_browser(_listed(lists / "browser.cdx.json"))]
    out.write_text("\n".join(work.chapter() for work in works))


def _listed(path: Path) -> list[dict[str, Any]]:
    """What is in a list, with what it is of; ours aside."""
    found = json.loads(path.read_text())
    every = [found["metadata"]["component"], *found["components"]]
    return [one for one in every if not one["bom-ref"].removeprefix("pkg:golang/").startswith(OURS)]


def _go_modules(listed: list[dict[str, Any]]) -> Iterator[Work]:
    modules = sorted({f"{one['name']}@{one['version']}" for one in listed if one["name"] != "std"})
    said = _go("mod", "download", "-json", *modules).replace("}\n{", "},{")
    for one in json.loads(f"[{said}]"):
        yield Work(one["Path"], one["Version"], Path(one["Dir"]))
    yield Work("Go's own packages", _go("env", "GOVERSION").strip(), Path(_go("env", "GOROOT").strip()))


def _browser(listed: list[dict[str, Any]]) -> Iterator[Work]:
    for one in listed:
        name, _, version = one["bom-ref"].rpartition("@")
        licences = [
            each.get("expression") or each["license"].get("id", "") for each in one.get("licenses", ())
        ]
        yield Work(name, version, ROOT / "room" / "node_modules" / name, " AND ".join(licences))


def _go(*arguments: str) -> str:
    command = [sys.executable, "media/build.py", "go", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
