"""Typed readers of the environment, which fail at start with a sentence.

Secrets that nobody gave are made once and kept in files only this account can read.
"""

import importlib.util
import ipaddress
import os
import re
import secrets
import ssl
import zoneinfo
from collections.abc import Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from circletime.core.addresses import is_address
from circletime.media.config import Relay


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


def collector(name: str) -> str:
    """The variable `name` as where OpenTelemetry's spans go, over OTLP and HTTP; or nothing."""
    raw = text(name, "").rstrip("/")
    if raw and not _is_origin(raw):
        raise BadSetting(f"{name} is {raw!r}; it must be an address like http://collector.example:4318.")
    if raw and importlib.util.find_spec("opentelemetry") is None:
        raise BadSetting(
            f"{name} needs packages that are not installed: pipx install 'circletime[telemetry]'."
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


def listen(name: str, default: str) -> str:
    """The variable `name` as an address of this machine, of either version."""
    found = text(name, default)
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        raise BadSetting(f"{name} is {found!r}; it must be an address like 192.0.2.7.") from None


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


def ip(name: str, default: str) -> str:
    """The variable `name` as an address of the fourth version."""
    raw = text(name, default)
    try:
        return str(ipaddress.IPv4Address(raw))
    except ValueError:
        raise BadSetting(f"{name} is {raw!r}; it must be an address like 192.0.2.7.") from None


def media_servers(name: str) -> list[str]:
    """The variable `name` as addresses of media servers that run elsewhere, with what else they need."""
    urls = [url.rstrip("/") for url in items(name, [])]
    for url in urls:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and _is_inside(parts.hostname or ""))
        if not parts.hostname or not safe:
            raise BadSetting(
                f"{name} is {url!r}; it must begin with https://, or with http:// and an address inside the "
                "school's own network: children's names are sent there."
            )
    needed = ("CIRCLETIME_LIVEKIT_KEY", "CIRCLETIME_LIVEKIT_SECRET")
    missing = [each for each in needed if urls and not os.environ.get(each)]
    if missing:
        raise BadSetting(f"{name} is set, and {' and '.join(missing)} is not.")
    return urls


def _is_inside(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def redis(name: str) -> str:
    """The variable `name` as the Redis that media servers share, or nothing."""
    raw = text(name, "")
    try:
        parts = urlsplit(raw)
        found = parts.scheme in ("redis", "rediss") and parts.hostname and (parts.port or 1)
        found = found and (not parts.path.strip("/") or parts.path.strip("/").isdigit())
    except ValueError:  # a port that is none
        found = False
    if raw and not found:
        raise BadSetting(f"{name} cannot be read; it must be like redis://:PASSWORD@192.0.2.7:6379/0.")
    return raw


def domain(name: str) -> str:
    """The variable `name` as the name of a machine, such as a certificate is made for; or nothing."""
    raw = text(name, "").lower()
    if raw and not re.fullmatch(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*", raw):
        raise BadSetting(f"{name} is {raw!r}; it must be a name like turn.school.example.")
    return raw


def turn(name: str) -> Relay | None:
    """How the relay at the domain `name` runs, from CIRCLETIME_TURN_CERT, _KEY and _PORT; or None."""
    needed = ("CIRCLETIME_TURN_CERT", "CIRCLETIME_TURN_KEY")
    given = [each for each in (*needed, "CIRCLETIME_TURN_PORT") if os.environ.get(each)]
    if not name:
        if given:
            raise BadSetting(f"{' and '.join(given)} is set, and CIRCLETIME_TURN_DOMAIN is not.")
        return None
    missing = [each for each in needed if each not in given]
    if missing:
        raise BadSetting(f"CIRCLETIME_TURN_DOMAIN is set, and {' and '.join(missing)} is not.")
    cert, key = (Path(os.environ[each]).expanduser().resolve() for each in needed)
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key, password="")
    except (OSError, ValueError):
        raise BadSetting(
            f"The relay cannot use its certificate: {cert} and {key} must be readable, in PEM, without a "
            "password, and fit each other. Look at CIRCLETIME_TURN_CERT and CIRCLETIME_TURN_KEY."
        ) from None
    return Relay(name, cert, key, port("CIRCLETIME_TURN_PORT", 5349))


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


_GOOGLE = "https://accounts.google.com"
_MICROSOFT = "https://login.microsoftonline.com/{tenant}/v2.0"
_TENANT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


def domains(name: str) -> frozenset[str]:
    """The variable `name` as domains of e-mail addresses, in small letters."""
    found = items(name, [])
    for each in found:
        if not _DOMAIN.fullmatch(each):
            raise BadSetting(f"{name} has {each!r}; name domains, as: larkfield.example, and no addresses.")
    return frozenset(each.lower() for each in found)


def sign_in_providers(own: frozenset[str]) -> list[dict[str, Any]]:
    """Where staff sign in with an account of the school's, as allauth is told; empty where nowhere.

    `own` are the domains of the school's addresses, without which nobody could be told from a stranger.
    """
    found = []
    if pair := _pair("CIRCLETIME_OIDC_GOOGLE"):
        found.append(_provider("google", "Google", _GOOGLE, pair))
    if pair := _pair("CIRCLETIME_OIDC_MICROSOFT"):
        tenant = text("CIRCLETIME_OIDC_MICROSOFT_TENANT", "")
        if not _TENANT.fullmatch(tenant):
            raise BadSetting(
                f"CIRCLETIME_OIDC_MICROSOFT_TENANT is {tenant!r}; it must be the directory's own ID, as: "
                "01234567-89ab-cdef-0123-456789abcdef."
            )
        found.append(_provider("microsoft", "Microsoft", _MICROSOFT.format(tenant=tenant.lower()), pair))
    if pair := _pair("CIRCLETIME_OIDC"):
        url = text("CIRCLETIME_OIDC_URL", "")
        local = url.startswith("http://") and urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
        if not (local or (url.startswith("https://") and urlsplit(url).hostname)):
            raise BadSetting(f"CIRCLETIME_OIDC_URL is {url!r}; it must begin with https://.")
        name = text("CIRCLETIME_OIDC_NAME", "the school's account")
        found.append(_provider("school", name, url.rstrip("/"), pair, fetch_userinfo=True))
    elif os.environ.get("CIRCLETIME_OIDC_URL"):
        raise BadSetting("CIRCLETIME_OIDC_URL is set, and CIRCLETIME_OIDC_ID and _SECRET are not.")
    if found and not own:
        raise BadSetting(
            "CIRCLETIME_OIDC_DOMAINS is not set. Name the domains of the school's own addresses."
        )
    return found


def _pair(name: str) -> tuple[str, str] | None:
    given = {each: os.environ.get(each, "") for each in (f"{name}_ID", f"{name}_SECRET")}
    missing = [each for each, value in given.items() if not value]
    if len(missing) == 1:
        (there,) = set(given) - set(missing)
        raise BadSetting(f"{there} is set, and {missing[0]} is not.")
    first, second = given.values()
    return (first, second) if not missing else None


def _provider(
    key: str, name: str, url: str, pair: tuple[str, str], *, fetch_userinfo: bool = False
) -> dict[str, Any]:
    return {
        "provider_id": key,
        "name": name,
        "client_id": pair[0],
        "secret": pair[1],
        "settings": {
            "server_url": url,
            "oauth_pkce_enabled": True,
            "fetch_userinfo": fetch_userinfo,
            "scope": ["openid", "email"],
        },
    }
