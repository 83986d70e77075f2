"""LiveKit's own configuration file, written at each start from our settings."""

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServerPlan:
    """How the media server is to run: ports, the address browsers reach it at, and whom it tells."""

    port: int
    tcp_port: int
    udp_port: int
    node_ip: str
    key: str
    secret: str
    webhook: str


def write_livekit_config(path: Path, plan: ServerPlan) -> None:
    """Write the file, readable by this account only (it holds the secret). JSON is also YAML."""
    config = {
        "port": plan.port,
        # Signalling only on loopback: browsers come through the gate.
        "bind_addresses": ["127.0.0.1"],
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
        "turn": {"enabled": False},
    }
    path.touch(mode=0o600)
    os.chmod(path, 0o600)
    path.write_text(json.dumps(config, indent=1))
