"""The live socket of a room page: it only ever tells, and only what its seat may know."""

import asyncio
import contextlib
import json
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from circletime.core import time
from circletime.core.again import again
from circletime.meetings import wire
from circletime.meetings.actions import presence
from circletime.meetings.live import hub
from circletime.meetings.models import Seat
from circletime.meetings.queries import get_seat
from circletime.pages.doorman import at_once, in_line

CLOSED = 4001
TOO_MUCH = 4008
LONGEST_MESSAGE = 200
MOST_MESSAGES = 90
"""In a minute. A page says `ping` now and then and nothing else."""


class LiveConsumer(AsyncWebsocketConsumer):
    """One page of one seat."""

    async def connect(self) -> None:
        """Accept only the browser that holds the seat; everybody else gets the same refusal."""
        self.seat_id: str = self.scope["url_route"]["kwargs"]["seat_id"]
        self.feeding: asyncio.Task[None] | None = None
        self.heard = (0, 0)  # the minute, and how many messages came in it
        seat = await at_once(self._find)
        if seat is None:
            await self.close()
            return
        await self.accept()
        self.feeding = asyncio.create_task(self._feed(seat))

    def _find(self) -> Seat | None:
        seats = self.scope["session"].get("seats") or {}
        return get_seat(self.seat_id, seats.get(self.seat_id, ""))

    async def _feed(self, seat: Seat) -> None:
        last = ""
        with contextlib.suppress(asyncio.CancelledError):
            async with hub.watch(seat.meeting_id, self.seat_id) as watcher:
                while True:
                    snap = await watcher.wait()
                    now = time.now()
                    message = wire.view(snap, self.seat_id, now)
                    text = json.dumps(message, separators=(",", ":"))
                    if text == last:
                        continue
                    last = text
                    await self.send(text_data=f'{text[:-1]},"now":"{now.isoformat()}"}}')
                    if message["type"] == "closed":
                        await self.close(code=CLOSED)
                        return

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer a ping; anything else, or too much of it, closes the socket."""
        minute = int(asyncio.get_running_loop().time() // 60)
        self.heard = (minute, self.heard[1] + 1 if self.heard[0] == minute else 1)
        if text_data is None or len(text_data) > LONGEST_MESSAGE or self.heard[1] > MOST_MESSAGES:
            await self.close(code=TOO_MUCH)
            return
        try:
            message: Any = json.loads(text_data)
        except ValueError:
            message = None
        if not isinstance(message, dict) or message.get("type") != "ping":
            await self.close(code=TOO_MUCH)
            return
        await self.send(text_data='{"type":"pong"}')

    async def disconnect(self, code: int) -> None:
        """The page is closed: unless another page of the seat is open, it is no longer seen."""
        if self.feeding is None:
            return
        self.feeding.cancel()
        await asyncio.gather(self.feeding, return_exceptions=True)
        if not hub.has_page(self.seat_id):
            await in_line(_gone, self.seat_id)


@again
def _gone(seat_id: str) -> None:
    presence.page_closed(seat_id=seat_id)
