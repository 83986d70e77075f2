"""What a page answers when something it needs is away for a moment."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

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
