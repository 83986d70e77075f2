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

from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from circletime.media.supervisor import answers_http

RENEW_BEFORE = timedelta(days=14)


def before_start(names: list[str]) -> list[str]:
    """What would keep the named parts from starting."""
    locked_out = [] if _school_key_opens() else [_school_key()[1]]
    return (
        _missing(names)
        + locked_out
        + [
            f"Port {port} ({what}) is in use by another program. Stop it, or choose another: PORT=9000."
            for what, port, kind in _ports(names)
            if _taken(port, kind)
        ]
    )


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
    yield _store()
    yield _keys()
    yield _school_key()
    yield _swap()
    yield _certificate()
    yield from _media_servers()
    yield _relay()
    yield _second_step()
    yield _mail()
    yield _letters()
    yield _clock()
    yield _log()
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
        if settings.TURN:
            found.append(("media through the relay", settings.TURN.port, socket.SOCK_STREAM))
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
    from circletime.recordings import room

    try:
        free = shutil.disk_usage(settings.VAULT).free
    except OSError:
        return (
            False,
            f"The folder {settings.VAULT}, where recordings are kept, is not there. Put its disk back.",
        )
    size = f"{free / 1024**3:.0f} GB"
    if free < room.WARN_BELOW:
        left = room.warning(free, 0).partition(": ")[2]
        return False, f"Only {size} are free where recordings are kept: {left} Make room, or move the vault."
    return True, f"{size} are free where recordings are kept."


def _store() -> tuple[bool, str]:
    from circletime.core.time import now
    from circletime.recordings import queries, store

    there = store.bucket()
    if there is None:
        return True, "Recordings stay in their folder: no CIRCLETIME_S3_BUCKET."
    try:
        there.ids()
        versions = there.keeps_versions()
    except (store.StoreTrouble, FileNotFoundError) as trouble:
        what = str(trouble) if isinstance(trouble, store.StoreTrouble) else "There is no such bucket."
        return False, f"{what} Look at CIRCLETIME_S3_URL, _BUCKET, _ID and _SECRET."
    if versions:
        return False, "The bucket keeps older versions of what is removed. Switch that off for this bucket."
    late = queries.count_unmoved(now() - timedelta(days=1))
    if late:
        return False, f"Recordings that wait to be moved to the bucket for over a day: {late}."
    return True, f"Recordings are moved to the bucket {settings.S3_BUCKET} at {settings.S3_URL}."


SWAPS = Path("/proc/swaps")


def _swap() -> tuple[bool, str]:
    # Keys and pictures are in memory in the clear. A mapped device is encrypted, zram is memory itself.
    try:
        lines = SWAPS.read_text().splitlines()[1:]
    except OSError:
        lines = []
    places = [line.split()[0] for line in lines]
    plain = [place for place in places if not place.startswith(("/dev/dm-", "/dev/mapper/", "/dev/zram"))]
    if plain:
        return (
            False,
            f"Memory is swapped to {', '.join(plain)} in the clear. See docs/vault-format.md for swap.",
        )
    return True, "No memory is swapped to a disk in the clear."


def _keys() -> tuple[bool, str]:
    loose = [path.name for path in sorted(Path(settings.KEYS).rglob("*")) if _others_read(path)]
    if loose:
        return False, f"Other accounts can read {', '.join(loose)} in {settings.KEYS}. Run chmod 600 on them."
    return True, "The keys can be read by this account only."


def _school_key() -> tuple[bool, str]:
    from circletime.recordings import outer
    from circletime.recordings.keys import KeyTrouble

    if not outer.path().exists() and not outer.is_rotating():
        return True, "The school's key is made with the first recording."
    try:
        outer.current()
    except KeyTrouble as trouble:
        return False, str(trouble)
    if outer.is_rotating():
        return (
            False,
            "The school's key is being replaced, which did not end. Run circletime vault rotate-key again.",
        )
    if settings.KEK_IDENTITY and not outer.is_locked():
        return (
            False,
            "The school's key is not locked with the age identity yet. Run circletime vault rotate-key.",
        )
    return True, "The school's key can be read."


def _school_key_opens() -> bool:
    """False for an age identity that does not fit: then no meeting could start."""
    from circletime.recordings import outer
    from circletime.recordings.keys import KeyTrouble

    if not settings.KEK_IDENTITY or not outer.path().exists():
        return True
    try:
        outer.current()
    except KeyTrouble:
        return False
    return True


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


def _media_servers() -> Iterator[tuple[bool, str]]:
    for url in settings.LIVEKIT_ELSEWHERE:
        if answers_http(url)():
            yield True, f"The media server {url} answers."
        else:
            yield False, f"The media server {url} does not answer. Look at it, and at CIRCLETIME_LIVEKIT_URL."


def _relay() -> tuple[bool, str]:
    if settings.TURN is None:
        if settings.TURN_DOMAIN:
            return (
                True,
                f"Homes where only web pages come through are sent to the relay {settings.TURN_DOMAIN}.",
            )
        return True, "Homes where only web pages come through cannot join: no CIRCLETIME_TURN_DOMAIN."
    end = load_pem_x509_certificate(settings.TURN.cert.read_bytes()).not_valid_after_utc
    what = f"The certificate of the relay {settings.TURN.domain} ends on {timezone.localtime(end):%-d %B %Y}"
    if end < timezone.now() + RENEW_BEFORE:
        return False, f"{what}. Renew it, and start the media server again, which reads it only then."
    return True, f"{what}."


def _second_step() -> tuple[bool, str]:
    from circletime.people.second_steps import count_without

    if settings.SECOND_STEP == "offered":
        if settings.DEMO or (settings.VAR / "demo.json").exists():
            return True, "A password alone is enough here for senior leaders: this is a demo."
        return False, (
            "A password alone is enough for senior leaders, who see recordings. "
            "Leave CIRCLETIME_SECOND_STEP out."
        )
    try:
        need, without = count_without()
    except DatabaseError:
        return True, "Senior leaders will sign in in two steps."
    return True, (
        f"Senior leaders sign in in two steps. Of {need}, {without} will set theirs up at the next sign-in."
    )


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


def _log() -> tuple[bool, str]:
    from circletime.audit.queries import last_checkpoint, log_key
    from circletime.core.keyfiles import KeyTrouble
    from circletime.core.time import now
    from circletime.policy.limits import CHECKPOINT_EVERY

    try:
        last = last_checkpoint()
        log_key()
    except DatabaseError:
        return True, "There is no database yet, and so no log."
    except KeyTrouble as trouble:
        return False, f"The log cannot be signed. {trouble}"
    if last is None:
        return True, "The log was not signed yet; the worker does that every day."
    if now() - last.at > 2 * CHECKPOINT_EVERY:
        return False, (
            f"The log was signed last on {timezone.localtime(last.at):%-d %B %Y}. "
            "Run circletime audit verify; if it holds, look why the worker does not run."
        )
    return True, f"The log was signed on {timezone.localtime(last.at):%-d %B %Y}, at row {last.number}."


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
