"""LiveKit's own configuration file, written at each start from our settings."""

import ipaddress
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Relay:
    """The school's own relay, for networks that let nothing but web pages through (TURN over TLS).

    Browsers are sent to port 443 of `domain`, which is fixed in LiveKit; `port` is where it listens.
    """

    domain: str
    cert: Path
    key: Path
    port: int


@dataclass(frozen=True)
class ServerPlan:
    """How the media server is to run: ports, the address browsers reach it at, and whom it tells.

    `listen` is where it takes signalling. Servers with the same `redis` (an address, or "") share
    their rooms.
    """

    port: int
    tcp_port: int
    udp_port: int
    node_ip: str
    key: str
    secret: str
    webhook: str
    listen: str = "127.0.0.1"
    redis: str = ""
    relay: Relay | None = None


def write_livekit_config(path: Path, plan: ServerPlan) -> None:
    """Write the file, readable by this account only (it holds the secret)."""
    path.touch(mode=0o600)
    os.chmod(path, 0o600)
    path.write_text(livekit_config(plan))


def livekit_config(plan: ServerPlan) -> str:
    """What stands in the file. JSON is also YAML."""
    config: dict[str, Any] = {
        "port": plan.port,
        # Signalling only on loopback, unless told: browsers come through the gate.
        "bind_addresses": [plan.listen],
        "keys": {plan.key: plan.secret},
        "rtc": {
            "tcp_port": plan.tcp_port,
            "udp_port": plan.udp_port,
            "use_external_ip": False,
            "node_ip": plan.node_ip,
            "enable_loopback_candidate": plan.node_ip.startswith("127."),
            # Where none is named, browsers are sent to public ones, which then know each family's address.
            "stun_servers": [f"{plan.node_ip}:{plan.udp_port}"],
        },
        # Without this, a live token would make a deleted room again.
        "room": {"auto_create": False, "empty_timeout": 3600, "departure_timeout": 3600},
        "webhook": {
            "api_key": plan.key,
            "urls": [plan.webhook],
            "filter_params": {"include_events": ["track_unpublished"]},
        },
        "logging": {"level": "warn", "json": True},
        "turn": _relay(plan.relay, plan.node_ip) if plan.relay else {"enabled": False},
    }
    if plan.redis:
        config["redis"] = _redis(plan.redis)
        # Who is in a room is asked of the node that has it: their common memory still names those of a node
        # that died. And an order that no node takes is refused before we stop waiting.
        config["api"] = {"enable_psrpc_for_get_list_participants": True}
        config["psrpc"] = {"max_attempts": 1, "timeout": "1s"}
    return json.dumps(config, indent=1)


def _relay(relay: Relay, node_ip: str) -> dict[str, Any]:
    # A relay takes its users to any address. Ours goes to the media server beside it and nowhere else: not
    # into the school's own network, and not to strangers in the school's name.
    only = ipaddress.ip_network(node_ip)
    elsewhere = ipaddress.ip_network("0.0.0.0/0").address_exclude(only)  # type: ignore[arg-type]
    return {
        "enabled": True,
        "domain": relay.domain,
        "cert_file": str(relay.cert),
        "key_file": str(relay.key),
        "tls_port": relay.port,
        "allow_restricted_peer_cidrs": [str(only)],
        "deny_peer_cidrs": sorted(str(net) for net in elsewhere),
    }


def _redis(address: str) -> dict[str, Any]:
    parts = urlsplit(address)
    return {
        "address": f"{parts.hostname}:{parts.port or 6379}",
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "db": int(parts.path.strip("/") or 0),
        "use_tls": parts.scheme == "rediss",
    }
