"""Running our own async code in a test that is not async."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from asgiref.sync import async_to_sync


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What `work` answers. Playwright leaves its loop running in this thread; it is put aside meanwhile."""
    playwrights = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return async_to_sync(work)()
    finally:
        asyncio._set_running_loop(playwrights)
