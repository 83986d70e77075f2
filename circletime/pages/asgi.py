"""Which socket goes where. Both sockets come with the session of the page that opened them."""

from typing import Any
from urllib.parse import urlsplit

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import SessionMiddlewareStack
from django.urls import path, re_path

from circletime.media.gate import SignalGate
from circletime.pages.bodies import LimitedBodies
from circletime.pages.consumers import LiveConsumer
from circletime.pages.doorman import DatabaseDoorman
from circletime.pages.numbered import numbered


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Closed before it was opened, as for anybody who may not: no such socket is no error of ours."""
    await receive()
    await send({"type": "websocket.close"})


def readable(sockets: Any) -> Any:
    """An origin that is no address, as http://[::1 is none, is another site's. Channels would break on it."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        try:
            for name, value in scope["headers"]:
                if name == b"origin":
                    _ = urlsplit(value.decode("latin1")).port
        except ValueError:
            await nowhere(scope, receive, send)
            return
        await sockets(scope, receive, send)

    return application


def build(pages: Any) -> Any:
    """The ASGI application around Django's `pages`."""
    closed: Any = nowhere
    gate: Any = SignalGate(DatabaseDoorman())
    sockets = URLRouter(
        [
            path("live/<str:seat_id>", LiveConsumer.as_asgi()),
            path("rtc", gate),
            path("rtc/v1", gate),
            re_path("", closed),
        ]
    )
    return ProtocolTypeRouter(
        {
            "http": LimitedBodies(pages),
            "websocket": numbered(readable(AllowedHostsOriginValidator(SessionMiddlewareStack(sockets)))),
        }
    )
