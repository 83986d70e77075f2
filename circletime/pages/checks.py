"""What the doctor looks at. Each answer is a sentence that says what to do."""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

ROOM_NEEDED = 5 * 1024**3
"""Bytes of free disk below which a morning's recordings may not fit."""


def before_start(names: list[str]) -> list[str]:
    """What would keep the named parts from starting."""
    return _missing(names) + [
        f"Port {port} ({what}) is in use by another program. Stop it, or choose another: PORT=9000."
        for what, port, kind in _ports(names)
        if _taken(port, kind)
    ]


def everything() -> Iterator[tuple[bool, str]]:
    """Every check: whether it is fine, and a sentence."""
    from circletime.pages import parts

    names = list(parts.NAMES)
    running = _answers()
    wrong = _missing(names) if running else before_start(names)
    yield from ((False, line) for line in wrong)
    if running:
        yield True, f"Circletime is running (at port {settings.PORT})."
    elif not wrong:
        yield True, "Everything that is needed to start is there, and the ports are free."
    yield _disk()
    yield _keys()
    yield _certificate()
    yield _mail()
    yield _letters()
    yield _clock()
    yield _destruction()
    yield _room()


def _missing(names: list[str]) -> list[str]:
    needed = (("media", "livekit-server"), ("recorder", "recorder"))
    paths = [settings.BIN / binary for name, binary in needed if name in names]
    return [f"{path} is missing. Run make setup." for path in paths if not os.access(path, os.X_OK)]


def _ports(names: list[str]) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    if "app" in names:
        found.append(("pages", settings.PORT, socket.SOCK_STREAM))
    if "media" in names:
        found += [
            ("media signalling", settings.LIVEKIT_PORT, socket.SOCK_STREAM),
            ("media over TCP", settings.LIVEKIT_TCP_PORT, socket.SOCK_STREAM),
            ("media over UDP", settings.LIVEKIT_UDP_PORT, socket.SOCK_DGRAM),
        ]
    return found


def _taken(port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _answers() -> bool:
    # A taken port may be anybody's. Ours shows the sign-in page, under the name it is reached by.
    asking = HTTPConnection("127.0.0.1", settings.PORT, timeout=2)
    try:
        asking.request("GET", "/accounts/login/", headers={"Host": urlsplit(settings.PUBLIC_URL).netloc})
        return b"Circletime" in asking.getresponse().read(100_000)
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()


def _disk() -> tuple[bool, str]:
    try:
        free = shutil.disk_usage(settings.VAULT).free
    except OSError:
        return (
            False,
            f"The folder {settings.VAULT}, where recordings are kept, is not there. Put its disk back.",
        )
    size = f"{free / 1024**3:.0f} GB"
    if free < ROOM_NEEDED:
        return False, f"Only {size} are free where recordings are kept. Make room, or move the vault."
    return True, f"{size} are free where recordings are kept."


def _keys() -> tuple[bool, str]:
    loose = [path.name for path in sorted(Path(settings.KEYS).rglob("*")) if _others_read(path)]
    if loose:
        return False, f"Other accounts can read {', '.join(loose)} in {settings.KEYS}. Run chmod 600 on them."
    return True, "The keys can be read by this account only."


def _others_read(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o077)
    except FileNotFoundError:
        return False  # a recording was destroyed meanwhile


def _certificate() -> tuple[bool, str]:
    if settings.HTTPS:
        return True, f"Pages are served at {settings.PUBLIC_URL}."
    if "//localhost" in settings.PUBLIC_URL:
        return True, "Only this machine can use it (localhost). Families need https: set CIRCLETIME_URL."
    return False, f"{settings.PUBLIC_URL} has no certificate. Browsers give no camera without https."


def _mail() -> tuple[bool, str]:
    if not settings.EMAIL_HOST or settings.DEMO:
        return (
            True,
            f"Mail is written into {settings.MAIL_FOLDER} and reaches nobody: no CIRCLETIME_SMTP_HOST.",
        )
    place = f"The mail server {settings.EMAIL_HOST} at port {settings.EMAIL_PORT}"
    try:
        socket.create_connection((settings.EMAIL_HOST, settings.EMAIL_PORT), timeout=3).close()
    except OSError:
        return False, f"{place} does not answer. Look at CIRCLETIME_SMTP_HOST and CIRCLETIME_SMTP_PORT."
    return True, f"{place} answers."


def _letters() -> tuple[bool, str]:
    from circletime.core.time import now
    from circletime.notices import queries

    try:
        found = queries.worries(now())
    except DatabaseError:
        return True, "There is no database yet, and so no letter that could wait."
    if found.ours is not None:
        return False, found.ours.words
    if found.failed:
        return False, f"Letters that could not be sent: {found.failed}. The page Letters says why."
    if found.late:
        return (
            False,
            f"Letters that have waited for more than an hour: {found.late}. The page Letters says why.",
        )
    return True, "No letter has failed, and none waits for long."


def _clock() -> tuple[bool, str]:
    # No clock on the internet is asked. The newest thing we wrote may not lie in the future.
    newest = max((p.stat().st_mtime for p in Path(settings.VAR).glob("*")), default=0.0)
    if newest > time.time() + 60:
        return False, "This machine's clock is behind files it wrote itself. Set it right (timedatectl)."
    synced = Path("/run/systemd/timesync/synchronized")
    if Path("/run/systemd/system").exists() and not synced.exists():
        return False, "The clock is not kept right by the network. Switch that on: timedatectl set-ntp true."
    return True, "The clock does not run backwards."


def _destruction() -> tuple[bool, str]:
    from circletime.core.time import now
    from circletime.recordings import queries

    try:
        waits = queries.clock_sentence(now())
        left = queries.due(timezone.localtime(now()).date() - timedelta(days=1)).count()
    except DatabaseError:
        return True, "There is no database yet, and so no recording whose day could come."
    if waits:
        return False, waits
    if left:
        return False, f"Recordings past their day and still there: {left}. Run circletime retention run."
    return True, "Recordings are destroyed on their day."


def _room() -> tuple[bool, str]:
    built = (settings.BASE_DIR / "room" / "dist" / "room.js").exists()
    return built, "The room client is built." if built else "The room client is not built. Run make setup."
