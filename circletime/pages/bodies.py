"""How much a request may bring. Counted as it comes in, before anything of it is written down."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LARGEST = 1024 * 1024
"""Bytes of any form without a file."""

LARGEST_UPLOAD = 65 * 1024 * 1024
"""Bytes where a file is sent; what reads it has a limit of its own, and a sentence for it."""

TOO_LARGE = b"That is more than this page takes. Nothing was changed. Go back, and send less."


def largest_at(path: str) -> int:
    """How many bytes a request to this address may bring: a roster, a report to check, a document."""
    is_document = path.startswith("/policies/") and path.endswith("/edit")
    return LARGEST_UPLOAD if path in ("/roster/", "/report/check") or is_document else LARGEST


class _TooLarge(Exception):
    pass


class LimitedBodies:
    """An ASGI application that hands on what is small enough, and answers 413 to the rest."""

    def __init__(self, pages: Any) -> None:
        self._pages = pages

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        largest, came, begun = largest_at(scope["path"]), 0, False

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > largest:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if _announced(scope) > largest:
                raise _TooLarge
            await self._pages(scope, counted, noted)
        except _TooLarge:
            if not begun:
                await _refuse(send)


def _announced(scope: Message) -> int:
    told = dict(scope["headers"]).get(b"content-length", b"0")
    return int(told) if told.isdigit() else 0


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(TOO_LARGE)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),  # what is still to come is not read
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": TOO_LARGE})
