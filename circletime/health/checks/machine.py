"""This machine: its programs, ports, disk, memory and time, and whether its settings are any."""

import difflib
import os
import shutil
import socket
import time
from collections.abc import Iterable
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from math import inf
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from circletime.core.time import ahead
from circletime.documents.limits import longest
from circletime.health.rules.finding import Finding, Subject, well, wrong
from circletime.health.rules.space import Kept, days_left
from circletime.policy.limits import Limit
from circletime.recordings import queries, room, store
from config import places
from config.described import BESIDE
from config.described import names as names_of_settings

CLOCKS_DIFFER = 2.0
"""Seconds that two machines may be apart without a word."""
FULL_WITHIN = 7
"""Days. A disk that lasts for less is told of while there is time to do something."""


def every_part() -> list[str]:
    """The parts that run here, in the order they start."""
    every = ("media", "recorder", "app", "worker")
    return [name for name in every if name != "media" or not settings.LIVEKIT_ELSEWHERE]


_AGAIN = "Install the wheel again." if places.INSTALLED else "Run make setup."


def missing(names: Iterable[str]) -> list[str]:
    """The programs that the named parts need and that are not there, each a sentence."""
    needed = (("media", "livekit-server"), ("recorder", "recorder"))
    paths = [settings.BIN / binary for name, binary in needed if name in names]
    return [f"{path} is missing. {_AGAIN}" for path in paths if not os.access(path, os.X_OK)]


def taken(names: Iterable[str]) -> list[str]:
    """The ports that the named parts need and that somebody else has, each a sentence."""
    return [
        f"Port {port} ({what}) is in use by another program. Stop it, or choose another: PORT=9000."
        for what, port, kind in _ports(names)
        if _is_taken(port, kind)
    ]


def _ports(names: Iterable[str]) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    if "app" in names:
        found.append(("pages", settings.PORT, socket.SOCK_STREAM))
    if "media" in names:
        found += [
            ("media signalling", settings.LIVEKIT_PORT, socket.SOCK_STREAM),
            ("media over TCP", settings.LIVEKIT_TCP_PORT, socket.SOCK_STREAM),
            ("media over UDP", settings.LIVEKIT_UDP_PORT, socket.SOCK_DGRAM),
        ]
        if settings.TURN:
            found.append(("media through the relay", settings.TURN.port, socket.SOCK_STREAM))
    return found


def _is_taken(port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def is_running() -> bool:
    """Whether the pages are served here: a taken port may be anybody's, ours shows the sign-in page."""
    asking = HTTPConnection("127.0.0.1", settings.PORT, timeout=2)
    try:
        asking.request("GET", "/accounts/login/", headers={"Host": urlsplit(settings.PUBLIC_URL).netloc})
        return b"Circletime" in asking.getresponse().read(100_000)
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()


def programs(now: datetime) -> Finding:
    """What `make setup` builds."""
    if lines := missing(every_part()):
        return wrong(Subject.PROGRAMS, " ".join(lines))
    found = room_client(now)
    return found if not found.fine else well(Subject.PROGRAMS, "Every program that is needed is there.")


def room_client(now: datetime) -> Finding:
    """What a browser runs in a room."""
    if not (settings.BASE_DIR / "room" / "dist" / "room.js").exists():
        return wrong(Subject.PROGRAMS, "The room client is not built.", _AGAIN)
    return well(Subject.PROGRAMS, "The room client is built.")


def disk(now: datetime) -> Finding:
    """Room for what is recorded, now and in days to come; and for the database, where that is elsewhere."""
    try:
        free = queries.free_bytes()
        beside = _beside(free)
    except OSError:
        return wrong(
            Subject.DISK,
            f"The folder {settings.VAULT}, where recordings are kept, is not there.",
            "Put its disk back.",
        )
    size, days = f"{free / 1024**3:.0f} GB", _days_left(free, now)
    number = days if days is not None and days != inf else None
    if free < room.WARN_BELOW:
        left = room.warning(free, 0).partition(": ")[2]
        says = f"Only {size} are free where recordings are kept: {left}"
        return wrong(Subject.DISK, says, "Make room, or move the vault.", number)
    if beside:
        return wrong(Subject.DISK, beside, "Make room, or move the folder.", number)
    says = f"{size} are free where recordings are kept"
    if number is not None and number < FULL_WITHIN:
        says += f", enough for about {_days(number)}."
        return wrong(Subject.DISK, says, "Make room, or move the vault.", number)
    return well(Subject.DISK, f"{says}{_lasts(days)}.", number)


def _beside(free: int) -> str:
    """What is wrong with the disk of the database, where it is another than that of the recordings."""
    var = Path(settings.VAR)
    if var.stat().st_dev == Path(settings.VAULT).stat().st_dev:
        return ""
    size = shutil.disk_usage(var).free
    return f"Only {size / 1024**3:.1f} GB are free in {var}." if size < room.SPARE else ""


def _days_left(free: int, now: datetime) -> float | None:
    """For how many days the disk lasts; None where nobody can tell."""
    if store.bucket() is not None:
        return None  # recordings do not stay
    try:
        kept = [Kept(*each) for each in queries.list_kept_bytes()]
        kept_for = longest(Limit.KEPT).days
    except DatabaseError:
        return None
    return days_left(free - room.SPARE, kept, kept_for=kept_for, today=timezone.localtime(now).date())


def _lasts(days: float | None) -> str:
    if days is None:
        return ""
    return ", enough for all that is recorded" if days == inf else f", enough for about {_days(days)}"


def _days(number: float) -> str:
    return f"{number:.0f} day{'' if number == 1 else 's'}"


SWAPS = Path("/proc/swaps")


def swap(now: datetime) -> Finding:
    """Keys and pictures are in memory in the clear. A mapped device is encrypted, zram is memory itself."""
    try:
        lines = SWAPS.read_text().splitlines()[1:]
    except OSError:
        lines = []
    places = [line.split()[0] for line in lines]
    plain = [place for place in places if not place.startswith(("/dev/dm-", "/dev/mapper/", "/dev/zram"))]
    if plain:
        says = f"Memory is swapped to {', '.join(plain)} in the clear."
        return wrong(Subject.SWAP, says, "See docs/vault-format.md for swap.")
    return well(Subject.SWAP, "No memory is swapped to a disk in the clear.")


def clock(now: datetime) -> Finding:
    """No clock on the internet is asked. The newest thing we wrote may not lie in the future."""
    off = ahead().total_seconds()
    if abs(off) > CLOCKS_DIFFER:
        says = (
            f"This machine's clock and the database's differ by {abs(off):.0f} seconds; the latter is kept."
        )
        return wrong(Subject.CLOCK, says, "Have both kept right by the network.")
    newest = max((p.stat().st_mtime for p in Path(settings.VAR).glob("*")), default=0.0)
    if newest > time.time() + 60:
        says = "This machine's clock is behind files it wrote itself."
        return wrong(Subject.CLOCK, says, "Set it right (timedatectl).")
    synced = Path("/run/systemd/timesync/synchronized")
    if Path("/run/systemd/system").exists() and not synced.exists():
        says = "The clock is not kept right by the network."
        return wrong(Subject.CLOCK, says, "Switch that on: timedatectl set-ntp true.")
    return well(Subject.CLOCK, "The clock does not run backwards.")


def settings_known(now: datetime) -> Finding:
    """A setting that is misspelt would do nothing, and nobody would notice."""
    known = [*names_of_settings(), *BESIDE]
    strange = sorted(name for name in os.environ if name.startswith("CIRCLETIME_") and name not in known)
    if not strange:
        return well(Subject.SETTINGS, "Every setting is one that Circletime knows.")
    first = strange[0]
    near = difflib.get_close_matches(first, known, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return wrong(Subject.SETTINGS, f"{first} is no setting of Circletime.{meant}", "See docs/running.md.")
