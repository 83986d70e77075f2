"""What each process measures of itself, for whoever watches from outside. Labels name kinds and nobody.

What is kept in the database is not counted here but read when it is asked for: `circletime.health.figures`.
"""

from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

ACTION_SECONDS = Histogram(
    "circletime_action_seconds",
    "From a button's press that reached the server until it was answered.",
    ["action"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)

RELAYS = Gauge(
    "circletime_gate_relays", "Browsers connected to the media server through the gate.", registry=REGISTRY
)

_RELAY_SECONDS = Histogram(
    "circletime_gate_relay_seconds",
    "From a message's arrival at the gate until it was handed on.",
    ["direction"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5),
    registry=REGISTRY,
)
RELAYED_UP = _RELAY_SECONDS.labels("up")
"""From a browser to the media server."""
RELAYED_DOWN = _RELAY_SECONDS.labels("down")
