"""No clear byte on any disk: while the worker makes a film, while one is played in a browser, and after.

A known picture and a known tone are searched for, by pieces of their packets and of the film's, in every file
below the installation's folder and its folder for temporary files, and in what its processes hold open though
it was deleted.
"""

import io
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from playwright.sync_api import Playwright

from bench.measure import tree
from tests.harness import DESKTOP, Installation, installation, person, sign_in, wait_for
from tests.recordings.test_whole import READY, SEEK, told, watch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(480), pytest.mark.soak]

SECONDS = 20
LENGTH = 24
PLAINS = """
import sys
from circletime.recordings import queries, store
from circletime.recordings.models import Recording
r = Recording.objects.get(public_id={!r})
key = queries.key_of(r)
for name in {!r}:
    with queries.open_part(r.public_id, name, key) as part:
        print(part.read().hex())
"""


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    (tmp_path / "temporary").mkdir()
    for name in ("TMPDIR", "TEMP", "TMP", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path / "temporary"))
    with installation(tmp_path / "var", classes=1) as one:
        yield one


def needles_of(media: bytes, kind: str | None) -> list[bytes]:
    """A piece from the middle of each packet, where no two files are alike by chance."""
    found = []
    with av.open(io.BytesIO(media), format=kind) as container:
        for packet in container.demux():
            data = bytes(packet)
            middle = data[len(data) // 2 :][:LENGTH]
            if len(middle) == LENGTH and len(set(middle)) > 12:
                found.append(middle)
    return found


def files(at: Installation) -> dict[str, bytes]:
    """All that is on the disk, and all that is on it without a name."""
    found = {}
    for folder in (at.var, at.var.parent / "temporary"):
        for path in folder.rglob("*"):
            try:
                if path.is_file():
                    found[str(path)] = path.read_bytes()
            except OSError:
                continue
    assert at.process
    for pid in tree(at.process.pid):
        for handle in _handles(pid):
            try:
                target, mode = os.readlink(handle), handle.stat().st_mode
                if stat.S_ISREG(mode) and target.endswith("(deleted)"):
                    found[f"{pid} {target}"] = handle.read_bytes()
            except OSError:
                continue
    return found


def _handles(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return []


class Watch(threading.Thread):
    """Keeps, of every file that is ever there, where a needle was seen."""

    def __init__(self, at: Installation, needles: list[bytes]) -> None:
        super().__init__(daemon=True)
        self.at, self.needles = at, needles
        self.over, self.rounds = threading.Event(), 0
        self.names: set[str] = set()
        self.found: set[str] = set()

    def run(self) -> None:
        while not self.over.is_set():
            self.look()
            time.sleep(0.3)

    def look(self) -> None:
        for name, data in files(self.at).items():
            self.names.add(name)
            if any(needle in data for needle in self.needles):
                self.found.add(name)
        self.rounds += 1

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()
        self.look()


def test_while_a_film_is_made_and_played_and_after(playwright: Playwright, at: Installation):
    name = at.python(f"from tests.recordings.plant import plant; print(plant({SECONDS}, noise=255))")
    which = f"public_id={name!r}"
    recorded = [
        bytes.fromhex(line)
        for line in at.python(PLAINS.format(name, ["s1-TR_0.ctv", "s1-TR_1.ctv"])).splitlines()
    ]
    needles = [needle for media in recorded for needle in needles_of(media, "matroska")[::5]]
    names = [b"Amara", b"Mrs Osei"]
    # They would be found: they are in what was recorded.
    assert len(needles) > 60 and all(any(one in media for media in recorded) for one in needles)
    with Watch(at, needles[:120]) as watching:
        wait_for(lambda: told(at, "r.films.get().state", which) == "ready", 240, "the film is made")
    assert watching.found == set()
    assert any("film-draft-" in one for one in watching.names), "it was looked at while the film was made"

    parts = [told(at, f"r.films.get().{part}_name", which) for part in ("head", "rest")]
    film = b"".join(bytes.fromhex(line) for line in at.python(PLAINS.format(name, parts)).split())
    needles += [*needles_of(film, None)[::5], b"ftypisom", b"moov"]
    slt = person(playwright, at.var.parent, "teacher", size=DESKTOP)
    try:
        sign_in(slt, at, "slt")
        with Watch(at, needles[-120:]) as watching:
            watch(slt.page, at, name)
            slt.page.evaluate(READY)
            for second in (15, 5, 9):
                slt.page.evaluate(SEEK, second)
            slt.page.evaluate("document.querySelector('video').play()")
            time.sleep(3)
            assert slt.page.evaluate("document.querySelector('video').currentTime") > 9
        assert watching.found == set() and watching.rounds > 1
    finally:
        slt.close()
    after = files(at)
    assert sum(map(len, after.values())) > 1_000_000
    for path, data in after.items():
        assert not [needle for needle in needles if needle in data], path
        if not path.endswith(("demo.json", "demo.out", ".sqlite3", "-wal", ".eml")):
            assert not [one for one in names if one in data], path
