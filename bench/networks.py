"""`python -m bench.networks`: a child at home, behind lines as homes have them; writes docs/networks.md."""

import asyncio
import os
import platform
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bench import packets
from bench.f2 import FIRST_FRAME
from bench.line import PAGES, RELAY, Line, at_home, connected, namespaces
from bench.report import Cell, Result
from tests import harness
from tests.harness import CHROMIUM, DESKTOP, PHONE, ROOT, Installation, Person, wait_for
from tests.media.certificates import certificate

LINES = (
    Line("good"),
    Line("5 % of packets lost, each way", loss=0.05),
    Line("100 ms late each way, ± 20 ms", delay=0.1, jitter=0.02),
    Line("150 kbit/s up", uplink=150_000),
    Line("no UDP", only="tcp"),
    Line("no UDP, and no relay", only="tcp", relay=False),
    Line("port 443 only", only="443"),
)
NAMES = ("Amara", "Ben", "Chloé", "D'Arcy", "Eun-ji", "Amara", "Ben")
LOADS = 3
LISTENED = 10.0
MEET, TURN = "meet.larkfield.example", "turn.larkfield.example"
MAPPED = f"MAP {MEET} {PAGES}, MAP {TURN} {RELAY}"
# Of one person's picture: its frames so far. Of all sound that comes in: how much was made up. And the way.
TOLD = """async (label) => {
  const video = document.querySelector(`[aria-label="${label}"] video`);
  const told = { frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0, sound: 0, made: 0, way: "" };
  for (const connection of connections) {
    if (connection.connectionState !== "connected") continue;
    const reports = await connection.getStats();
    for (const report of reports.values()) {
      if (report.type === "inbound-rtp" && report.kind === "audio") {
        told.sound += report.totalSamplesReceived ?? 0;
        told.made += (report.concealedSamples ?? 0) - (report.silentConcealedSamples ?? 0);
      }
      if (report.type === "transport" && report.selectedCandidatePairId) {
        const local = reports.get(reports.get(report.selectedCandidatePairId).localCandidateId);
        told.way = local.candidateType === "relay" ? `relay over ${local.relayProtocol}` : local.protocol;
      }
    }
  }
  return told;
}"""
ASKED = """
window.asked = [];
const Watched = window.RTCPeerConnection;
const note = (config) => { for (const one of config?.iceServers ?? []) asked.push(...[one.urls].flat()); };
window.RTCPeerConnection = class extends Watched {
  constructor(config) { super(config); note(config); }
  setConfiguration(config) { super.setConfiguration(config); note(config); }
};
"""


def main() -> int:
    """Measure every line and write the page; exit status 0 only when each could take part."""
    if os.geteuid() != 0:
        print("This makes networks of its own, so it has to run as root.", file=sys.stderr)
        return 2
    subprocess.run(["sh", ROOT / "tests/install-browsers.sh", "iproute2", "libnss3-tools"], check=True)
    rows: list[dict[str, Cell]] = []
    asked: set[str] = set()
    with tempfile.TemporaryDirectory() as name, namespaces(), sync_playwright() as playwright:
        folder = Path(name)
        with school(folder) as at:
            teacher = person(playwright, folder, "teacher", home=False)
            harness.sign_in(teacher, at, "teacher")
            harness.start_meeting(teacher, at)
            wait_for(lambda: len(harness.seen_by(teacher)) == 1, 30, "the teacher is in")
            for who, line in zip(NAMES, LINES, strict=True):
                with connected(line):
                    child = person(playwright, folder, who, home=True)
                    try:
                        rows.append(_one(at, teacher, child, line))
                        asked |= set(child.page.evaluate("asked"))
                    finally:
                        child.close()
                print(rows[-1], file=sys.stderr, flush=True)
            teacher.close()
            browser = subprocess.run(
                [CHROMIUM, "--version"], capture_output=True, text=True, check=True
            ).stdout
    _write(rows, sorted(asked), browser.split(" built")[0].strip())
    return 0 if all(row["joins"] == "yes" for row in rows) else 1


@contextmanager
def school(folder: Path) -> Iterator[Installation]:
    """An installation at its names with https, as the homes of `bench.line` reach it."""
    for name in (MEET, TURN):
        (folder / name).mkdir()
    pages, relay = certificate(folder / MEET, MEET), certificate(folder / TURN, TURN)
    _trust(folder, pages[0], relay[0])
    port = harness.free_ports(5)
    settings = {
        "CIRCLETIME_URL": f"https://{MEET}",
        "CIRCLETIME_HOSTS": MEET,
        "CIRCLETIME_NODE_IP": PAGES,
        "CIRCLETIME_TURN_DOMAIN": TURN,
        "CIRCLETIME_TURN_CERT": str(relay[0]),
        "CIRCLETIME_TURN_KEY": str(relay[1]),
        "CIRCLETIME_TURN_PORT": str(port + 4),
    }
    with (
        _fronts(pages, port, port + 4),
        harness.installation(folder / "school", classes=1, port=port, settings=settings) as at,
    ):
        yield at


def _trust(folder: Path, *certificates: Path) -> None:
    # A browser with this home trusts these certificates, and checks them like any other.
    store = folder / ".pki" / "nssdb"
    store.mkdir(parents=True)
    subprocess.run(["certutil", "-N", "--empty-password", "-d", f"sql:{store}"], check=True)
    for number, path in enumerate(certificates):
        command = [
            "certutil",
            "-A",
            "-d",
            f"sql:{store}",
            "-t",
            "CP,,",
            "-n",
            f"school {number}",
            "-i",
            str(path),
        ]
        subprocess.run(command, check=True)


@contextmanager
def _fronts(pages: tuple[Path, Path], app: int, relay: int) -> Iterator[None]:
    """What stands before the program: port 443 of the pages' name and of the relay's."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*pages)
    loop = asyncio.new_event_loop()
    stand = threading.Event()

    async def begin() -> None:
        await asyncio.start_server(_to(app), PAGES, 443, ssl=context)
        await asyncio.start_server(_to(relay), RELAY, 443)
        stand.set()

    def serve() -> None:
        loop.run_until_complete(begin())
        loop.run_forever()

    threading.Thread(target=serve, daemon=True).start()
    if not stand.wait(10):
        raise RuntimeError("port 443 could not be served")
    yield
    loop.call_soon_threadsafe(loop.stop)


def _to(port: int) -> Any:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reads, there_writes = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, there_writes), _pump(there_reads, writer), return_exceptions=True)

    return one


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


def person(playwright: Any, folder: Path, who: str, *, home: bool, rate: int = 15) -> Person:
    """Somebody in a browser, in the home's network or the school's."""
    program = folder / ("home.sh" if home else "school.sh")
    if not program.exists():
        command = [CHROMIUM, f'--host-resolver-rules="{MAPPED}"', '"$@"']
        words = " ".join(at_home(command) if home else command)
        program.write_text(f"#!/bin/sh\nexport HOME={folder}\nexec {words}\n")
        program.chmod(0o755)
    one = harness.person(
        playwright, folder, who, size=PHONE if home else DESKTOP, program=str(program), rate=rate
    )
    packets.watch(one)
    one.context.add_init_script(ASKED)
    one.context.add_init_script(FIRST_FRAME)
    return one


def _one(at: Installation, teacher: Person, child: Person, line: Line) -> dict[str, Cell]:
    row: dict[str, Cell] = {"line": line.name, "joins": "no"}
    try:
        harness.knock(child, at, child.who)
        harness.admit(teacher, f"Admit {child.who}")
        first = [_first_picture(child)]
    except Exception as trouble:
        print(line.name, trouble, file=sys.stderr)
        return row | dict.fromkeys(COLUMNS, "")
    room = child.page.url
    for _ in range(LOADS - 1):
        child.page.goto(f"https://{MEET}/join/")
        child.page.goto(room, wait_until="commit")
        first.append(_first_picture(child))
    wait_for(lambda: harness.seen_by(teacher).get(child.who) == child.who, 60, "the child is seen")
    child.page.get_by_role("button", name="Hand up").first.click()
    teacher.page.get_by_role("button", name=f"Give {child.who} a turn").click()
    wait_for(lambda: child.who in harness.heard_by(teacher), 60, "the child is heard")
    time.sleep(5)  # the senders have found their rate
    before = (_told(child, "Mrs Osei"), _told(teacher, child.who))
    began = time.monotonic()
    time.sleep(LISTENED)
    after = (_told(child, "Mrs Osei"), _told(teacher, child.who))
    passed = time.monotonic() - began
    for where, old, new in zip(("child", "school"), before, after, strict=True):
        sound = max(1, new["sound"] - old["sound"])
        row[f"pictures a second at the {where}"] = round((new["frames"] - old["frames"]) / passed, 1)
        row[f"sound heard at the {where}, %"] = round(100 * (1 - (new["made"] - old["made"]) / sound), 1)
    row |= {"joins": "yes", "way": after[0]["way"], "first picture, s": round(statistics.median(first), 2)}
    teacher.page.get_by_role("button", name="End turn").first.click()
    return {name: row[name] for name in ("line", "joins", *COLUMNS)}


COLUMNS = (
    "way",
    "first picture, s",
    "pictures a second at the child",
    "sound heard at the child, %",
    "pictures a second at the school",
    "sound heard at the school, %",
)


def _first_picture(child: Person) -> float:
    wait_for(lambda: child.page.evaluate("window.firstFrame ?? 0"), 60, "the teacher is seen")
    return float(child.page.evaluate("window.firstFrame")) / 1000


def _told(one: Person, label: str) -> dict[str, Any]:
    told: dict[str, Any] = one.page.evaluate(TOLD, label)
    return told


def _write(rows: list[dict[str, Cell]], asked: list[str], browser: str) -> None:
    table = Result("", "", "", True, {}, rows).table()
    where = f"{datetime.now(UTC):%-d %B %Y}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    told: dict[str, Cell] = {"table": table, "where": where, "browser": browser, "asked": ", ".join(asked)}
    told |= {"loads": LOADS, "listened": LISTENED}
    (ROOT / "docs" / "networks.md").write_text(PAGE.format(**told))


PAGE = """# Networks as homes have them

Written by `make networks` ({where}, {browser}); nothing in the table was typed by hand.

A child in Chromium sits in a network of its own; every packet to the school goes over a line that loses,
delays, slows or keeps out. The teacher's browser is at the school. The first picture is the median of
{loads} times opening the room; pictures and sound are counted over {listened:.0f} s, while teacher and
child both speak. “Sound heard” is what really arrived of the sound that was played; the rest was made up by
the browser to bridge a gap. The cameras give 15 pictures a second.

{table}

- Of servers on the way, the browsers were told: {asked}. That is the school's own relay; there was no
  other.
- A home without UDP is carried by the relay (TURN over TLS), whose certificate the browser checked, or by
  the media server's own TCP port. Where only port 443 is open there is nothing but the relay: without
  `CIRCLETIME_TURN_DOMAIN` such a home cannot take part.
- The line is a program between two network namespaces (bench/line.py), as the machine's kernel had no
  traffic control. An uplink that is full drops what would wait longer than half a second.
"""


if __name__ == "__main__":
    sys.exit(main())
