"""Django's pages, each answered whole in one thread of a pool.

Django's own handler moves every request between the event loop and a new thread several times, and a new
thread opens the database anew: of the 12 ms that giving a turn took (F3) a third was that. Here the body is
read first, then a thread that stays, with its connection, answers, as under WSGI. A slow reader or sender
keeps no thread: bodies are read and answers are sent by the event loop.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import HttpResponseBase
from django.urls import set_script_prefix

THREADS = 8
"""More only share one interpreter: each that holds the database's line of writers would hold it for longer
(F5). None of them waits for a moment to answer at (`hold_back`)."""


_UNTIL = "held_back_until"


def hold_back(answer: HttpResponseBase, *, until: float) -> None:
    """Send this answer no sooner than `until`, on the monotonic clock. No thread waits for it meanwhile."""
    setattr(answer, _UNTIL, until)


def held_back(answer: HttpResponseBase) -> float:
    """Until when an answer is held back; 0 for one that is sent as soon as it is ready."""
    return float(getattr(answer, _UNTIL, 0.0))


class PooledHandler(ASGIHandler):
    """Django's ASGI handler with its middleware and views in a pool of threads."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="page")

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, from its first byte to the last of the answer."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            answer = await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, scope, body)
        await asyncio.sleep(max(0.0, held_back(answer) - time.monotonic()))
        if not answer.streaming:
            await self.send_response(answer, send)
            return
        sending = asyncio.create_task(self.send_response(answer, send))
        gone = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            gone.cancel()
            came = await asyncio.gather(sending, gone, return_exceptions=True)
            await sync_to_async(answer.close)()
        if isinstance(came[0], Exception):
            raise came[0]

    def _answer(self, scope: Any, body: Any) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        answer: HttpResponseBase = self.get_response(request) if request else refused  # type: ignore[assignment]
        answer._handler_class = self.__class__  # type: ignore[attr-defined]  # noqa: SLF001  as Django's own does
        if not answer.streaming:
            answer.close()  # the database is left here, in this thread
        return answer
