"""The pages' own handler: threads that stay, readers that go."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from django.db import connection
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from circletime.pages.doorman import READERS, WRITERS
from circletime.pages.handler import THREADS, PooledHandler, hold_back
from config.database import CONNECTIONS

HELD = 0.5
"""Seconds."""
ended: list[str] = []


async def _endless() -> AsyncIterator[bytes]:
    try:
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0.001)
    finally:
        ended.append("closed")


def _broken(request: HttpRequest) -> HttpResponseBase:
    raise RuntimeError("a secret of the program")


@csrf_exempt
def _asked(request: HttpRequest) -> HttpResponseBase:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(request.body)


def _due(request: HttpRequest) -> HttpResponseBase:
    answer = HttpResponse()
    hold_back(answer, until=time.monotonic() + HELD)
    return answer


urlpatterns = [
    path("due", _due),
    path("endless", lambda request: StreamingHttpResponse(_endless())),
    path("broken", _broken),
    path("asked", _asked),
]
pytestmark = pytest.mark.urls(__name__)


class Visit:
    """One request as the server hands it on; the reader goes after `stays` messages of the answer."""

    def __init__(self, address: str, body: bytes = b"", stays: int = 1000) -> None:
        self.scope = {
            "type": "http",
            "method": "POST" if body else "GET",
            "path": address,
            "headers": [(b"host", b"localhost")],
            "query_string": b"",
        }
        self._body, self._stays = body, stays
        self._asked = 0
        self._left = asyncio.Event()
        self.sent: list[Mapping[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        self._asked += 1
        if self._asked == 1:
            return {"type": "http.request", "body": self._body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        self.sent.append(message)
        if len(self.sent) >= self._stays:
            self._left.set()

    async def be_answered(self, by: PooledHandler) -> None:
        await asyncio.wait_for(by(self.scope, self.receive, self.send), 10)


def test_a_stream_ends_when_its_reader_goes() -> None:
    ended.clear()
    visit = Visit("/endless", stays=5)
    asyncio.run(_once(visit))
    assert ended == ["closed"]
    assert len(visit.sent) < 10


def test_what_breaks_says_nothing_of_itself() -> None:
    visit = Visit("/broken")
    asyncio.run(_once(visit))
    assert visit.sent[0]["status"] == 500
    assert b"secret" not in b"".join(part.get("body", b"") for part in visit.sent)


def test_what_is_held_back_is_sent_when_it_is_due_and_keeps_no_thread() -> None:
    began = time.monotonic()
    asyncio.run(_many_at_once("/due", THREADS * 5))
    passed = time.monotonic() - began
    assert passed >= HELD, "none is sent before"
    assert passed < HELD * 4, "they wait at the same time, however many they are"


def test_no_thread_waits_for_a_connection() -> None:
    """The hub's, the clock's and the streams' are one each. Those beside the pages keep theirs."""
    assert THREADS + WRITERS + READERS + 3 <= CONNECTIONS


@pytest.mark.django_db(transaction=True)
def test_a_thread_keeps_its_connection() -> None:
    opened: list[object] = []

    def note(**signal: object) -> None:
        opened.append(signal["connection"])

    connection_created.connect(note)
    try:
        asyncio.run(_many(20))
    finally:
        connection_created.disconnect(note)
    assert len(opened) <= 3, "twenty requests, one after the other, need a thread or two that stay"


async def _once(visit: Visit) -> None:
    await visit.be_answered(PooledHandler())


async def _many_at_once(address: str, times: int) -> None:
    handler = PooledHandler()
    await asyncio.gather(*(Visit(address).be_answered(handler) for _ in range(times)))


async def _many(times: int) -> None:
    handler = PooledHandler()
    for number in range(times):
        visit = Visit("/asked", body=str(number).encode())
        await visit.be_answered(handler)
        assert visit.sent[1]["body"] == str(number).encode()
