"""The parts of one installation, as the supervisor runs them."""

import sys

from django.conf import settings

from circletime.media.config import ServerPlan, write_livekit_config
from circletime.media.supervisor import Part, answers_http, answers_unix, file_is_fresh

NAMES = tuple(
    name
    for name in ("media", "recorder", "app", "worker")
    if name != "media" or not settings.LIVEKIT_ELSEWHERE
)
ALIVE = settings.VAR / "run" / "worker.alive"


def build(names: list[str]) -> list[Part]:
    """The named parts, in the order they start."""
    # -P: a folder that it happens to be started in has no say in what is loaded.
    own = [sys.executable, "-P", "-m", "circletime.pages.cli", "part"]
    config = settings.VAR / "run" / "livekit.json"
    # One of several nodes tells of a meeting that another machine may hold, at the address of the pages.
    told = settings.PUBLIC_URL if settings.LIVEKIT_REDIS else f"http://127.0.0.1:{settings.PORT}"
    plan = ServerPlan(
        port=settings.LIVEKIT_PORT,
        tcp_port=settings.LIVEKIT_TCP_PORT,
        udp_port=settings.LIVEKIT_UDP_PORT,
        node_ip=settings.LIVEKIT_NODE_IP,
        key=settings.LIVEKIT_KEY,
        secret=settings.LIVEKIT_SECRET,
        webhook=f"{told}/hooks/livekit",
        listen=settings.LIVEKIT_LISTEN,
        redis=settings.LIVEKIT_REDIS,
        relay=settings.TURN,
    )
    if "media" in names:
        write_livekit_config(config, plan)
    here = f"http://{plan.listen.replace('0.0.0.0', '127.0.0.1')}:{plan.port}"  # noqa: S104
    sock = settings.RECORDER_SOCKET
    every = {
        "media": Part(
            "media",
            [str(settings.BIN / "livekit-server"), "--config", str(config)],
            here,
            answers_http(here),
        ),
        "recorder": Part(
            "recorder",
            [str(settings.BIN / "recorder"), "--socket", str(sock)],
            "a socket of its own",
            answers_unix(sock),
        ),
        "app": Part(
            "app",
            [*own, "app"],
            settings.PUBLIC_URL,
            answers_http(f"http://127.0.0.1:{settings.PORT}/accounts/login/"),
            spare=True,
            listen=(settings.LISTEN, settings.PORT),
        ),
        "worker": Part("worker", [*own, "worker"], "the school's clock", file_is_fresh(ALIVE, 3), spare=True),
    }
    return [every[name] for name in NAMES if name in names]
