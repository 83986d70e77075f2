"""What was found of each fault, kept between runs, and the page that is written from it."""

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from tests.harness import ROOT

FOUND = ROOT / "bench" / "faults" / "found.json"
PAGE = ROOT / "docs" / "faults.md"


@dataclass
class Row:
    """One fault. Times are in seconds; `lost` is what somebody saw and the recording has not.

    `looks` counts what was looked at meanwhile, by kind; `breaks` are the invariants that did not hold, and
    `wrong` is what else was not as it has to be. `on` is when and where it was measured.
    """

    name: str
    fault: str
    child: str = ""
    host: str = ""
    record: str = ""
    well: float | None = None
    lost: float | None = None
    looks: dict[str, int] = field(default_factory=dict)
    breaks: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    on: str = ""

    @property
    def held(self) -> bool:
        """Whether nothing broke, all was well again, and somebody really looked."""
        return self.well is not None and not self.troubles

    @property
    def troubles(self) -> list[str]:
        """What keeps it from having held, in words."""
        unseen = [
            f"no look of this kind was answered: {kind}" for kind, count in self.looks.items() if not count
        ]
        return [*self.breaks, *self.wrong, *unseen]


def where(now: datetime) -> str:
    """The day and the machine, as docs/figures.md has them."""
    return f"{now:%-d %B %Y}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def read(path: Path = FOUND) -> dict[str, Row]:
    """What earlier runs found, by name."""
    return {each["name"]: Row(**each) for each in json.loads(path.read_text())} if path.exists() else {}


def keep(row: Row, path: Path = FOUND) -> None:
    """Keep what was found, in place of what an earlier run found of the same fault."""
    known = read(path) | {row.name: row}
    path.write_text(json.dumps([asdict(each) for each in known.values()], indent=1, ensure_ascii=False))


def write(faults: dict[str, str], found: dict[str, Row], page: Path = PAGE) -> None:
    """Draw the page, a row for each of these names and their words. Of one that nothing is known of it says
    that it was not run."""
    rows = [found[name] for name in faults if name in found]
    looks = sum(sum(row.looks.values()) for row in rows)
    lines = [
        _line(found[name]) if name in found else f"| {words} | not run | | | | | |"
        for name, words in faults.items()
    ]
    broken = [f"- {row.fault}: {each}" for row in rows for each in row.troubles]
    verdict = (
        "**These did not hold:**\n\n" + "\n".join(broken)
        if broken
        else f"Of {looks:,} looks none saw an invariant broken."
    )
    when = "; ".join(sorted({row.on for row in rows}))
    page.write_text(HEAD.format(table="\n".join(lines), verdict=verdict, when=when))


def _line(row: Row) -> str:
    if not row.held:
        held = "**no**: see below"
    else:
        held = f"yes, {sum(row.looks.values()):,} looks"
    cells = [row.fault, row.child, row.host, row.record, _seconds(row.well), _seconds(row.lost), held]
    return "| " + " | ".join(cells) + " |"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


HEAD = """# When something breaks

Written by `make soak` (`python -m bench.faults`) from what it measured ({when});
nothing in the table was typed by hand. A whole run takes at most 20 minutes.

In each row a teacher and two children are in a meeting, in real browsers with a camera and a voice of their
own; Amara has the turn and speaks. A third child, Chloé, waits at the door and tries to get in all the while.
Then the fault happens to the real processes.

| fault | a child saw | the host saw | the record shows | well after, s | recording lost, s | held |
| --- | --- | --- | --- | --- | --- | --- |
{table}

{verdict}

- *Well after* is counted from the beginning of the fault, so a fault that lasts ten seconds is in it: until
  everybody's pictures move at everybody, nobody is told to wait, and `/readyz` says that a meeting can be
  held; 0.0 is: never unwell. Where a meeting reaches its limit: from there until everybody is out.
- *Recording lost* is how long one child's picture was seen by the other and is not in the recording. While a
  room stands still nobody is seen, so nothing is lost. Less than 0.3 s is not told apart from nothing.
- *The record* is the recording's segments and the log's rows; the register's notes are what the host is told.
- *Looks*: each page looks seven times a second at what it really plays, whose voices and whose pictures. A
  program beside them asks the media server who is in and who sends what, tries the signal gate as the child
  who waits, and reads that child's page and what the live sockets tell children. After each fault the log's
  chain is verified. A look that nobody answered is not counted. Before the first fault of each meeting the
  watcher is shown a breach, a stranger whom the media server itself lets in, and has to see it.
- *Held*: no invariant was seen broken. One is when a look saw two children heard at once; a child heard
  without the floor; somebody in the room who was not let in; a child who sends while no host has been in for
  five seconds; a room that is not empty a second after its limit; or on a child's page a surname or an
  address that is not theirs.
- Clocks were set by libfaketime, as the app, the worker and the supervisor see it.
"""
