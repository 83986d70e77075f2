"""What a browser says of itself as it opens its room's socket, added for the crowd, which is none."""

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.asyncio.client import connect

from bench.lessons import Place
from tests.harness import Installation

LONGEST_HEAD = 600 * 1024


@contextmanager
def door(at: Installation, places: list[Place]) -> Iterator[str]:
    """The address of a door to the installation; those who hold these places may use it."""
    one = _Door(at, places)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(one.open(), loop).result(10)
        yield one.url
    finally:
        asyncio.run_coroutine_threadsafe(one.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class _Door:
    """Reads the first request of each connection, mends its head, and copies from then on.

    A seat's page keeps its live socket open as well, from when its room's socket is opened.
    """

    def __init__(self, at: Installation, places: list[Place]) -> None:
        self._at = at
        self._cookies = {place.seat: place.cookie for place in places}
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def open(self) -> None:
        """From now on `url` answers."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LONGEST_HEAD)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """All connections end."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"(?im)^authorization: bearer (\S+)\r\n", head)
        seat = found[1] if found else ""
        there, to = await asyncio.open_connection("localhost", self._at.port)
        mended = head.replace(found[0], "") if found else head
        mended = re.sub(r"(?im)^host: .*\r\n", "", mended)
        mended = re.sub(r"^GET (\S+\?\S*) ", rf"GET \1&access_token={seat} ", mended)
        host = self._at.url.partition("://")[2]
        more = f"Host: {host}\r\nOrigin: {self._at.url}\r\nCookie: {self._cookies.get(seat, '')}\r\n"
        to.write((mended[:-2] + more + "\r\n").encode())
        if seat in self._cookies:
            self._start(self._page(seat))
        self._start(_copy(reader, to))
        self._start(_copy(there, writer))

    def _start(self, job: Any) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _page(self, seat: str) -> None:
        address = self._at.url.replace("http", "ws", 1) + f"/live/{seat}"
        headers = {"Cookie": self._cookies[seat]}
        async with connect(address, additional_headers=headers, origin=self._at.url) as line:  # type: ignore[arg-type]
            async for _ in line:
                pass


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
