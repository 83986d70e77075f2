"""Each request and each socket has a number, under which the log tells of it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from circletime.core import logs, spans
from circletime.core.ids import public_id

HEADER = "X-Request-ID"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Numbered:
    """A number of our own making: what a browser or a proxy says is nothing to write into a log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        number = public_id()
        logs.from_now_on(number)
        method = request.method if request.method in METHODS else "_OTHER"
        with spans.span(str(method), answers=True) as span:
            span.set_attribute("http.request.method", str(method))
            answer = self.get_response(request)
            _tell(span, request, answer, number)
        answer.headers[HEADER] = number
        return answer


def _tell(span: spans.Span, request: HttpRequest, answer: HttpResponseBase, number: str) -> None:
    """The route as the code has it: the address itself may lead into a room, or name a person."""
    if request.resolver_match is not None:
        span.set_attribute("http.route", f"/{request.resolver_match.route}")
    span.set_attribute("http.response.status_code", answer.status_code)
    span.set_attribute("circletime.request", number)


def numbered(socket: Any) -> Any:
    """The same for a socket, from its opening to its end, and for whatever it begins."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        with logs.about(public_id()):
            await socket(scope, receive, send)

    return application
