"""The app as a process: uvicorn, which can also leave without closing a socket that stands."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import uvicorn
from django.conf import settings
from django.urls import get_resolver, reverse

from circletime.core import spans
from circletime.pages.parts import alive
from circletime.pages.second_clock import SecondClock
from circletime.pages.told import say_ready, told_to_go
from config.asgi import application

log = logging.getLogger(__name__)

SHOWS_EVERY = 5
"""In tenths of a second."""
HANDS_OVER = 0.001
"""Seconds for which one thread keeps the others waiting. Python's own 0.005 is long for who holds the
database's line of writers and waits to go on, with pages at work around it (ADR 51)."""
LAST_REQUESTS = 1.0
"""Seconds between taking nobody new and closing what is idle: who has just come has asked by then."""


class Server(uvicorn.Server):
    """Touches a file as long as its loop comes round (ADR 47), and leaves at SIGUSR1 (ADR 48).

    Who leaves takes nobody new, answers what was asked, and keeps its WebSockets until they end.
    """

    def __init__(self, config: uvicorn.Config, alive: Path) -> None:
        super().__init__(config)
        self._alive = alive
        self._leaves_since: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then whoever started us is told."""
        await super().startup(sockets)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._leave)
        say_ready()

    def _leave(self) -> None:
        if self._leaves_since is None:
            self._leaves_since = time.monotonic()
            for server in self.servers:
                server.close()  # in this process; the socket goes on elsewhere

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to stop."""
        # The file of one that leaves is touched by who took its place.
        if counter % SHOWS_EVERY == 0 and self._leaves_since is None:
            with contextlib.suppress(OSError):
                self._alive.touch()
        stops = await super().on_tick(counter)
        if stops or self._leaves_since is None or time.monotonic() - self._leaves_since < LAST_REQUESTS:
            return stops
        for connection in list(self.server_state.connections):
            if not isinstance(connection, self.config.ws_protocol_class):  # type: ignore[arg-type]
                connection.shutdown()  # when it has answered, or at once if nothing is asked
        return not (self.server_state.connections or self.server_state.tasks)


def serve(number: int, listens: int) -> None:
    """Load everything, wait to be told, and be the app of this `number`, at the open socket `listens`."""
    sys.setswitchinterval(HANDS_OVER)
    config = uvicorn.Config(
        application,
        log_config=None,  # the settings' own, which writes no name and no address
        log_level="warning",
        access_log=False,
        proxy_headers=settings.HTTPS,  # then a proxy stands before us
        server_header=False,
        lifespan="off",
        timeout_keep_alive=75,  # a teacher's presses are seconds apart; none may meet a line that is closed
        ws_max_size=512 * 1024,
        ws_ping_interval=10,
        ws_ping_timeout=10,
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=512 * 1024,
        timeout_graceful_shutdown=3,
    )
    config.load()
    _ = get_resolver().url_patterns
    # What is loaded stays: looking through all of it for garbage stops everybody for a tenth of a second.
    gc.collect()
    gc.freeze()
    if told_to_go(_answers):
        spans.begin("app", number)
        SecondClock().start()
        Server(config, alive("app", number)).run(sockets=[socket.socket(fileno=listens)])


def _answers() -> bool:
    """Whether the sign-in page can be shown: code, templates, settings and tables fit each other."""
    try:
        return asyncio.run(_status(reverse("account_login"))) == 200
    except Exception:
        log.exception("The sign-in page cannot be shown.")
        return False


async def _status(path: str) -> int:
    host = urlsplit(settings.PUBLIC_URL).netloc
    inside = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=inside, base_url=f"http://{host}") as asking:
        return (await asking.get(path)).status_code
