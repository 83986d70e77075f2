"""Typed readers of the environment, which fail at start with a sentence.

Secrets that nobody gave are made once and kept in files only this account can read.
"""

import ipaddress
import os
import secrets
import zoneinfo
from collections.abc import Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from circletime.core.addresses import is_address


class BadSetting(Exception):
    """A setting has a value that cannot be used; the text says which and what is wanted."""


def text(name: str, default: str) -> str:
    """The variable `name`, or `default` when it is not set or empty."""
    return os.environ.get(name) or default


def number(name: str, default: int) -> int:
    """The variable `name` as a whole number."""
    raw = os.environ.get(name)
    if not raw:
        return default
    try:
        return int(raw)
    except ValueError:
        raise BadSetting(f"{name} is {raw!r}; it must be a whole number.") from None


def port(name: str, default: int) -> int:
    """The variable `name` as the number of a port."""
    found = number(name, default)
    if not 0 < found < 65536:
        raise BadSetting(f"{name} is {found}; a port is a number from 1 to 65535.")
    return found


def flag(name: str, default: bool) -> bool:
    """The variable `name` as yes or no."""
    raw = os.environ.get(name)
    if not raw:
        return default
    if raw.lower() in ("1", "true", "yes", "on"):
        return True
    if raw.lower() in ("0", "false", "no", "off"):
        return False
    raise BadSetting(f"{name} is {raw!r}; it must be yes or no.")


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """The variable `name`, which has to be one of the `allowed` words."""
    found = text(name, default).lower()
    if found not in allowed:
        raise BadSetting(f"{name} is {found!r}; it must be one of: {', '.join(allowed)}.")
    return found


def items(name: str, default: list[str]) -> list[str]:
    """The variable `name` as a comma-separated list."""
    raw = os.environ.get(name)
    return [part.strip() for part in raw.split(",") if part.strip()] if raw else default


SECRETS: list[str] = []
"""The files in the key folder that a start alone makes, and that nothing was locked or signed with yet."""

SHORTEST_SECRET = 16
"""In characters. Those that are made here have 64."""


def secret(name: str, folder: Path) -> str:
    """The secret `name`: from the environment, else from a file in `folder`, made at first use.

    The file is written whole under another name and linked into place, so that two processes
    starting at once agree on one secret.
    """
    SECRETS.append(name)
    variable = f"CIRCLETIME_{name.upper()}"
    given = os.environ.get(variable)
    if given and len(given) < SHORTEST_SECRET:
        raise BadSetting(f"{variable} is too short; it must have {SHORTEST_SECRET} characters or more.")
    if given:
        return given
    path = folder / name
    try:
        if not path.exists():
            _make_secret(path)
        return path.read_text().strip()
    except OSError as trouble:
        raise BadSetting(f"The file {path} cannot be made or read: {trouble.strerror}.") from None


def _make_secret(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def folder(name: str, default: Path, *, make: bool = False) -> Path:
    """The variable `name` as a folder, which is made when that is wanted."""
    path = Path(text(name, str(default))).expanduser().resolve()
    if not make:
        return path
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as trouble:
        raise BadSetting(f"{name}: the folder {path} cannot be made: {trouble.strerror}.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise BadSetting(f"{name}: nothing can be written into the folder {path} by this account.")
    return path


def origin(name: str, default: str) -> str:
    """The variable `name` as the address that browsers know: https:// and a host, and no path."""
    raw = text(name, default).rstrip("/")
    if not _is_origin(raw):
        raise BadSetting(
            f"{name} is {raw!r}; it must be https:// and a name, as https://meet.school.example."
        )
    return raw


def _is_origin(raw: str) -> bool:
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError:
        return False
    whole = f"{parts.scheme}://{parts.netloc}"
    return parts.scheme in ("http", "https") and bool(parts.hostname) and whole == raw and port != 0


def hosts(name: str, url: str) -> list[str]:
    """The variable `name` as the names that pages are asked for by; the one in `url` has to be among them."""
    ours = urlsplit(url).hostname or ""
    found = items(name, list(dict.fromkeys(["localhost", "127.0.0.1", ours])))
    if not any(one in ("*", ours) or (one.startswith(".") and f".{ours}".endswith(one)) for one in found):
        raise BadSetting(f"{name} is {','.join(found)!r}; {ours}, which pages are reached by, is not in it.")
    return found


def ip(name: str, default: str) -> str:
    """The variable `name` as an address of this machine, in numbers."""
    found = text(name, default)
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        raise BadSetting(f"{name} is {found!r}; it must be an address in numbers, as 192.0.2.7.") from None


def sender(name: str, default: str) -> str:
    """The variable `name` as who letters are from: an address, or a name with an address after it."""
    found = text(name, default)
    if found != default and not is_address(parseaddr(found)[1]):
        raise BadSetting(f"{name} is {found!r}; it must be as: Larkfield School <office@larkfield.example>.")
    return found


def zone(name: str, default: str) -> str:
    """The variable `name` as a time zone, as Europe/London."""
    found = text(name, default)
    try:
        return zoneinfo.ZoneInfo(found).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSetting(f"{name} is {found!r}; it must be a time zone, as Europe/London.") from None


def told(name: str, words: Sequence[str]) -> list[str]:
    """The variable `name` as who is written to: any of these `words`, and e-mail addresses."""
    found = items(name, list(words))
    for one in found:
        if one not in words and not is_address(one):
            said = f"{name} names {one!r}; write {' or '.join(words)}, or an e-mail address."
            raise BadSetting(said)
    return found


def schoolping(name: str) -> str:
    """The variable `name` as how messages reach SchoolPing: mailto: an address, https:// one, or nothing."""
    raw = text(name, "")
    local = urlsplit(raw).hostname in ("localhost", "127.0.0.1", "::1")
    mailbox = raw.startswith("mailto:") and raw.count("@") == 1
    if not raw or mailbox or (raw.startswith("https://") and urlsplit(raw).hostname):
        return raw
    if raw.startswith("http://") and local:
        return raw
    raise BadSetting(f"{name} is {raw!r}; it must be mailto: and one address, or begin with https://.")


def identity(name: str) -> Path | None:
    """The variable `name` as where the school's key is: `file`, or `age:` and the path of an identity."""
    raw = text(name, "file")
    kind, _, place = raw.partition(":")
    if raw == "file":
        return None
    if kind != "age" or not place:
        raise BadSetting(f"{name} is {raw!r}; it must be file, or age: and the path of an age identity.")
    path = Path(place).expanduser().resolve()
    try:
        found = "AGE-SECRET-KEY-1" in path.read_text()
    except (OSError, ValueError):
        found = False
    if not found:
        raise BadSetting(f"{name}: no age identity can be read in {path}. Make one with age-keygen.")
    return path


def bucket(name: str, url: str) -> dict[str, Any]:
    """How django-storages reaches the bucket `name` of the S3-compatible store at `url`."""
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config

    missing = [each for each in ("CIRCLETIME_S3_ID", "CIRCLETIME_S3_SECRET") if not os.environ.get(each)]
    if missing:
        raise BadSetting(f"CIRCLETIME_S3_BUCKET is set, and {' and '.join(missing)} is not.")
    if url and not url.startswith(("https://", "http://")):
        raise BadSetting(f"CIRCLETIME_S3_URL is {url!r}; it must begin with https:// or http://.")
    return {
        "bucket_name": name,
        "endpoint_url": url or None,
        "region_name": text("CIRCLETIME_S3_REGION", "us-east-1"),
        "access_key": os.environ["CIRCLETIME_S3_ID"],
        "secret_key": os.environ["CIRCLETIME_S3_SECRET"],
        "file_overwrite": True,
        "default_acl": None,
        # In one piece: what a killed worker left of several pieces would not be seen, and stay.
        "transfer_config": TransferConfig(  # type: ignore[no-untyped-call]
            multipart_threshold=5 * 1024**3, use_threads=False
        ),
        "client_config": Config(  # type: ignore[no-untyped-call]
            connect_timeout=3,
            read_timeout=20,
            retries={"mode": "standard", "max_attempts": 2},
            s3={"addressing_style": "path"},
            signature_version="s3v4",
        ),
    }
