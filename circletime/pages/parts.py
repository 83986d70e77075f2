"""The parts of one installation, as the supervisor runs them."""

import hashlib
import sys
from pathlib import Path

from django.conf import settings

from circletime.media.config import ServerPlan, livekit_config, write_livekit_config
from circletime.media.part import Part, Replaced
from circletime.media.processes import answers_http, answers_unix, is_touched

NAMES = tuple(
    name
    for name in ("media", "recorder", "app", "worker")
    if name != "media" or not settings.LIVEKIT_ELSEWHERE
)


# A worker that is killed for nothing costs nothing, and while it hangs a room without a host goes on. A media
# server that is killed for nothing throws everybody out for seconds. One that has to answer is given a second
# more at each look.
PATIENCE = {"media": 5, "recorder": 3, "app": 8, "worker": 5}
"""So many looks in vain, one a second, and a part is taken to hang."""


def alive(name: str, number: int) -> Path:
    """What an app or a worker touches as a sign of life. The first of each is number 1."""
    return Path(settings.VAR) / "run" / f"{name}-{number}.alive"


def numbered(name: str, count: int) -> list[str]:
    """What the processes of a part are called: app, or app-1 and app-2."""
    return [name] if count == 1 else [f"{name}-{number}" for number in range(1, count + 1)]


def _media_plan() -> ServerPlan:
    # One of several nodes tells of a meeting that another machine may hold, at the address of the pages.
    told = settings.PUBLIC_URL if settings.LIVEKIT_REDIS else f"http://127.0.0.1:{settings.PORT}"
    return ServerPlan(
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


def _media_config() -> Path:
    return Path(settings.VAR) / "run" / "livekit.json"


def set_up(names: list[str]) -> None:
    """Write what the named parts read when they start."""
    if "media" in names:
        write_livekit_config(_media_config(), _media_plan())


def build(names: list[str]) -> list[Part]:
    """The named parts, in the order they start."""
    # -P: a folder that it happens to be started in has no say in what is loaded.
    own = [sys.executable, "-P", "-m", "circletime.pages.cli", "part"]
    config, plan = _media_config(), _media_plan()
    here = f"http://{plan.listen.replace('0.0.0.0', '127.0.0.1')}:{plan.port}"  # noqa: S104
    sock = settings.RECORDER_SOCKET
    every = {
        "media": [
            Part(
                "media",
                [str(settings.BIN / "livekit-server"), "--config", str(config)],
                here,
                answers_http(here),
                PATIENCE["media"],
                made_of=_hash(str(config), livekit_config(plan)),
            )
        ],
        "recorder": [
            Part(
                "recorder",
                [str(settings.BIN / "recorder"), "--socket", str(sock)],
                "a socket of its own",
                answers_unix(sock, "/recordings"),
                PATIENCE["recorder"],
                made_of=_hash(str(sock)),
            )
        ],
        # Several need no spare: who is left takes over. They share one socket.
        "app": [
            Part(
                name,
                [*own, "app", str(number)],
                settings.PUBLIC_URL,
                is_touched(alive("app", number)),
                PATIENCE["app"],
                told=True,
                spare=settings.APPS == 1,
                listen=(settings.LISTEN, settings.PORT),
                replaced=Replaced.LEAVING,
            )
            for number, name in enumerate(numbered("app", settings.APPS), start=1)
        ],
        "worker": [
            Part(
                name,
                [*own, "worker", str(number)],
                "the school's clock",
                is_touched(alive("worker", number)),
                PATIENCE["worker"],
                told=True,
                spare=settings.WORKERS == 1,
                replaced=Replaced.AT_ONCE,
            )
            for number, name in enumerate(numbered("worker", settings.WORKERS), start=1)
        ],
    }
    return [part for name in NAMES if name in names for part in every[name]]


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()  # the texts have a secret in them
