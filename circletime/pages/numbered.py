"""Each request and each socket has a number, under which the log tells of it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from circletime.core import logs
from circletime.core.ids import public_id

HEADER = "X-Request-ID"


class Numbered:
    """A number of our own making: what a browser or a proxy says is nothing to write into a log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        number = public_id()
        logs.from_now_on(number)
        answer = self.get_response(request)
        answer.headers[HEADER] = number
        return answer


def numbered(socket: Any) -> Any:
    """The same for a socket, from its opening to its end, and for whatever it begins."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        with logs.about(public_id()):
            await socket(scope, receive, send)

    return application
