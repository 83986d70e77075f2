"""What pages are kept from: what they need is away for a moment, or what was sent cannot be written down."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict

from circletime.recordings.store import StoreTrouble


class AwayMiddleware:
    """A bucket that does not answer is no error of the page: a player, or a person, asks again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, trouble: Exception) -> HttpResponse | None:
        """503 with a sentence, for whatever a page could not read."""
        if not isinstance(trouble, StoreTrouble):
            return None
        words = "The store of recordings does not answer just now. Try again in a minute."
        return HttpResponse(words, status=503, content_type="text/plain", headers={"Retry-After": "60"})


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


def _without(sent: QueryDict) -> QueryDict:
    if not any("\0" in text for name in sent for text in (name, *sent.getlist(name))):
        return sent
    clean = QueryDict(mutable=True)
    for name in sent:
        clean.setlist(name.replace("\0", ""), [each.replace("\0", "") for each in sent.getlist(name)])
    return clean
