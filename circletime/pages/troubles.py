"""What a page answers when something it needs is away for a moment, and to what nobody types."""

import logging
import sys
from collections.abc import Callable

from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.views.defaults import server_error

from circletime.recordings.store import StoreTrouble

log = logging.getLogger(__name__)

STORE = "The store of recordings does not answer just now. Try again in a minute."
DATABASE = "The school's data cannot be reached just now. Nothing was changed. Try again in a moment."
ZERO = "There is a character in this that no text has. Nothing was changed."
View = Callable[[HttpRequest], HttpResponseBase]


class AwayMiddleware:
    """A bucket or a database that does not answer is no error of the page: whoever asked asks again."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, trouble: Exception) -> HttpResponse | None:
        """503 with a sentence for whatever could not be reached, 400 for what no database takes."""
        if isinstance(trouble, DataError) and "NUL" in str(trouble):
            return _say(ZERO, 400)
        return _away(trouble)


class ZeroMiddleware:
    """A zero byte is in nobody's words, and PostgreSQL takes none: it is left out of what was sent.

    An address that has one is nowhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """Raises `Http404` for such an address."""
        if "\0" in request.path:
            raise Http404
        # Each is a plain attribute or a property that keeps what it is given.
        request.GET = _without(request.GET)  # type: ignore[assignment]
        if request.method == "POST":
            request.POST = _without(request.POST)  # type: ignore[assignment]


def server_trouble(request: HttpRequest) -> HttpResponse:
    """What Django answers to a mistake of ours; 503 where the database was away before a page was reached."""
    return _away(sys.exc_info()[1]) or server_error(request)


def _away(trouble: BaseException | None) -> HttpResponse | None:
    if isinstance(trouble, StoreTrouble):
        return _say(STORE, 503, wait=60)
    if isinstance(trouble, OperationalError | InterfaceError):
        log.warning("the database: %s", str(trouble).partition("\n")[0])
        return _say(DATABASE, 503, wait=5)
    return None


def _say(words: str, status: int, *, wait: int = 0) -> HttpResponse:
    headers = {"Retry-After": str(wait)} if wait else {}
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8", headers=headers)


def _without(sent: QueryDict) -> QueryDict:
    if not any("\0" in text for name in sent for text in (name, *sent.getlist(name))):
        return sent
    clean = QueryDict(mutable=True)
    for name in sent:
        clean.setlist(name.replace("\0", ""), [each.replace("\0", "") for each in sent.getlist(name)])
    return clean
