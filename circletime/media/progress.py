"""How far an upgrade is, in sentences: the running program writes, the command that asked for it reads."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

DONE, FAILED = "done", "failed"


class Progress:
    """A file with a line for each sentence; the last one says how it ended."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def says(self, line: str, end: str = "") -> None:
        """Write one sentence."""
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"says": line, "end": end}, ensure_ascii=False) + "\n")

    def done(self, line: str) -> None:
        """The last sentence: the newer version runs."""
        self.says(line, DONE)

    def failed(self, line: str) -> None:
        """The last sentence: it does not."""
        self.says(line, FAILED)


def follow(path: Path, goes_on: Callable[[], bool]) -> Iterator[tuple[str, str]]:
    """Each sentence as it comes, with how it ended where it is the last one; ends early unless `goes_on`."""
    seen = 0
    while True:
        alive = goes_on()
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        for line in lines[seen:]:
            if not line.endswith("\n"):
                break
            seen += 1
            found = json.loads(line)
            yield found["says"], found["end"]
            if found["end"]:
                return
        if not alive:
            return
        time.sleep(0.1)
